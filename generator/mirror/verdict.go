package mirror

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/image"
)

// A Reason says which rule of the constraint an image breaks.
type Reason string

// The five rules of an image, which breaks at most one: the first that applies,
// in this order. The rules of what images need follow them: NoPullSecret and
// TooManyRegistries.
const (
	// Excess: the object has more image references than are judged one by one.
	Excess Reason = "excess"
	// InvalidImage: the text is no reference, or cannot be rewritten.
	InvalidImage Reason = "invalid"
	// Upstream: the image still comes from a source.
	Upstream Reason = "upstream"
	// ImageNotHeld: the source has a mirror, which does not hold the repository.
	ImageNotHeld Reason = "not-held"
	// Registry: registries are limited and the image comes from none of them.
	Registry Reason = "registry"
)

// Reasons lists the constraint's rules in the order in which they apply.
func Reasons() []Reason {
	return []Reason{Excess, InvalidImage, Upstream, ImageNotHeld, Registry, NoPullSecret, TooManyRegistries}
}

// A Finding is one rule broken by one image.
type Finding struct {
	Reason Reason
	// Warning: the finding never denies, whatever the enforcement.
	Warning bool
	// Message is what the user reads. It begins with "image" and has the place put before it.
	Message string
}

// A View says how an image stands in the object that is judged.
type View int

const (
	// AsAdmitted: the image of a Pod after mutation, which must not come from a source.
	AsAdmitted View = iota
	// AsTemplate: the image of a Pod template, whose Pods will be rewritten.
	AsTemplate
	// AsOptedOutTemplate: the image of a Pod template whose Pods the scope's
	// podSelector leaves out of rewriting.
	AsOptedOutTemplate
)

// Judge says which rule an image breaks; ok is false where it breaks none.
func (p *Plan) Judge(text string, view View) (finding Finding, ok bool) {
	ref, err := image.Parse(text)
	if err != nil {
		return Finding{Reason: InvalidImage, Message: "image " + Show(text) + " is not a valid reference"}, true
	}
	d := Decision{Status: Unmatched, Reference: ref, Image: text}
	if view != AsOptedOutTemplate {
		d = p.route(text, ref, ref.Name())
	}
	if view == AsAdmitted && d.Status == Unmatched {
		// A port in another spelling pulls from the same place. The rewrite leaves
		// it alone, as ports are significant; the constraint does not.
		if host, other := usualPort(image.LowerASCII(ref.Registry)); other {
			d = p.route(text, ref, nameAt(host, ref.Repository))
		}
	}
	switch d.Status {
	case Unrewritable:
		return Finding{Reason: InvalidImage,
			Message: "image " + Show(text) + " cannot be rewritten to mirror " + d.Mirror + ": " + d.Err.Error()}, true
	case Rewritten:
		if view == AsAdmitted {
			return Finding{Reason: Upstream,
				Message: "image " + Show(text) + " (" + ref.String() + ") must be \"" + d.Image + "\""}, true
		}
		// Below a mirror's address, which is always allowed.
		return Finding{}, false
	}
	allowed := p.allows(ref.Name())
	if d.Status == NotHeld {
		return Finding{Reason: ImageNotHeld, Warning: allowed,
			Message: "image " + Show(text) + " is not served by mirror " + d.Mirror +
				" (it holds " + strings.Join(p.Mirrors[d.Mirror].Only, ", ") + ")"}, true
	}
	if !allowed {
		return Finding{Reason: Registry,
			Message: "image " + Show(text) + " comes from " + ref.Registry +
				", which is not allowed; allowed: " + strings.Join(p.Allowed(), ", ")}, true
	}
	return Finding{}, false
}

// usualPort is the host with its port as it is usually written: without leading
// zeros, which a client drops, and not at all where it is the default port of
// HTTPS. other is false where the host is written so already.
func usualPort(host string) (usual string, other bool) {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") {
		return host, false
	}
	port := host[colon+1:]
	for len(port) > 1 && port[0] == '0' {
		port = port[1:]
	}
	usual = host[:colon]
	if port != "443" {
		usual += ":" + port
	}
	return usual, usual != host
}

// nameAt is the image name of repository at host, Docker Hub's rules applied.
func nameAt(host, repository string) string {
	if image.IsDockerHub(host) {
		host = image.DockerHub
		if !strings.Contains(repository, "/") {
			repository = "library/" + repository
		}
	}
	return host + "/" + repository
}

// allows reports whether images of that name may be used where registries are limited.
func (p *Plan) allows(name string) bool {
	if len(p.AllowRegistries) == 0 {
		return true
	}
	for prefix := name; prefix != ""; prefix = parent(prefix) {
		if p.AllowedPrefixes[prefix] {
			return true
		}
	}
	return false
}

// JudgeMissing is the finding for an image that is absent or no string.
func JudgeMissing() Finding {
	return Finding{Reason: InvalidImage, Message: "image is missing or not a string"}
}

// JudgeExcess is the finding for an object with that many image references to
// judge; ok is false within the limits. It stands alone: no image is judged.
func (p *Plan) JudgeExcess(references, characters int) (finding Finding, ok bool) {
	if references <= p.Limits.References && characters <= p.Limits.Characters {
		return Finding{}, false
	}
	return Finding{Reason: Excess, Message: "the object has " + strconv.Itoa(references) + " image references of " +
		strconv.Itoa(characters) + " characters in all; at most " + strconv.Itoa(p.Limits.References) +
		" references of " + strconv.Itoa(p.Limits.Characters) + " characters are allowed"}, true
}

// shownLength is how many characters of an image a message repeats at most.
const shownLength = 1000

// Show prints an image in a message: quoted, or as "of N characters" where it is
// too long to repeat or holds a control character that Quote does not escape. An
// API server drops a warning with such a character without a word, with all that
// it says of other images (k8s.io/apimachinery, pkg/util/net, NewWarningHeader).
func Show(text string) string {
	if length := utf8.RuneCountInString(text); length > shownLength || strings.ContainsFunc(text, isUnescaped) {
		return "of " + strconv.Itoa(length) + " characters"
	}
	return Quote(text)
}

func isUnescaped(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}

// Quote puts text between quotes and keeps it on one line. Only what five
// engines can escape alike is escaped: the backslash, the quote, and the
// newline, return and tab characters.
func Quote(text string) string {
	if !strings.ContainsAny(text, "\\\"\n\r\t") {
		return `"` + text + `"`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}
