package agreement

import (
	"net/netip"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// A limit is where a runtime and the plan part, and no file can bring them
// together. Each has to be met by the random images, or it goes.
type limit struct {
	why string
	// of names the runtimes, as node.Options do; nil: all of them.
	of []string
	// covers says which images it is about. text is the image as written.
	covers func(text string, set *spec.MirrorSet, w want) bool
}

var limits = []limit{
	{
		why: "a runtime compares hosts byte for byte, so that Quay.IO is another registry to it",
		covers: func(text string, _ *spec.MirrorSet, _ want) bool {
			host, _, _ := strings.Cut(text, "/")
			return host != image.LowerASCII(host)
		},
	},
	{
		why: "registry-1.docker.io/nginx is nginx to a runtime, not library/nginx",
		covers: func(text string, _ *spec.MirrorSet, w want) bool {
			rest, ok := strings.CutPrefix(text, "registry-1.docker.io/")
			return ok && !strings.Contains(rest, "/")
		},
	},
	{
		why:    "a runtime asks the mirror for what cannot be rewritten, such as a name that grows too long",
		covers: func(_ string, _ *spec.MirrorSet, w want) bool { return w.decision.Status == mirror.Unrewritable },
	},
	{
		why: "Docker redirects docker.io, and not the host that serves it",
		of:  []string{node.Docker},
		covers: func(text string, _ *spec.MirrorSet, _ want) bool {
			return strings.HasPrefix(text, "registry-1.docker.io/")
		},
	},
	{
		why:    "Docker verifies no loopback address",
		of:     []string{node.Docker},
		covers: func(_ string, _ *spec.MirrorSet, w want) bool { return w.loopback() },
	},
	{
		why: "containerd does not verify a loopback address that the files do not name",
		of:  []string{node.Containerd},
		covers: func(_ string, set *spec.MirrorSet, w want) bool {
			return w.decision.Status != mirror.Rewritten && w.loopback() && !declares(set, w.decision.Reference.Registry)
		},
	},
	{
		why: "CRI-O and Docker read a host with an underline as a repository of Docker Hub's",
		of:  []string{node.CRIO, node.Docker},
		covers: func(text string, _ *spec.MirrorSet, w want) bool {
			return strings.Contains(w.decision.Reference.Registry, "_")
		},
	},
	{
		why:    "CRI-O knows no image at an IPv6 address",
		of:     []string{node.CRIO},
		covers: func(text string, _ *spec.MirrorSet, _ want) bool { return strings.HasPrefix(text, "[") },
	},
	{
		why: "CRI-O counts the host into the 255 characters of a name, and gives up where any endpoint's is longer",
		of:  []string{node.CRIO},
		covers: func(_ string, _ *spec.MirrorSet, w want) bool {
			ref := w.decision.Reference
			longest := len(ref.Registry + "/" + ref.Repository)
			for _, p := range w.asked {
				longest = max(longest, len(p.location))
			}
			return longest > 255
		},
	},
	{
		why: "CRI-O takes the colon of a port for that of a tag: a port that the MirrorSet does not name goes where the host goes",
		of:  []string{node.CRIO},
		covers: func(_ string, set *spec.MirrorSet, w want) bool {
			host := w.decision.Reference.Registry
			return strings.Contains(host, ":") && !names(set, host)
		},
	},
	{
		why: "CRI-O gives up on an image that is the source's path itself where a mirror or fallback without a path would be left with its host alone",
		of:  []string{node.CRIO},
		covers: func(_ string, _ *spec.MirrorSet, w want) bool {
			for _, p := range w.asked {
				if !strings.Contains(p.location, "/") {
					return true
				}
			}
			return false
		},
	},
}

// limitOf is the first limit of the runtime that covers the image; nil for none.
func (rt runtime) limitOf(text string, set *spec.MirrorSet, w want) *limit {
	for i, l := range limits {
		if (l.of == nil || slices.Contains(l.of, rt.renders)) && l.covers(text, set, w) {
			return &limits[i]
		}
	}
	return nil
}

// loopback says that some place is on the machine itself.
func (w want) loopback() bool {
	return slices.ContainsFunc(w.asked, func(p place) bool {
		ip, err := netip.ParseAddr(strings.Trim(p.host(), "[]"))
		return p.host() == "localhost" || err == nil && ip.IsLoopback()
	})
}

// nowhere says that some place is in brackets without being an address, such as
// [ab]:1, which the grammar of images allows.
func (w want) nowhere() bool {
	return slices.ContainsFunc(w.asked, func(p place) bool {
		_, err := netip.ParseAddr(strings.Trim(p.host(), "[]"))
		return strings.HasPrefix(p.host(), "[") && err != nil
	})
}

// host is the place's, without its port.
func (p place) host() string {
	host, _, _ := strings.Cut(p.location, "/")
	if cut := strings.LastIndexByte(host, ':'); cut >= 0 && !strings.HasSuffix(host, "]") {
		return host[:cut]
	}
	return host
}

// declares says that the MirrorSet says how the host is reached.
func declares(set *spec.MirrorSet, host string) bool {
	return slices.ContainsFunc(set.Spec.Mirrors, func(m spec.Mirror) bool {
		at, _, _ := strings.Cut(m.Mirror, "/")
		return at == host
	}) || slices.ContainsFunc(set.Spec.Registries, func(r spec.Registry) bool { return r.Host == host })
}

// names says that the MirrorSet names the host anywhere.
func names(set *spec.MirrorSet, host string) bool {
	var named []string
	for _, m := range set.Spec.Mirrors {
		named = append(append(append(named, m.Source, m.Mirror), m.Aliases...), m.Fallbacks...)
	}
	for _, registry := range set.Spec.Registries {
		named = append(named, registry.Host)
	}
	return slices.ContainsFunc(named, func(address string) bool {
		at, _, _ := strings.Cut(address, "/")
		return at == host
	})
}
