package migrate

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// An imageFunc is what a policy makes of an image; the image as it came where it
// leaves it alone. The error is what fails the policy's rule.
type imageFunc func(text string) (string, error)

// A derived mirror is what an imageFunc does below a source.
type derived struct {
	source, mirror string
	except         []string
}

// An underived source is one of which a part goes elsewhere than the rest.
type underived struct{ source, why string }

// derive finds the mirrors of a function: each candidate is tried with many
// images, and is one where all of them go to one place. A candidate whose images
// go where those of a shorter one go says nothing new. One that was guessed counts
// where what lies below it is rewritten, or all of it left alone.
func derive(f imageFunc, candidates []string, guessed ...string) (found []derived, wrong []underived) {
	named := sourcesOf(candidates)
	sources := slices.DeleteFunc(sourcesOf(slices.Concat(candidates, guessed)), func(source string) bool {
		_, isNamed := slices.BinarySearch(named, source)
		return !isNamed && try(f, source, rests(source)...).to == "" && !leaves(f, source, append(rests(source), "")...)
	})
	mirrors := map[string]string{}
	for _, source := range sources {
		to, why := mirrorOf(f, source)
		above := longestAbove(source, mirrors)
		saysNothing := to != "" && above != "" && to == mirrors[above]+strings.TrimPrefix(source, above)
		if why != "" && !(saysNothing && why == itselfAlone) {
			wrong = append(wrong, underived{source, why})
		}
		if to == "" || saysNothing {
			continue
		}
		if source == "docker.io/library" && mirrors[image.DockerHub] == to {
			// The same place without library/ is no other mirror: see fault.
			continue
		}
		mirrors[source] = to
	}
	for _, source := range sources {
		to, ok := mirrors[source]
		if !ok {
			continue
		}
		d := derived{source: source, mirror: to}
		for _, other := range sources {
			if other == source || !below(other, source) || longestAbove(other, mirrors) != source {
				continue
			}
			if _, redirected := mirrors[other]; redirected {
				continue
			}
			switch entry := strings.TrimPrefix(other, source+"/"); {
			case leaves(f, other, rests(other)...):
				d.except = append(d.except, entry)
			case leaves(f, other, ""):
				if isHubRepository(other) {
					d.except = append(d.except, entry)
					continue
				}
				wrong = append(wrong, underived{other, "is left alone, but not what lies below it; except of a MirrorSet is for both: the repository is rewritten from now on"})
			}
		}
		found = append(found, d)
	}
	// What there is to say of Docker Hub is said of it as a whole.
	wrong = slices.DeleteFunc(wrong, func(w underived) bool {
		return w.source == "docker.io/library" && (mirrors[image.DockerHub] != "" || slices.ContainsFunc(wrong, func(of underived) bool { return of.source == image.DockerHub }))
	})
	return found, wrong
}

// sourcesOf makes addresses of candidates: hosts in lower case, Docker Hub by its
// one name and with its library, each once, a source before what lies below it.
func sourcesOf(candidates []string) []string {
	var sources []string
	for _, candidate := range candidates {
		candidate = canonical(candidate)
		if spec.CheckAddress(candidate) != nil {
			continue
		}
		sources = append(sources, candidate)
		if candidate == image.DockerHub {
			sources = append(sources, "docker.io/library")
		}
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}

func longestAbove(source string, mirrors map[string]string) string {
	for cut := strings.LastIndexByte(source, '/'); cut >= 0; cut = strings.LastIndexByte(source[:cut], '/') {
		if _, ok := mirrors[source[:cut]]; ok {
			return source[:cut]
		}
	}
	return ""
}
