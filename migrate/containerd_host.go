package migrate

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// hostTable reads one [host."<url>"].
func (r *reader) hostTable(h entry, rule *nodeRule) {
	if h.value.Kind != document.Mapping || h.value.Tag != "table" {
		r.leave(h.key, "", `has no table of its own, and containerd passes over it; write [host."<url>"]`)
		return
	}
	at, ok := r.endpointAt(h.key, h.name, h.value.get("override_path").isTrue())
	if !ok {
		return
	}
	if !r.canPull(h.value, h.name) {
		return
	}
	r.hostFields(h.value, at)
	if !rule.every && at.isSelf(rule.source) {
		rule.self = true
		r.declareItself(at.host)
		return
	}
	rule.endpoints = append(rule.endpoints, at)
	rule.at = append(rule.at, h.key)
}

// canPull reports a host that is asked for images at all.
func (r *reader) canPull(table field, name string) bool {
	capabilities := table.get("capabilities")
	can := func(what string) bool {
		// An empty list is as good as none.
		return len(capabilities.items()) == 0 ||
			slices.ContainsFunc(capabilities.texts(), func(name string) bool { return strings.EqualFold(name, what) })
	}
	switch {
	case !can("pull"):
		r.leave(capabilities.place, loginless(name), "is not asked for images, only pushed to; a MirrorSet is about pulling")
		return false
	case !can("resolve"):
		r.leave(capabilities.place, loginless(name), `lacks "resolve", so that tags are looked up elsewhere and only digests asked for here; a mirror of a MirrorSet serves both: see that it has the tags`)
	}
	return true
}

// unusedCA is said of certificates beside skip_verify.
const unusedCA = "certificates are not looked at where none is verified; the MirrorSet says transport: https-skip-verify. With https and these as caFile it would be verified"

// rewriteHint is what to do about a field that k3s's own containerd has.
func rewriteHint(name string) string {
	if name == "rewrite" {
		return ". That of k3s and RKE2 does read it: migrate their registries.yaml, from which this file was written"
	}
	return ""
}

// hostFields reads how a host is reached.
func (r *reader) hostFields(table field, at endpoint) {
	for _, e := range table.entries() {
		switch e.name {
		case "header":
			r.leave(e.key, "", credentials)
		case "client":
			r.leave(e.key, "", "a client's certificate has no place in a MirrorSet; keep it in the runtime's own configuration")
		case "dial_timeout":
			r.leave(e.key, "", "a MirrorSet has no time-outs; keep it in the runtime's own configuration")
		case "server", "host", "capabilities", "skip_verify", "ca", "override_path":
		default:
			if table.path != "" {
				r.leave(e.key, "", "is no field of hosts.toml, and containerd passes over it; remove it"+rewriteHint(e.name))
			}
		}
	}
	ca := table.get("ca")
	switch {
	case table.get("skip_verify").isTrue() && at.transport == "https":
		if ca.written() {
			r.note(ca.place, "", unusedCA)
		}
		r.declare(at.host, "https-skip-verify", nil, table.get("skip_verify").place)
	case ca.written() && at.transport == "https":
		r.declare(at.host, "https", ca.texts(), ca.place)
	case ca.written() || table.get("skip_verify").isTrue():
		r.leave(table.place, "", "names a certificate for an address of plain HTTP, so that containerd tries HTTPS first; write https:// or drop it")
		r.declare(at.host, at.transport, nil, table.place)
	default:
		r.declare(at.host, at.transport, nil, table.place)
	}
}
