package probe

import (
	"crypto/tls"
	"net/http/httptrace"
	"sort"
	"sync"
	"time"
)

// A trace is what one request saw on its way to the first answer. The calls come
// from several goroutines, and may come after the request has ended.
type trace struct {
	mu sync.Mutex
	// addresses are what the name resolved to, sorted; empty where nothing was resolved.
	addresses []string
	// connected is the address that took the connection; empty where none did.
	connected string
	// state is the TLS session; nil where there is none.
	state *tls.ConnectionState
	// answered says that a first byte came back. What follows is another hop's.
	answered bool

	begin, resolved, dialled, secured, answer time.Time
}

func (t *trace) client() *httptrace.ClientTrace {
	on := func(do func()) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.answered {
			do()
		}
	}
	return &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			on(func() {
				t.resolved = time.Now()
				if info.Err == nil {
					t.addresses = nil
					for _, a := range info.Addrs {
						t.addresses = append(t.addresses, a.String())
					}
					sort.Strings(t.addresses)
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			on(func() {
				t.dialled = time.Now()
				if err == nil {
					t.connected = address
				}
			})
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			on(func() {
				t.secured = time.Now()
				// A proxy's own session comes before the host's.
				t.state = nil
				if err == nil {
					t.state = &state
				}
			})
		},
		GotFirstResponseByte: func() {
			on(func() {
				t.answer = time.Now()
				t.answered = true
			})
		},
	}
}

// A sighting is a copy of a trace that nothing writes to any more.
type sighting struct {
	addresses []string
	connected string
	state     *tls.ConnectionState
	answered  bool
	// took is how long each step took, by its name; a step that was not reached
	// or not needed is absent.
	took map[string]time.Duration
}

func (t *trace) sighting() sighting {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := sighting{addresses: t.addresses, connected: t.connected, state: t.state, answered: t.answered, took: map[string]time.Duration{}}
	last := t.begin
	for _, at := range []struct {
		step string
		when time.Time
	}{{stepDNS, t.resolved}, {stepTCP, t.dialled}, {stepTLS, t.secured}, {stepV2, t.answer}} {
		if !at.when.IsZero() {
			s.took[at.step] = at.when.Sub(last)
			last = at.when
		}
	}
	return s
}
