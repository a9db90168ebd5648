package probe

import (
	"context"
	"crypto/x509"
	"net"
	"strings"
	"sync"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// A run takes the steps: hosts first, then credentials, then images, each group
// with several under way at once and its answers in the order of the questions.
type run struct {
	*prober
	options Options
	targets []target
	routes  []route

	// contacts are by target.key, logins by target and entry.
	contacts map[string]*contact
	logins   map[login]*Step

	mu          sync.Mutex
	done, total int
}

// A login is one credential at one host.
type login struct {
	key  string
	held *entry
}

func (r *run) report(ctx context.Context) (*Report, error) {
	clients := r.clients()
	defer func() {
		for _, c := range clients {
			c.client.close()
		}
	}()
	logins := r.prepareLogins()
	type question struct{ route, ask int }
	var questions []question
	for i := range r.routes {
		for j := range r.routes[i].asks {
			questions = append(questions, question{i, j})
		}
	}
	r.total = len(clients) + len(logins) + len(questions)

	each(ctx, r.options.Parallel, len(clients), func(i int) {
		*clients[i] = *r.contact(ctx, clients[i].client)
		r.progress()
	})
	each(ctx, r.options.Parallel, len(logins), func(i int) {
		t := r.targets[logins[i]]
		*r.logins[r.loginOf(t)] = r.credentialsStep(ctx, r.contacts[t.key()], t)
		r.progress()
	})
	answers := make([][]Asked, len(r.routes))
	for i := range r.routes {
		answers[i] = make([]Asked, len(r.routes[i].asks))
	}
	each(ctx, r.options.Parallel, len(questions), func(i int) {
		q := questions[i]
		a := r.routes[q.route].asks[q.ask]
		t := r.targets[a.target]
		answers[q.route][q.ask] = r.askFor(ctx, r.contacts[t.key()], t, a)
		r.progress()
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.assemble(answers), nil
}

// clients makes one contact, not made yet, for each way to reach a host.
func (r *run) clients() []*contact {
	loopback := r.loopback()
	r.contacts = map[string]*contact{}
	var all []*contact
	for _, t := range r.targets {
		if r.contacts[t.key()] == nil {
			c := &contact{client: newClient(&r.options, loopback, t.host, t.transport, r.roots(t.ca))}
			r.contacts[t.key()] = c
			all = append(all, c)
		}
	}
	return all
}

// loopback lists what is literally this machine and was named: by a MirrorSet, or
// as a token service.
func (r *run) loopback() map[string]bool {
	named := map[string]bool{}
	add := func(host, transport string) {
		name, port, ok := cutPort(host)
		if !ok {
			port = "443"
			if transport == "http" {
				port = "80"
			}
		}
		if name = strings.Trim(name, "[]"); isLoopbackName(name) {
			named[net.JoinHostPort(name, port)] = true
		}
	}
	for _, t := range r.targets {
		add(t.host, t.transport)
	}
	for realm := range r.realms {
		add(realm, "")
	}
	return named
}

// roots are the machine's and a mirror's own, as for a runtime; nil: the machine's.
func (r *run) roots(ca []byte) *x509.CertPool {
	if len(ca) == 0 {
		return r.options.Roots
	}
	var pool *x509.CertPool
	if r.options.Roots != nil {
		pool = r.options.Roots.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil {
		pool = system
	} else {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(ca)
	return pool
}

func (r *run) loginOf(t target) login { return login{t.key(), r.config.find(t.host, t.path)} }

// prepareLogins finds the targets that stand for each login. Without a
// credential, a login is only the sentence that says so.
func (r *run) prepareLogins() []int {
	r.logins = map[login]*Step{}
	var first []int
	for i, t := range r.targets {
		if r.logins[r.loginOf(t)] == nil {
			r.logins[r.loginOf(t)] = &Step{}
			first = append(first, i)
		}
	}
	return first
}

func (r *run) progress() {
	if r.options.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.options.Progress(r.done, r.total)
}

// each calls do for 0 to n-1, a bounded number at once, and returns when all have
// returned. Once the context ends it begins no more.
func each(ctx context.Context, parallel, n int, do func(int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range min(parallel, n) {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				do(i)
			}
		}()
	}
feed:
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
}

// addUpstreams adds, for each image that a mirror serves, the question to the
// registry that it comes from.
func (p *prober) addUpstreams(sets []*spec.MirrorSet, targets []target, routes []route) []target {
	at := map[string]int{}
	for i := range routes {
		r := &routes[i]
		if len(r.asks) == 0 || r.own {
			continue
		}
		host := canonicalHost(r.reference.Registry)
		index, ok := at[host]
		if !ok {
			t := upstreamOf(sets, r.reference.Registry)
			index, at[host] = len(targets), len(targets)
			targets = append(targets, t)
		}
		r.asks = append(r.asks, ask{target: index, reference: r.canonical, parts: r.reference})
	}
	return targets
}

// upstreamOf is the target of a registry; a declared one is reached as declared.
func upstreamOf(sets []*spec.MirrorSet, registry string) target {
	t := target{role: roleUpstream, transport: "https"}.at(registry)
	for _, set := range sets {
		for _, declared := range set.Spec.Registries {
			if canonicalHost(declared.Host) == canonicalHost(registry) {
				t.transport, t.caFile, t.ca = declared.Transport, declared.CAFile, declared.CA
			}
		}
	}
	if image.IsDockerHub(registry) {
		t.address = image.DockerHub
	}
	return t
}
