package migrate

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// mirrorSets gathers OpenShift's objects, since a source may stand in one for
// digests and in another for tags.
type mirrorSets struct {
	node     *Node
	sources  []string
	bySource map[string][]openshiftMirror
}

// An openshiftMirror is one entry of such an object.
type openshiftMirror struct {
	kind      string
	at        place
	endpoints []endpoint
	// never says that the source itself is not asked.
	never bool
}

// mirrorSet reads an ImageDigestMirrorSet, ImageTagMirrorSet or
// ImageContentSourcePolicy.
func (r *reader) mirrorSet(f field) bool {
	kind := f.get("kind").text()
	list := map[string]string{
		"ImageDigestMirrorSet": "imageDigestMirrors", "ImageTagMirrorSet": "imageTagMirrors", "ImageContentSourcePolicy": "repositoryDigestMirrors",
	}[kind]
	if r.openshift == nil {
		r.openshift = &mirrorSets{node: &Node{Kind: OpenShift, File: f.File}, bySource: map[string][]openshiftMirror{}}
		r.nodes = append(r.nodes, r.openshift.node)
	}
	for _, e := range f.get("spec").others(list) {
		r.leave(e.key, "", "is no field of "+kind+" that is read here")
	}
	for _, m := range f.get("spec", list).items() {
		r.openshiftEntry(kind, m)
	}
	return true
}

func (r *reader) openshiftEntry(kind string, m field) {
	for _, e := range m.others("source", "mirrors", "mirrorSourcePolicy") {
		r.leave(e.key, "", "is no field of an entry of "+kind)
	}
	written := m.get("source")
	if strings.Contains(written.text(), "*") {
		r.leave(written.place, written.text(), "stands for every host of a domain, and a MirrorSet names each; write a mirror for each host that you use")
		return
	}
	if err := spec.CheckAddress(written.text()); err != nil {
		at := written.place
		if !written.written() {
			at = m.place
		}
		r.leave(at, "", err.Error())
		return
	}
	source := canonical(written.text())
	entry := openshiftMirror{kind: kind, at: written.place, never: m.get("mirrorSourcePolicy").text() == "NeverContactSource"}
	for _, mirror := range m.get("mirrors").items() {
		if err := spec.CheckAddress(mirror.text()); err != nil {
			r.leave(mirror.place, "", err.Error())
			continue
		}
		host, rest, _ := strings.Cut(canonical(mirror.text()), "/")
		entry.endpoints = append(entry.endpoints, endpoint{host, rest, "https"})
	}
	if len(entry.endpoints) == 0 {
		r.leave(m.place, source, "has no mirror that is read here: with NeverContactSource it blocks the source; a constraint.allowRegistries that lists all others does")
		return
	}
	if _, known := r.openshift.bySource[source]; !known {
		r.openshift.sources = append(r.openshift.sources, source)
	}
	r.openshift.bySource[source] = append(r.openshift.bySource[source], entry)
	rule := &nodeRule{source: source, endpoints: entry.endpoints, at: []place{entry.at},
		tagsOnly: kind == "ImageTagMirrorSet", digestsOnly: kind != "ImageTagMirrorSet"}
	r.openshift.node.rules = append(r.openshift.node.rules, rule)
}

// readMirrorSets makes mirrors of OpenShift's entries, once all are known.
func (r *reader) readMirrorSets() {
	if r.openshift == nil {
		return
	}
	for _, source := range r.openshift.sources {
		entries := r.openshift.bySource[source]
		slices.SortStableFunc(entries, func(a, b openshiftMirror) int { return a.at.compare(b.at) })
		first := entries[0]
		upstream := !first.never
		made := row{source: source, mirror: first.endpoints[0].address(), what: "openshift, " + source, upstream: &upstream}
		for _, e := range first.endpoints[1:] {
			made.fallbacks = append(made.fallbacks, e.address())
		}
		tags, digests := false, false
		for _, e := range entries {
			if !slices.Equal(e.endpoints, first.endpoints) {
				r.leave(e.at, source, "has other mirrors here than in "+first.at.String()+"; a source has one list of mirrors: put them together by hand")
				continue
			}
			if e.never != first.never {
				r.leave(e.at, source, "may be asked itself in one place and not in "+first.at.String()+"; say the same in both")
			}
			tags, digests = tags || e.kind == "ImageTagMirrorSet", digests || e.kind != "ImageTagMirrorSet"
			made.at = append(made.at, e.at)
		}
		r.rows = append(r.rows, made)
		switch {
		case !tags:
			r.leave(first.at, source, "is redirected for images with a digest alone, and a mirror of a MirrorSet serves tags too; see with gen probe that it has them")
		case !digests:
			r.leave(first.at, source, "is redirected for images without a digest alone, and a mirror of a MirrorSet serves digests too; see with gen probe that it has them")
		}
	}
}
