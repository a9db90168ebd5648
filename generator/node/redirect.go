package node

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A redirect is one mirror of a MirrorSet, as a node sees it.
type redirect struct {
	set *spec.MirrorSet
	// path is the mirror's field, such as spec.mirrors[0].
	path   string
	mirror spec.Mirror
	// table is the set's, without what would not be redirected anyway.
	table mirror.Table
	// host and below are the source; below is empty for a whole registry.
	host, below string
	// names are the source's host and its further names, sorted. Docker Hub's are
	// docker.io and the host that serves it: a runtime reads index.docker.io as docker.io.
	names []string
	// endpoints are the mirror and its fallbacks, each once, in the order that they
	// are asked.
	endpoints []endpoint
	// upstream says that the source itself is asked last.
	upstream bool
}

// An endpoint is where images are served; path is empty for a whole host.
type endpoint struct {
	host, path string
	// field is mirror or fallbacks[i], written what stands there.
	field, written string
}

// endpointsOf lists a mirror's. Two spellings of Docker Hub are one.
func endpointsOf(m spec.Mirror) []endpoint {
	var endpoints []endpoint
	add := func(field, written string) {
		e := endpoint{field: field, written: written}
		e.host, e.path = split(written)
		if !slices.ContainsFunc(endpoints, func(o endpoint) bool { return o.host == e.host && o.path == e.path }) {
			endpoints = append(endpoints, e)
		}
	}
	add("mirror", m.Mirror)
	for i, fallback := range m.Fallbacks {
		add(index("fallbacks", i), fallback)
	}
	return endpoints
}

// readRedirects lists the redirections of a set in the order of its mirrors. A
// set with a scope of its own has none: a node pulls for every Pod alike, and
// what admission would leave alone must not be redirected.
func readRedirects(set *spec.MirrorSet) ([]redirect, []refusal) {
	if refused := refuseScope(set); len(refused) > 0 {
		return nil, refused
	}
	table := mirror.Compile(set).Table.Rewriting()
	redirects := make([]redirect, 0, len(set.Spec.Mirrors))
	for i, m := range set.Spec.Mirrors {
		r := redirect{set: set, path: index("spec.mirrors", i), mirror: m, table: table, endpoints: endpointsOf(m), upstream: fallsBack(set)}
		r.host, r.below = split(m.Source)
		r.names = []string{r.host}
		if r.host == image.DockerHub {
			r.names = append(r.names, dockerHubServer)
		}
		r.names = append(r.names, m.Aliases...)
		slices.Sort(r.names)
		r.names = slices.Compact(r.names)
		redirects = append(redirects, r)
	}
	return redirects, nil
}

// fallsBack says whether the set's sources are asked where its mirrors fail.
func fallsBack(set *spec.MirrorSet) bool {
	return set.Spec.Nodes.FallbackToUpstream != nil && *set.Spec.Nodes.FallbackToUpstream
}

// refuseScope refuses what limits a set to some namespaces or Pods. The system's
// namespaces, which are left out by default so that they start while the policy
// engine is down, are no such limit: a node's configuration needs no engine.
func refuseScope(set *spec.MirrorSet) []refusal {
	var refused []refusal
	refuse := func(field, what string) {
		refused = append(refused, refusal{set: set, path: "spec.scope." + field,
			rule:    "a node pulls for every Pod alike and cannot tell " + what + " apart",
			remedy:  "write the MirrorSet for nodes without it",
			leftOut: "the set's sources are not redirected on nodes",
		})
	}
	scope := set.Spec.Scope
	if len(scope.ExcludeNamespaces) > 0 {
		refuse("excludeNamespaces", "namespaces")
	}
	if narrows(scope.NamespaceSelector) {
		refuse("namespaceSelector", "namespaces")
	}
	if narrows(scope.PodSelector) {
		refuse("podSelector", "Pods")
	}
	return refused
}

// refuseIPv6 refuses the endpoints that are addresses of IPv6.
func (r redirect) refuseIPv6(endpoints []endpoint, rule string) []refusal {
	var refused []refusal
	for _, e := range endpoints {
		if isIPv6(e.host) {
			no := r.refuse(e.field, e.written, rule)
			no.remedy = "give the host a name"
			refused = append(refused, no)
		}
	}
	return refused
}

func isIPv6(host string) bool { return strings.HasPrefix(host, "[") }

func narrows(s *spec.Selector) bool {
	return s != nil && len(s.MatchLabels)+len(s.MatchExpressions) > 0
}
