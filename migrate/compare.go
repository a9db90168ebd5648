package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
)

// A Side says which of two results is right.
type Side int

// The zero Side is invalid.
const (
	_ Side = iota
	// Same: the results are equal, or say the same otherwise.
	Same
	// New, Old: one breaks a rule and the other none.
	New
	Old
	// Neither: both break a rule.
	Neither
	// Undecided: both are valid and mean different places.
	Undecided
)

// String is the side as reports print it.
func (s Side) String() string {
	switch s {
	case Same:
		return "same"
	case New:
		return "new"
	case Old:
		return "old"
	case Neither:
		return "neither"
	case Undecided:
		return "undecided"
	}
	return fmt.Sprintf("Side(%d)", int(s))
}

// An Answer is what one side made of an image.
type Answer struct {
	// Image is the reference after it; the one before where nothing changed.
	Image string
	// Failed is why there is none: the rule failed, or the Pod was refused.
	Failed string
	// Gone says that the container is not there any more.
	Gone bool
	// Unasked is why the side leaves the image alone as a whole, such as that its
	// scope leaves the Pod out; "" where it looked at it.
	Unasked string
}

// A Verdict says which answer is right, and why.
type Verdict struct {
	Right Side
	// Why is the rule that decides; "" for Same.
	Why string
}

// Compare holds what an old policy made of an image against what the MirrorSet
// makes of it. It judges by rules alone: a result has to be a reference of an
// image, with the tag, the digest and the repository of the one before; an image
// of a source has to be rewritten, and one that a mirror serves is not to be
// rewritten again. list is the image's list in the Pod; "": not known.
func Compare(plans []*mirror.Plan, list, before string, old, new Answer) Verdict {
	if old.Failed == "" && new.Failed == "" && !old.Gone && !new.Gone && sameImage(old.Image, new.Image) {
		return Verdict{Right: Same}
	}
	ref, err := image.Parse(before)
	if err != nil {
		return compareInvalid(before, old, new)
	}
	route := routeOf(plans, before)
	faultOfOld, faultOfNew := fault(plans, ref, before, route, old), fault(plans, ref, before, route, new)
	oldLeaves, newLeaves := faultOfOld == "" && sameImage(old.Image, before), faultOfNew == "" && sameImage(new.Image, before)
	switch {
	case newLeaves && new.Unasked != "":
		return Verdict{Undecided, strings.TrimSuffix("new leaves the Pod alone: "+new.Unasked+"; "+faultOfOld, "; ")}
	case oldLeaves && old.Unasked != "":
		return Verdict{Undecided, strings.TrimSuffix("old leaves the Pod alone: "+old.Unasked+"; "+faultOfNew, "; ")}
	case oldLeaves && faultOfNew == "":
		// That one side leaves an image alone is a fault where the other serves it.
		faultOfOld = "old left it: " + overlooked(list, before, ref)
	case newLeaves && faultOfOld == "":
		return Verdict{Undecided, "new left it: no mirror serves " + ref.Registry + "/" + ref.Repository}
	}
	switch {
	case faultOfOld == "" && faultOfNew == "":
		return Verdict{Undecided, "both are valid, and mean different places"}
	case faultOfOld != "" && faultOfNew != "":
		return Verdict{Neither, faultOfOld + "; new: " + strings.TrimPrefix(faultOfNew, "old: ")}
	case faultOfOld != "":
		return Verdict{New, faultOfOld}
	}
	return Verdict{Old, "new: " + strings.TrimPrefix(faultOfNew, "old: ")}
}

// compareInvalid judges what became of a text that is no reference.
func compareInvalid(before string, old, new Answer) Verdict {
	rule := "the image is no valid reference, and nothing can be made of it"
	switch {
	case old.Failed != "" && new.Failed == "":
		return Verdict{New, "old failed the whole rule: " + old.Failed + "; " + rule}
	case old.Image != before && new.Image == before:
		return Verdict{New, "old changed it: " + rule}
	case new.Image != before && old.Image == before:
		return Verdict{Old, "new changed it: " + rule}
	}
	return Verdict{Neither, rule}
}

// sameImage reports references that pull the same.
func sameImage(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := image.Parse(a)
	y, errY := image.Parse(b)
	return errX == nil && errY == nil && x.Name() == y.Name() && x.Suffix() == y.Suffix()
}

// A routed image is what the plans say of it.
type routed struct {
	decision mirror.Decision
	plan     *mirror.Plan
	// served says that the image is at a mirror's address already.
	served bool
}

func routeOf(plans []*mirror.Plan, text string) routed {
	var r routed
	for _, p := range plans {
		if d := p.Rewrite(text); r.plan == nil || r.decision.Status == mirror.Unmatched && d.Status != mirror.Unmatched {
			r.decision, r.plan = d, p
		}
		for _, m := range p.Mirrors {
			r.served = r.served || below(r.decision.Reference.Name(), m.Address)
		}
	}
	return r
}

// fault is the rule that an answer breaks; "" for none.
func fault(plans []*mirror.Plan, ref image.Reference, before string, route routed, a Answer) string {
	switch {
	case a.Failed != "":
		return "old failed the whole rule: " + a.Failed
	case a.Gone:
		return "old: the container is gone"
	case sameImage(a.Image, before):
		return ""
	case route.served && route.decision.Status != mirror.Rewritten:
		return "old: rewrites what a mirror serves already, and would do so at each admission"
	}
	after, err := image.Parse(a.Image)
	if err != nil {
		if strings.Contains(a.Image, ":sha256:") || strings.Contains(a.Image, ":sha512:") {
			return "old: not a valid reference (a digest is joined by @, not by :)"
		}
		if strings.Contains(a.Image, "://") {
			return "old: not a valid reference (it holds a scheme)"
		}
		return "old: not a valid reference: " + err.Error()
	}
	switch {
	case after.Digest != ref.Digest:
		return "old: the digest is lost"
	case ref.Tag != "" && after.Tag == "":
		return "old: the tag is lost"
	case after.EffectiveTag() != ref.EffectiveTag():
		return fmt.Sprintf("old: the tag becomes %q", after.EffectiveTag())
	}
	if host, _, ok := strings.Cut(before, "/"); ok && image.IsDockerHub(host) && host != image.DockerHub && slices.Contains(strings.Split(a.Image, "/"), host) {
		return "old: takes the host " + host + ", which is docker.io, for a part of the path"
	}
	if host, part := cutHost(plans, before, a.Image); part != "" {
		return "old: takes a part of the host " + host + " for the host " + part
	}
	rest := ref.Repository
	if route.decision.Status == mirror.Rewritten {
		rest = strings.TrimPrefix(strings.TrimPrefix(ref.Name(), route.decision.Prefix), "/")
		// A row may stand for an entry of only or except, below its source.
		if m, ok := route.plan.Mirrors[route.decision.Mirror]; ok && below(ref.Name(), m.Source) {
			rest = strings.TrimPrefix(strings.TrimPrefix(ref.Name(), m.Source), "/")
		}
	}
	if rest == "" || below(reversed(after.Repository), reversed(rest)) {
		return ""
	}
	if official, ok := strings.CutPrefix(rest, "library/"); ok && below(reversed(after.Repository), reversed(official)) {
		return "old: lacks library/, where Docker Hub's official images are"
	}
	return fmt.Sprintf("old: the repository %s is not below the mirror's address", ref.Repository)
}

// cutHost finds a source's host that an answer put the mirror for although it is
// but a part of the host that was asked for, as an expression without an end does.
func cutHost(plans []*mirror.Plan, before, after string) (host, part string) {
	host, _, _ = strings.Cut(before, "/")
	for _, p := range plans {
		for _, m := range p.Mirrors {
			if host != m.Source && strings.Contains(host, m.Source) && sameImage(after, strings.Replace(before, m.Source, m.Address, 1)) {
				return host, m.Source
			}
		}
	}
	return host, ""
}

// reversed puts the last component first, so that below asks how a name ends.
func reversed(path string) string {
	parts := strings.Split(path, "/")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, "/")
}

// overlooked says why an old policy left an image of a source alone, as far as
// the image's own look and its place tell.
func overlooked(list, before string, ref image.Reference) string {
	place := map[string]string{"initContainers": "an init container", "ephemeralContainers": "an ephemeral container", "volumes": "an image volume"}[list]
	look := lookOf(before, ref)
	switch {
	case place == "" && look == "":
		return "an image of a source"
	case place == "" || look == "":
		return place + look
	}
	return place + ", " + look
}

func lookOf(before string, ref image.Reference) string {
	host, _, hasHost := strings.Cut(before, "/")
	switch isHub := image.IsDockerHub(host); {
	case hasHost && image.LowerASCII(host) != host && image.LowerASCII(host) == image.LowerASCII(ref.Registry), hasHost && isHub && image.LowerASCII(host) != host:
		return "a host in upper case"
	case hasHost && isHub && host != image.DockerHub:
		return "docker.io by its name " + host
	case ref.Registry == image.DockerHub && !(hasHost && isHub):
		return "docker.io, not written out"
	case len(ref.Repository) == 1:
		return "a repository of one character"
	}
	return ""
}
