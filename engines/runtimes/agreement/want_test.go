package agreement

import (
	"strings"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A place is where the MirrorSet says that an image is asked for.
type place struct{ location, transport string }

// A want is what the MirrorSet says of one image.
type want struct {
	decision mirror.Decision
	// asked are the places, in order; the first is the one that the plan's
	// rewrite names.
	asked []place
	// upstream says that the last of asked is the registry that the image names.
	upstream bool
}

// wantOf reads the MirrorSet as semantics.md does: the plan says where an image
// is served; the fallbacks stand in for the mirror's address, in order; the
// source comes last where the set says so.
func wantOf(set *spec.MirrorSet, plan *mirror.Plan, text string) want {
	w := want{decision: plan.Rewrite(text)}
	if w.decision.Status == mirror.Invalid {
		return w
	}
	add := func(name string) {
		host, _, _ := strings.Cut(name, "/")
		w.asked = append(w.asked, place{runtimes.Locate(name), plan.Transports[canonical(host)]})
	}
	ref := w.decision.Reference
	own := ref.Registry + "/" + ref.Repository
	if w.decision.Status != mirror.Rewritten {
		add(own)
		w.upstream = true
		return w
	}
	rewritten, err := image.Parse(w.decision.Image)
	if err != nil {
		panic(err) // the plan's own promise
	}
	add(rewritten.Registry + "/" + rewritten.Repository)
	m := plan.Mirrors[w.decision.Mirror]
	rest := strings.TrimPrefix(rewritten.Registry+"/"+rewritten.Repository, m.Address)
	for _, written := range set.Spec.Mirrors {
		if written.Name != w.decision.Mirror {
			continue
		}
		for _, fallback := range written.Fallbacks {
			add(fallback + rest)
		}
	}
	if fallback := set.Spec.Nodes.FallbackToUpstream; fallback != nil && *fallback {
		add(own)
		w.upstream = true
	}
	return w
}

func canonical(host string) string {
	if image.IsDockerHub(host) {
		return image.DockerHub
	}
	return image.LowerASCII(host)
}
