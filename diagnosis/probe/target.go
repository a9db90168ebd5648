package probe

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// Docker Hub is served from one host and hands out tokens at another; both are
// the same for every client.
const (
	hubHost  = "registry-1.docker.io"
	hubRealm = "auth.docker.io"
)

// The roles of an address.
const (
	roleMirror   = "mirror"
	roleFallback = "fallback"
	roleRegistry = "registry"
	roleUpstream = "upstream"
)

// A target is one address that is probed.
type target struct {
	set  *spec.MirrorSet
	role string
	// mirror is the mirror's name; empty for a registry.
	mirror string
	// field is where the address was written, such as spec.mirrors[0].mirror;
	// entry is the mirror or registry around it.
	field, entry string
	// address is host[:port][/path] as compared; host is what is dialled.
	address, host, path string
	transport           string
	caFile              string
	ca                  []byte
	// pullSecret says that the mirror names one.
	pullSecret bool
	// undeclared: a fallback at a host that no mirror and no registry declares, so
	// that it is reached by verified https and has no entry to change.
	undeclared bool
}

// targetsOf lists what is probed: the mirrors of all sets by set and name, each
// with its fallbacks in their order, then the registries by host. A fallback is
// reached as its own host is declared, whatever its mirror's transport: nodes are
// configured so.
func targetsOf(sets []*spec.MirrorSet) []target {
	sets = slices.Clone(sets)
	slices.SortStableFunc(sets, func(a, b *spec.MirrorSet) int { return strings.Compare(a.Name, b.Name) })
	declared := declaredHosts(sets)
	var targets []target
	for _, set := range sets {
		var mirrors, registries []target
		for i, m := range set.Spec.Mirrors {
			entry := fmt.Sprintf("spec.mirrors[%d]", i)
			t := target{set: set, role: roleMirror, mirror: m.Name, entry: entry, field: entry + ".mirror",
				transport: m.Transport, caFile: m.CAFile, ca: m.CA, pullSecret: m.PullSecret != nil}
			mirrors = append(mirrors, t.at(m.Mirror))
			for j, fallback := range m.Fallbacks {
				f := t
				f.role, f.field = roleFallback, fmt.Sprintf("%s.fallbacks[%d]", entry, j)
				f.transport, f.caFile, f.ca, f.undeclared = "", "", nil, true
				f = f.at(fallback)
				if d, ok := declared[f.host]; ok {
					f.transport, f.caFile, f.ca, f.entry, f.set, f.undeclared = d.transport, d.caFile, d.ca, d.entry, d.set, false
				}
				mirrors = append(mirrors, f)
			}
		}
		for i, r := range set.Spec.Registries {
			entry := fmt.Sprintf("spec.registries[%d]", i)
			t := target{set: set, role: roleRegistry, entry: entry, field: entry + ".host",
				transport: r.Transport, caFile: r.CAFile, ca: r.CA}
			registries = append(registries, t.at(r.Host))
		}
		slices.SortStableFunc(mirrors, func(a, b target) int { return strings.Compare(a.mirror, b.mirror) })
		slices.SortStableFunc(registries, func(a, b target) int { return strings.Compare(a.address, b.address) })
		targets = append(append(targets, mirrors...), registries...)
	}
	return targets
}

// declaredHosts are the hosts of mirrors and registries with the entry that says
// how each is reached.
func declaredHosts(sets []*spec.MirrorSet) map[string]target {
	declared := map[string]target{}
	declare := func(t target, address string) {
		t = t.at(address)
		if _, known := declared[t.host]; !known {
			declared[t.host] = t
		}
	}
	for _, set := range sets {
		for i, m := range set.Spec.Mirrors {
			declare(target{set: set, entry: fmt.Sprintf("spec.mirrors[%d]", i), transport: m.Transport, caFile: m.CAFile, ca: m.CA}, m.Mirror)
		}
		for i, r := range set.Spec.Registries {
			declare(target{set: set, entry: fmt.Sprintf("spec.registries[%d]", i), transport: r.Transport, caFile: r.CAFile, ca: r.CA}, r.Host)
		}
	}
	return declared
}

func (t target) at(address string) target {
	host, path, _ := strings.Cut(address, "/")
	t.host, t.path = dialled(host), path
	if t.transport == "" {
		t.transport = "https"
	}
	t.address = strings.TrimSuffix(image.LowerASCII(host)+"/"+path, "/")
	if image.IsDockerHub(host) {
		t.address = strings.TrimSuffix(image.DockerHub+"/"+path, "/")
	}
	return t
}

// dialled is the host that a registry's name stands for.
func dialled(host string) string {
	if image.IsDockerHub(host) {
		return hubHost
	}
	return image.LowerASCII(host)
}

// key tells clients apart: addresses that are reached the same way share one.
func (t target) key() string { return t.host + "\n" + t.transport + "\n" + string(t.ca) }

// A route is one image and the addresses that are asked for it.
type route struct {
	image string
	// canonical is the image in full; empty where it is none.
	canonical string
	reference image.Reference
	set       string
	mirror    string
	asks      []ask
	// own says that the image names a mirror's own address.
	own bool
	// why says why nobody is asked; empty where somebody is.
	why   string
	cause string
}

// An ask is one question: is this image at that address?
type ask struct {
	target int
	// reference is the image there.
	reference string
	parts     image.Reference
}

// routeOf finds the addresses that serve an image: those of the mirror that the
// plans choose, or, for an image that names a mirror's own address, that one.
func (p *prober) routeOf(plans []*mirror.Plan, targets []target, text string) route {
	r := route{image: text}
	var chosen mirror.Decision
	for i, plan := range plans {
		d := plan.Rewrite(text)
		// Sources do not overlap across plans, so that at most one rewrites.
		if i == 0 || chosen.Status == mirror.Unmatched && d.Status != mirror.Unmatched {
			chosen, r.set = d, plan.Name
		}
	}
	if chosen.Status == mirror.Invalid {
		r.set, r.cause, r.why = "", causeInvalidImage, textInvalidImage.in(p.lang, chosen.Err)
		return r
	}
	r.reference, r.canonical = chosen.Reference, chosen.Reference.String()
	switch chosen.Status {
	case mirror.Rewritten:
		r.mirror = chosen.Mirror
		below := ""
		for i, t := range targets {
			if t.set.Name != r.set || t.mirror != chosen.Mirror {
				continue
			}
			if t.role == roleMirror {
				below = strings.TrimPrefix(chosen.Image, t.address)
			}
			r.ask(i, t.address+below)
		}
	case mirror.Unmatched:
		r.set = ""
		for i, t := range targets {
			if t.role != roleRegistry && mirror.Below(chosen.Reference.Name(), t.address) {
				r.set, r.mirror, r.own = t.set.Name, t.mirror, true
				r.ask(i, chosen.Reference.Name()+chosen.Reference.Suffix())
				return r
			}
		}
		r.why = textUnmatched.in(p.lang)
	case mirror.Kept:
		r.why = textKept.in(p.lang, chosen.Prefix)
	case mirror.NotHeld:
		r.mirror, r.why = chosen.Mirror, textNotHeld.in(p.lang, chosen.Mirror)
	default:
		r.mirror, r.cause, r.why = chosen.Mirror, causeInvalidImage, textUnrewritable.in(p.lang, chosen.Mirror, chosen.Err)
	}
	return r
}

// ask adds a question. A fallback whose address makes no reference of the image
// is left out by no one: its question has no parts, and fails as such.
func (r *route) ask(target int, reference string) {
	parts, err := image.Parse(reference)
	if err != nil {
		parts = image.Reference{}
	}
	r.asks = append(r.asks, ask{target: target, reference: reference, parts: parts})
}
