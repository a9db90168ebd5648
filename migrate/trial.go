package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// probeTag is the tag that images are tried with.
const probeTag = ":1.2"

// rests are the repositories below a source that are tried: every first letter
// and digit, every separator, and one and several components.
func rests(source string) []string {
	var one, two []string
	for _, c := range "pabcdefghijklmnoqrstuvwxyz0123456789" {
		one = append(one, fmt.Sprintf("%cq-%c", c, c))
		two = append(two, fmt.Sprintf("%ca/%cb-%c", c, c, c))
	}
	one = append(one, "x.y", "x_y", "x__y")
	switch {
	case source == image.DockerHub:
		// A dot in the first component would make a host of it.
		return append(two, "pa_pb/pc__pd", "pa/pb.pc")
	case isHubUser(source):
		// Docker Hub has two components, never more.
		return one
	}
	return slices.Concat(two, []string{"pa.pb/pc", "pa_pb/pc__pd", "pa/pb/pc"}, one)
}

// spellings are how an image below a source may be written, the usual one first.
func spellings(source, rest string) []string {
	name := source
	if rest != "" {
		name += "/" + rest
	}
	host, path, _ := strings.Cut(name, "/")
	if host != image.DockerHub || path == "" {
		return []string{name}
	}
	var written []string
	if official, ok := strings.CutPrefix(path, "library/"); ok && !strings.Contains(official, "/") {
		written = append(written, official, "docker.io/"+official)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.ContainsAny(first, ".") {
		written = append(written, path)
	}
	return append(written, name, "index.docker.io/"+path, "registry-1.docker.io/"+path)
}

// A trial is what came of trying the images below a source.
type trial struct {
	// to is where they go, the first of them moved; "" where none is.
	to, moved string
	// stays is one that stays.
	stays string
	// why says that they do not all go to one place.
	why string
}

// try tries the repositories below a source.
func try(f imageFunc, source string, rests ...string) (t trial) {
	for _, rest := range rests {
		moved, wrong := false, ""
		for _, written := range spellings(source, rest) {
			out, err := f(written + probeTag)
			if err != nil || sameImage(out, written+probeTag) {
				continue
			}
			address, ok := strings.CutSuffix(out, probeTag)
			if ok {
				address, ok = cutRest(address, rest)
			}
			if !ok {
				// What loses the repository is wrong by rule, and another spelling of
				// the image may say what was meant.
				if wrong == "" {
					wrong = fmt.Sprintf("%q becomes %q, which is no address before the same repository", written+probeTag, shorten(out))
				}
				continue
			}
			if err := spec.CheckAddress(address); err != nil {
				return trial{why: fmt.Sprintf("%q becomes %q: %v", written+probeTag, shorten(out), err)}
			}
			moved = true
			if t.to == "" {
				t.to, t.moved = canonical(address), written
			}
			if canonical(address) != t.to {
				return trial{why: fmt.Sprintf("%q goes to %s, and %q to %s; a source has one mirror", t.moved, t.to, written, address)}
			}
			break
		}
		switch {
		case !moved && wrong != "":
			return trial{why: wrong}
		case !moved:
			t.stays = spellings(source, rest)[0]
		}
	}
	return t
}

// itselfAlone is said of a source that is one repository, for what may lie below it.
const itselfAlone = "is rewritten, but not what lies below it; a source is for both, so that both are from now on"

// mirrorOf is where the images below a source go; "" where they stay. why says
// that they do not all go to one place.
func mirrorOf(f imageFunc, source string) (to, why string) {
	all := try(f, source, rests(source)...)
	if all.why != "" {
		return "", all.why
	}
	if strings.Contains(source, "/") && !isHubUser(source) {
		// The source may be one repository.
		one := try(f, source, "")
		switch {
		case one.why != "", all.to == "" && isHubRepository(source):
			return one.to, one.why
		case all.to == "" && one.to != "":
			return one.to, itselfAlone
		case all.to == "":
			return "", ""
		case one.to != "" && one.to != all.to:
			if !isHubRepository(source) {
				why = fmt.Sprintf("goes to %s, and what lies below it to %s; a source is for both, which go to the former from now on", one.to, all.to)
			}
			return one.to, why
		}
	}
	if all.to != "" && all.stays != "" {
		return "", fmt.Sprintf("%q is rewritten, and %q is not; a source is all that lies below it", all.moved, all.stays)
	}
	return all.to, ""
}

// isHubUser reports a user or an organisation of Docker Hub, library included,
// below which every repository is.
func isHubUser(source string) bool {
	return strings.HasPrefix(source, "docker.io/") && strings.Count(source, "/") == 1
}

// isHubRepository reports a repository of Docker Hub, which has none below it.
func isHubRepository(source string) bool {
	return strings.HasPrefix(source, "docker.io/") && strings.Count(source, "/") == 2
}

// cutRest takes a repository off the end of an address.
func cutRest(address, rest string) (string, bool) {
	if rest == "" {
		return address, true
	}
	return strings.CutSuffix(address, "/"+rest)
}

// leaves reports that no image below a prefix is rewritten, at those repositories.
func leaves(f imageFunc, prefix string, rests ...string) bool {
	for _, rest := range rests {
		for _, written := range spellings(prefix, rest) {
			if out, err := f(written + probeTag); err != nil || !sameImage(out, written+probeTag) {
				return false
			}
		}
	}
	return true
}

// stranger is a registry that no policy names.
const stranger = "mirrorgen-stranger.example"

// everywhere reports that a function rewrites the images of registries that it
// does not name.
func everywhere(f imageFunc) bool {
	for _, rest := range []string{"pa/pb", "pa"} {
		text := stranger + "/" + rest + probeTag
		if out, err := f(text); err == nil && !sameImage(out, text) {
			return true
		}
	}
	return false
}

func shorten(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "..."
	}
	return text
}
