package probe

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A taciturn server speaks one protocol and closes what comes in the other. It
// remembers what it was sent in the one that it speaks.
type taciturn struct {
	// certificate is of a server of TLS; nil: it speaks plain HTTP.
	certificate *tls.Certificate
	// status is what it answers to HTTP, also to plain HTTP where it speaks TLS;
	// empty: it closes.
	status string
	// resets closes the hard way.
	resets bool

	mu    sync.Mutex
	heard []string
	// connections counts all, of either protocol.
	connections int
}

// serve is a handler of listen.
func (s *taciturn) serve(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	first := make([]byte, 16<<10)
	n, err := c.Read(first)
	if err != nil {
		return
	}
	// 0x16 is the record type of a handshake.
	switch isTLS := first[0] == 0x16; {
	case isTLS && s.certificate != nil:
		session := tls.Server(&replayed{c, io.MultiReader(strings.NewReader(string(first[:n])), c)}, &tls.Config{Certificates: []tls.Certificate{*s.certificate}})
		if session.Handshake() == nil {
			said, _ := io.ReadAll(session)
			s.heard = append(s.heard, string(said))
		}
	case !isTLS && s.status != "":
		s.heard = append(s.heard, string(first[:n]))
		io.WriteString(c, "HTTP/1.1 "+s.status+"\r\nContent-Length: 0\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n")
	case s.resets:
		c.(*net.TCPConn).SetLinger(0)
	}
	c.Close()
}

// replayed is a connection whose beginning was read before.
type replayed struct {
	net.Conn
	from io.Reader
}

func (r *replayed) Read(into []byte) (int, error) { return r.from.Read(into) }

// Servers that close the connection instead of saying what they speak are found
// by a second question, and the change is that of servers that say it.
func TestAServerThatClosesIsAskedInTheOtherProtocol(t *testing.T) {
	ca := newIssuer(t)
	tests := []struct {
		name, why string
		server    *taciturn
		transport string
		step      string
		// causes are those that may be found: where a close meets bytes that were not
		// read, the kernel makes a reset of it.
		causes  []string
		detail  string
		change  string // empty: none
		summary string
		// heard begins what the server was told in its own protocol, if anything.
		heard []string
	}{
		{name: "plain HTTP closes the handshake", why: "as Python's http.server", transport: "https", step: stepTLS,
			server: &taciturn{status: "404 Not Found"}, causes: []string{causeServerIsHTTP}, detail: "asked in plain HTTP, the server answers",
			change: "transport: http", summary: "HTTP", heard: []string{"GET /v2/ HTTP/1.1\r\n"}},
		{name: "plain HTTP resets the handshake", why: "the same, the hard way", transport: "https-skip-verify", step: stepTLS,
			server: &taciturn{status: "401 Unauthorized", resets: true}, causes: []string{causeServerIsHTTP}, detail: "asked in plain HTTP, the server answers",
			change: "transport: http", summary: "HTTP", heard: []string{"GET /v2/ HTTP/1.1\r\n"}},
		{name: "plain HTTP redirects", why: "any status is HTTP; where it leads is not asked", transport: "https", step: stepTLS,
			server: &taciturn{status: "302 Found"}, causes: []string{causeServerIsHTTP}, detail: "asked in plain HTTP, the server answers",
			change: "transport: http", summary: "HTTP", heard: []string{"GET /v2/ HTTP/1.1\r\n"}},
		{name: "TLS closes plain HTTP", why: "as openssl s_server", transport: "http", step: stepV2,
			server: &taciturn{certificate: ca.issue(t, nil)}, causes: []string{causeServerIsTLS}, detail: "asked in TLS, the server answers",
			change: "transport: https", summary: "TLS", heard: []string{""}},
		{name: "TLS resets plain HTTP", why: "the same, the hard way; nobody trusts its certificate, and it is TLS", transport: "http", step: stepV2,
			server: &taciturn{certificate: newIssuer(t).issue(t, nil), resets: true}, causes: []string{causeServerIsTLS}, detail: "asked in TLS, the server answers",
			change: "transport: https", summary: "TLS", heard: []string{""}},
		{name: "handshake cut before a server of TLS", why: "400 is what TLS servers answer to plain HTTP: no advice to do without TLS", transport: "https", step: stepTLS,
			server: &taciturn{status: "400 Bad Request"}, causes: []string{causeEOF, causeReset},
			summary: "closed instead of answered", heard: []string{"GET /v2/ HTTP/1.1\r\n"}},
		{name: "closes both, asked for TLS", why: "a load balancer without a backend: no layer is truncated", transport: "https", step: stepTLS,
			server: &taciturn{}, causes: []string{causeEOF, causeReset}, summary: "closed instead of answered"},
		{name: "resets both, asked for HTTP", why: "a filter", transport: "http", step: stepV2,
			server: &taciturn{resets: true}, causes: []string{causeEOF, causeReset}, summary: "closed instead of answered"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			host := "localhost:" + listen(t, test.server.serve)
			report := runProbe(t, oneMirror(t, host, test.transport), Options{Config: configFor(t, host), Roots: ca.pool(), Images: []string{"quay.io/a/b:1"}})
			a := report.Addresses[0]
			got := step(t, a.Steps, test.step)
			if got.Status != Failed || !slices.Contains(test.causes, got.Cause) || !strings.Contains(got.Detail, test.detail) || a.Cause != got.Cause {
				t.Errorf("%s: got %s %q %q, want failed, one of %q and %q in it", test.why, got.Status, got.Cause, got.Detail, test.causes, test.detail)
			}
			if strings.Contains(got.Detail, "asked in") != (test.detail != "") {
				t.Errorf("%s: detail %q", test.why, got.Detail)
			}
			if !strings.Contains(a.Summary, test.summary) || len(a.Remedy) == 0 {
				t.Errorf("%s: summary %q, remedy %q, want %q in it", test.why, a.Summary, a.Remedy, test.summary)
			}
			change := ""
			for _, c := range a.Change {
				change += c.YAML
			}
			if change != test.change {
				t.Errorf("%s: change %q, want %q", test.why, change, test.change)
			}
			test.server.mu.Lock()
			defer test.server.mu.Unlock()
			if test.server.connections != 2 {
				t.Errorf("%d connections, want 2: one in each protocol", test.server.connections)
			}
			if !slices.EqualFunc(test.server.heard, test.heard, strings.HasPrefix) {
				t.Errorf("the server was sent %q, want what begins with %q", test.server.heard, test.heard)
			}
			for _, said := range test.server.heard {
				if strings.Contains(said, "Authorization") || len(secretsIn(said)) > 0 || test.transport == "http" && said != "" {
					t.Errorf("the second question carries %q", said)
				}
			}
		})
	}
}

// A proxy would answer the second question in the host's place.
func TestBehindAProxyNobodyIsAskedInTheOtherProtocol(t *testing.T) {
	mirror := &witness{next: answers(200, "{}")}
	host := "127.0.0.1:" + serve(t, nil, mirror)
	proxy := &witness{next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		reset(&replayed{c, buffered})
	})}
	through := &url.URL{Scheme: "http", Host: "127.0.0.1:" + serve(t, nil, proxy)}
	report := runProbe(t, oneMirror(t, host, "https"), Options{Proxy: func(*http.Request) (*url.URL, error) { return through, nil }})
	if a := report.Addresses[0]; a.Status != Failed || a.Cause == causeServerIsHTTP || len(a.Change) > 0 {
		t.Errorf("got %s %q with change %v", a.Status, a.Cause, a.Change)
	}
	if got := proxy.asked(); len(got) != 1 || !strings.HasPrefix(got[0], "CONNECT ") {
		t.Errorf("the proxy was asked %q, want one CONNECT", got)
	}
	if got := mirror.asked(); len(got) > 0 {
		t.Errorf("the mirror was asked past the proxy: %q", got)
	}
}

// A proxy for plain HTTP alone is not given the second question either.
func TestTheOtherProtocolIsAskedWithoutAProxy(t *testing.T) {
	proxy := &witness{next: answers(200, "{}")}
	through := &url.URL{Scheme: "http", Host: "127.0.0.1:" + serve(t, nil, proxy)}
	server := &taciturn{}
	report := runProbe(t, oneMirror(t, "127.0.0.1:"+listen(t, server.serve), "https"), Options{Proxy: func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" {
			return through, nil
		}
		return nil, nil
	}})
	if a := report.Addresses[0]; a.Cause != causeEOF && a.Cause != causeReset || len(proxy.asked()) > 0 {
		t.Errorf("got %q with %q at the proxy", a.Cause, proxy.asked())
	}
}

// The guard judges the second question by itself, as names may resolve to
// something else by then.
func TestTheGuardJudgesTheSecondQuestion(t *testing.T) {
	server := &taciturn{certificate: newIssuer(t).issue(t, nil), status: "200 OK"}
	host := "localhost:" + listen(t, server.serve)
	o := Options{Proxy: noProxy}.withDefaults()
	for _, named := range []bool{false, true} {
		inHTTP, inTLS := newClient(&o, map[string]bool{host: named}, host, "https", nil), newClient(&o, map[string]bool{host: named}, host, "http", nil)
		if got := inHTTP.answersHTTP(t.Context()); got != named {
			t.Errorf("this machine, named %v: asked in plain HTTP it answers: %v", named, got)
		}
		if got := inTLS.answersTLS(t.Context()); got != named {
			t.Errorf("this machine, named %v: asked in TLS it answers: %v", named, got)
		}
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.connections != 2 {
		t.Errorf("%d connections, want the 2 of the machine that was named", server.connections)
	}
}
