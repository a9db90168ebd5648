package mirror

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// A Status says what a plan does with an image.
type Status int

// The zero value is no status, so that a forgotten one is not taken for an answer.
const (
	_ Status = iota
	// Invalid: the text is no image reference; it is left as it is.
	Invalid
	// Unmatched: no source covers the image; it is left byte for byte.
	Unmatched
	// Kept: a source covers the image and "except" leaves it alone.
	Kept
	// NotHeld: a source covers the image and the mirror's "only" does not hold it.
	NotHeld
	// Unrewritable: the mirror's address and the image's path make no valid reference.
	Unrewritable
	// Rewritten: the image is served by a mirror.
	Rewritten
)

// String is the status as gen explain prints it.
func (s Status) String() string {
	switch s {
	case Invalid:
		return "invalid"
	case Unmatched:
		return "unmatched"
	case Kept:
		return "kept"
	case NotHeld:
		return "not held"
	case Unrewritable:
		return "unrewritable"
	case Rewritten:
		return "rewritten"
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// A Decision is the route of one image.
type Decision struct {
	Status Status
	// Reference is the image taken apart; zero where Status is Invalid.
	Reference image.Reference
	// Prefix is the row of the table that decided; empty where none did.
	Prefix string
	// Mirror names the mirror that serves the image, does not hold it, or whose
	// address cannot take it; empty where none is concerned.
	Mirror string
	// Image is the image after the rewrite: the text as given unless Status is Rewritten.
	Image string
	// Err says why an image is Invalid or Unrewritable; nil otherwise.
	Err error
}

// Rewrite decides one image. It is the meaning that every generated policy is
// held to.
func (p *Plan) Rewrite(text string) Decision {
	ref, err := image.Parse(text)
	if err != nil {
		return Decision{Status: Invalid, Image: text, Err: err}
	}
	return p.route(text, ref, ref.Name())
}

// route decides the image text, whose parts are ref, as if its name were name.
func (p *Plan) route(text string, ref image.Reference, name string) Decision {
	d := Decision{Status: Unmatched, Reference: ref, Image: text}
	prefix, row, ok := p.Table.Lookup(name)
	if !ok {
		return d
	}
	d.Prefix, d.Mirror = prefix, row.Mirror
	switch {
	case row.To == "" && row.Mirror == "":
		d.Status = Kept
	case row.To == "":
		d.Status = NotHeld
	default:
		to := row.To + name[len(prefix):]
		if d.Err = checkName(to); d.Err != nil {
			d.Status = Unrewritable
			return d
		}
		d.Status = Rewritten
		d.Image = to + ref.Suffix()
	}
	return d
}

// checkName reports whether a rewritten name would parse back to exactly its
// own host and path. The grammar of the parts was checked before; what can go
// wrong is that too little or too much is left.
func checkName(name string) error {
	host, path, ok := strings.Cut(name, "/")
	switch {
	case !ok:
		return fmt.Errorf("nothing would be left but the host %q", host)
	case host == image.DockerHub && !strings.Contains(path, "/"):
		return fmt.Errorf("%q would be read as %q", name, host+"/library/"+path)
	case len(path) > image.MaxPathLength:
		return fmt.Errorf("the repository would be longer than %d characters", image.MaxPathLength)
	}
	return nil
}
