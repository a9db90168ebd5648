package migrate

import (
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/migrate/expression"
)

// noDefaultEndpoint is k3s's setting, in config.yaml, that keeps it from asking a
// registry itself where registries.yaml redirects it.
const noDefaultEndpoint = "disable-default-registry-endpoint"

// k3s reads registries.yaml, or the one setting of config.yaml that concerns it.
//
// An endpoint is asked in its order, each for the repository as rewrite makes it,
// then the registry itself, for the repository as it stands. The path of an
// endpoint is the root of its API. (pkg/agent/containerd/config.go of k3s.)
func (r *reader) k3s(f field) {
	if setting := f.get(noDefaultEndpoint); setting.isTrue() {
		at := setting.place
		r.endsAtMirrors = &at
	}
	node := &Node{Kind: K3s, File: f.File}
	for _, m := range f.get("mirrors").entries() {
		r.k3sMirror(m, node)
	}
	for _, c := range f.get("configs").entries() {
		r.k3sConfig(c)
	}
	for _, e := range f.others("mirrors", "configs", noDefaultEndpoint) {
		if f.get("mirrors").written() || f.get("configs").written() {
			r.leave(e.key, "", "is no field of registries.yaml, which k3s passes over; remove it")
		}
	}
	if len(node.rules) > 0 {
		r.nodes = append(r.nodes, node)
	}
}

func (r *reader) k3sMirror(m entry, node *Node) {
	for _, e := range m.value.others("endpoint", "rewrite") {
		r.leave(e.key, "", "is no field of a mirror of registries.yaml; remove it")
	}
	name := m.name
	if name != "*" {
		var err error
		if name, err = registryName(m.name); err != nil {
			r.leave(m.key, "", err.Error())
			return
		}
		r.noteHubName(m.key, m.name)
	}
	rule := &nodeRule{source: name, every: name == "*"}
	for i, e := range m.value.get("endpoint").items() {
		at, ok := r.endpointAt(e.place, e.text(), true)
		if !ok {
			continue
		}
		if at.isSelf(name) {
			r.k3sSelf(e, at, i, len(m.value.get("endpoint").items()), rule)
			continue
		}
		r.declare(at.host, at.transport, nil, e.place)
		rule.endpoints = append(rule.endpoints, at)
		rule.at = append(rule.at, e.place)
	}
	for _, rewrite := range m.value.get("rewrite").entries() {
		re, err := expression.Compile(rewrite.name)
		if err != nil {
			r.leave(rewrite.key, rewrite.name, err.Error())
			continue
		}
		rule.rewrites = append(rule.rewrites, rewriting{re, rewrite.value.text()})
		rule.patterns = append(rule.patterns, rewrite.value.place)
	}
	switch endpoints := m.value.get("endpoint"); {
	case endpoints.written() && endpoints.Kind != document.List:
		r.leave(endpoints.place, "", "is "+endpoints.Kind.String()+", which is not read as an endpoint; write a list: [\"https://host\"]")
	case len(endpoints.items()) == 0:
		r.leave(m.key, m.name, "has no endpoint: k3s does no more than share such images between its nodes, and a MirrorSet does not")
	}
	if len(rule.endpoints) == 0 {
		return
	}
	node.rules = append(node.rules, rule)
	if rule.every {
		if len(r.options.Sources) == 0 {
			r.leave(m.key, name, "stands for every registry without an entry of its own, and a MirrorSet names each; name those that you use with --sources")
		} else {
			r.note(m.key, name, "stands for every registry without an entry of its own; carried over for those of --sources")
		}
		for _, source := range r.options.Sources {
			host, err := registryName(source)
			if err != nil {
				r.leave(m.key, name, "--sources: "+err.Error())
			} else if node.ruleFor(host, false) == rule {
				r.k3sRows(rule.at1(host), m.key)
			}
		}
		return
	}
	r.k3sRows(rule, m.key)
}

// k3sSelf is an endpoint that is the registry itself: how it is reached, and in
// the last place nothing more, as it is asked last anyway.
func (r *reader) k3sSelf(e field, at endpoint, i, of int, rule *nodeRule) {
	if at.host != image.DockerHub {
		r.declare(at.host, at.transport, nil, e.place)
		r.declareItself(at.host)
	}
	if i < of-1 {
		r.leave(e.place, e.text(), "asks the registry itself before other endpoints; admission has one mirror, and a node asks it first: drop the line if the registry may come last")
	}
	rule.self = true
}

// k3sRows makes mirrors of what k3s does with a registry's images. Without a
// rewrite that is plain; with one, what its patterns name is tried.
func (r *reader) k3sRows(rule *nodeRule, key place) {
	what := "k3s, " + rule.source
	plain := row{source: rule.source, mirror: rule.endpoints[0].address(), at: rule.at[:1], what: what}
	for _, e := range rule.endpoints[1:] {
		plain.fallbacks = append(plain.fallbacks, e.address())
	}
	if len(rule.rewrites) == 0 {
		r.rows = append(r.rows, plain)
		return
	}
	candidates := []string{rule.source}
	for i := range rule.rewrites {
		for _, head := range expression.Heads(rule.rewrites[i].pattern.String()) {
			candidates = append(candidates, rule.source+"/"+strings.TrimSuffix(head, "/"))
		}
		if other := rule.ambiguous(i); other != "" {
			r.leave(rule.patterns[i], rule.rewrites[i].pattern.String(), "k3s tries its patterns in no order, and "+show(other)+" is matched by another too; make them exclude each other")
		}
	}
	// Every endpoint has the same rewrites.
	perEndpoint := make([][]derived, len(rule.endpoints))
	var wrong []underived
	for i := range rule.endpoints {
		var said []underived
		perEndpoint[i], said = derive(func(text string) (string, error) { return rule.asked(text, i), nil }, candidates)
		if i == 0 {
			wrong = said
		}
	}
	for _, w := range wrong {
		r.leave(rule.patterns[0], w.source, w.why)
	}
	found := perEndpoint[0]
	for _, d := range found {
		made := row{source: d.source, mirror: d.mirror, except: d.except, at: append([]place{rule.at[0]}, rule.patterns...), what: what}
		for _, others := range perEndpoint[1:] {
			for _, other := range others {
				if other.source == d.source {
					made.fallbacks = append(made.fallbacks, other.mirror)
				}
			}
		}
		r.rows = append(r.rows, made)
	}
	if len(found) == 0 && len(wrong) == 0 {
		r.leave(rule.patterns[0], rule.rewrites[0].pattern.String(), "what this rewrite makes of a repository is no prefix in the place of another")
	}
}

func (r *reader) k3sConfig(c entry) {
	for _, e := range c.value.others("auth", "tls") {
		r.leave(e.key, "", "is no field of a config of registries.yaml; remove it")
	}
	if auth := c.value.get("auth"); auth.written() {
		r.leave(auth.place, "", credentials)
	}
	tls := c.value.get("tls")
	if c.name == "*" {
		if tls.written() {
			r.leave(c.key, c.name, "stands for every registry, and a MirrorSet declares each; write those that you use in registries")
		}
		return
	}
	host, err := registryName(c.name)
	if err != nil {
		r.leave(c.key, "", err.Error())
		return
	}
	r.tls(host, tls, [2]string{"insecure_skip_verify", "ca_file"}, []string{"cert_file", "key_file"})
}

// credentials is what is said of every login that is found.
const credentials = "credentials are neither read nor copied; keep them in a Secret of type kubernetes.io/dockerconfigjson, and name it in the mirror's pullSecret"

// tls reads how a registry is verified. known are the names of the fields that
// skip the verification and that name a CA, clients those of a client's certificate.
func (r *reader) tls(host string, tls field, known [2]string, clients []string) {
	if !tls.written() {
		return
	}
	for _, name := range clients {
		if client := tls.get(name); client.written() && client.text() != "" {
			r.leave(client.place, "", "a client's certificate has no place in a MirrorSet; keep it in the runtime's own configuration")
		}
	}
	for _, e := range tls.others(append(clients, known[:]...)...) {
		r.leave(e.key, "", "is no field that is read here; keep it in the runtime's own configuration")
	}
	skip, ca := tls.get(known[0]), tls.get(known[1])
	if h := r.hosts[canonical(host)]; h != nil && h.transport == "http" && (skip.isTrue() || ca.written()) {
		r.note(tls.place, host, "is reached by http ("+h.at.String()+"), where no certificate is looked at; the MirrorSet says transport: http")
		return
	}
	switch {
	case skip.isTrue():
		if ca.written() {
			r.note(ca.place, "", unusedCA)
		}
		r.declare(host, "https-skip-verify", nil, skip.place)
	case ca.written():
		r.declare(host, "https", ca.texts(), ca.place)
	}
}

// endK3s says for k3s's mirrors whether registries themselves are asked last.
func (r *reader) endK3s() {
	upstream := r.endsAtMirrors == nil
	for i := range r.rows {
		if strings.HasPrefix(r.rows[i].what, "k3s, ") {
			r.rows[i].upstream = &upstream
		}
	}
}

// loginless is what may be shown of a URL.
func loginless(text string) string {
	if strings.Contains(text, "@") {
		return ""
	}
	return text
}
