// Package probe asks the mirrors of a MirrorSet whether they serve, from where it
// runs: DNS, TCP, TLS, HTTP, /v2/, credentials, and the manifests of images. No
// other package speaks to registries, and this one is wary of them:
//
//   - credentials go to a mirror's own host, and to a token service that is on the
//     same host or was listed, over TLS, never along a redirect;
//   - link-local and metadata addresses, and this machine unless it was named, are
//     refused at the moment of connecting, whatever name led there;
//   - what servers send is bounded, read for its cause, and never repeated.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mirrorgen.dev/gen/diagnosis"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

type language = diagnosis.Language

// Options say what is asked, and how.
type Options struct {
	// Images are asked for at the mirrors that serve them, in this order; unset:
	// no image is.
	Images []string
	// Config holds credentials; nil: nobody logs in.
	Config *DockerConfig
	// Realms are the hosts, host or host:port, of token services that may be given
	// a mirror's credential; unset: only a mirror's own host.
	Realms []string
	// Digest holds each image against the registry that it comes from.
	Digest bool
	// Timeout is for each step; a request with its redirects and body has four
	// times as much. Unset: DefaultTimeout.
	Timeout time.Duration
	// Parallel is how many hosts, then questions, are under way at once. Unset:
	// DefaultParallel.
	Parallel int
	// Timings measures the steps.
	Timings bool
	// Language is of details, summaries and remedies; unset: English.
	Language language
	// Progress is called after each answer, one call at a time; nil: it is not.
	Progress func(done, total int)

	// Now is the clock that certificates are held against. Unset: time.Now.
	Now func() time.Time
	// Proxy is http.Transport's. Unset: that of the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// Resolver resolves names. Unset: the machine's.
	Resolver *net.Resolver
	// Roots are trusted beside each mirror's own. Unset: the machine's.
	Roots *x509.CertPool
}

// The defaults of Options.
const (
	// DefaultTimeout is long for a network that works, and short beside the two
	// minutes after which the kernel gives up a connection.
	DefaultTimeout = 10 * time.Second
	// DefaultParallel keeps a probe from being taken for an attack.
	DefaultParallel = 8
	// MaxParallel is the most that gen probe takes: with more under way a probe is
	// taken for an attack after all, and finds 429 where a node finds none.
	MaxParallel = 64
)

// Run probes the addresses of all sets, and the images at them. An error means
// that it could not be done: nothing to probe, a credential that another program
// keeps, an interruption. What the mirrors answer is in the report.
func Run(ctx context.Context, sets []*spec.MirrorSet, plans []*mirror.Plan, o Options) (*Report, error) {
	o = o.withDefaults()
	targets := targetsOf(sets)
	if len(targets) == 0 {
		return nil, errors.New("no mirror and no registry is given; nothing was probed")
	}
	p := &prober{lang: o.Language, timeout: o.Timeout, timings: o.Timings, now: o.Now, config: o.Config, plans: plans, realms: map[string]bool{}}
	for _, realm := range o.Realms {
		p.realms[strings.ToLower(realm)] = true
	}
	for _, credential := range o.Config.all() {
		p.hide(credential.secrets()...)
	}
	var routes []route
	for _, text := range o.Images {
		routes = append(routes, p.routeOf(plans, targets, text))
	}
	if o.Digest {
		targets = p.addUpstreams(sets, targets, routes)
	}
	if err := p.refuseHelpers(targets, routes); err != nil {
		return nil, err
	}
	r := &run{prober: p, options: o, targets: targets, routes: routes}
	return r.report(ctx)
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	return o
}

// refuseHelpers refuses a config that leaves a credential which is needed to
// another program: that program could do anything, and a probe that silently went
// without would find what no node finds.
func (p *prober) refuseHelpers(targets []target, routes []route) error {
	var problems []string
	check := func(host, repository string) {
		if held := p.config.find(host, repository); held != nil && held.helper != "" {
			problems = append(problems, fmt.Sprintf("%s: the credential of %s is kept by docker-credential-%s, which gen probe does not run; "+
				"name a file with auths, such as the decoded .dockerconfigjson of a pull secret", p.config.name, held.host, held.helper))
		}
	}
	for _, t := range targets {
		check(t.host, t.path)
	}
	for _, r := range routes {
		for _, a := range r.asks {
			check(targets[a.target].host, a.parts.Repository)
		}
	}
	slices.Sort(problems)
	if problems = slices.Compact(problems); len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}
