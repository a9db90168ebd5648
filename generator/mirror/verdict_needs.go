package mirror

import (
	"strconv"

	"mirrorgen.dev/gen/generator/image"
)

const (
	// NoPullSecret: an image that is new on a stored Pod needs a pull secret that
	// the Pod does not name, and that it cannot be given any more.
	NoPullSecret Reason = "no-pull-secret"
	// TooManyRegistries: an annotation lists more registries than its platform takes.
	TooManyRegistries Reason = "too-many-registries"
)

// JudgeSecret is the finding for an image that is new on a stored Pod whose
// imagePullSecrets are named; ok is false where it needs none of them, or is no
// reference. It never denies: the image may be on the node already.
func (p *Plan) JudgeSecret(text string, named map[string]bool) (finding Finding, ok bool) {
	if len(p.PullSecrets) == 0 {
		return Finding{}, false
	}
	ref, err := image.Parse(text)
	if err != nil {
		return Finding{}, false
	}
	clone := secretAt(p.PullSecrets, ref.Name())
	if clone == "" || named[clone] {
		return Finding{}, false
	}
	return Finding{Reason: NoPullSecret, Warning: true, Message: "image " + Show(text) + " needs pull secret " +
		Quote(clone) + ", which a stored Pod cannot get; create the Pod anew"}, true
}

// JudgeAnnotations are the findings for the annotations of a Pod that is
// created, in the order of their keys. Their messages name the place themselves.
func (p *Plan) JudgeAnnotations(annotations map[string]any) []Finding {
	var findings []Finding
	for _, a := range p.Annotations() {
		value, isText := annotations[a.Key].(string)
		if a.Most == 0 || !isText {
			continue
		}
		if n := Entries(value); n > a.Most {
			findings = append(findings, Finding{Reason: TooManyRegistries, Message: "metadata.annotations[" + Quote(a.Key) + "]: lists " +
				strconv.Itoa(n) + " registries; " + a.Platform + " takes at most " + strconv.Itoa(a.Most)})
		}
	}
	return findings
}
