package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/mirror"
)

// FuzzRewrite states what holds for every image: a rewrite is idempotent, is
// what it says it is, and leaves alone what it does not rewrite.
func FuzzRewrite(f *testing.F) {
	for _, row := range corpus.Images(f) {
		f.Add(row.Image)
	}
	for _, real := range corpus.RealImages(f) {
		f.Add(real.Image)
	}
	plans := []*mirror.Plan{
		planOf(to("docker.io", "cr.example.com"), to("quay.io/acme", "m.example.com")),
		planOf(only(to("docker.io", "h.example.com/hub"), "library", "bitnami"), except(to("gcr.io", "h.example.com/gcr"), "a/b")),
		planOf(to("docker.io/library", "r.example.com:5000/official"), to("docker.io", "docker.example.com/a/b")),
		planOf(to("localhost:5000", "localhost/mirror"), to("[::1]:5000", "m.example.com/images")),
	}
	for _, plan := range plans {
		if problems := mirror.Check([]*mirror.Plan{plan}); len(problems) > 0 {
			f.Fatal(problems)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, plan := range plans {
			d := plan.Rewrite(text)
			if again := plan.Rewrite(d.Image); again.Image != d.Image {
				t.Fatalf("%q: rewritten to %q, and then to %q", text, d.Image, again.Image)
			}
			if d.Status != mirror.Rewritten {
				if d.Image != text {
					t.Fatalf("%q: %v, but became %q", text, d.Status, d.Image)
				}
				continue
			}
			before, err := image.Parse(text)
			if err != nil {
				t.Fatalf("%q: rewritten although invalid: %v", text, err)
			}
			after, err := image.Parse(d.Image)
			if err != nil {
				t.Fatalf("%q: became %q: %v", text, d.Image, err)
			}
			m := plan.Mirrors[d.Mirror]
			rest := strings.TrimPrefix(before.Name(), m.Source)
			if after.Name() != m.Address+rest {
				t.Fatalf("%q: became %q, want %q and the rest %q", text, d.Image, m.Address, rest)
			}
			if after.EffectiveTag() != before.EffectiveTag() || after.Digest != before.Digest {
				t.Fatalf("%q: became %q: the tag or digest changed", text, d.Image)
			}
			if finding, found := plan.Judge(d.Image, mirror.AsAdmitted); found {
				t.Fatalf("%q: became %q, which the constraint refuses: %s", text, d.Image, finding.Message)
			}
		}
	})
}

// FuzzQuoteKeepsOneLine states that what a message quotes cannot end the line
// or the quotes, and can be told apart from any other text.
func FuzzQuoteKeepsOneLine(f *testing.F) {
	f.Add("a\"b\\\n\r\t")
	f.Fuzz(func(t *testing.T, text string) {
		quoted := mirror.Quote(text)
		inner := quoted[1 : len(quoted)-1]
		if strings.ContainsAny(quoted, "\n\r\t") {
			t.Fatalf("%q: quoted as %q", text, quoted)
		}
		back := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(inner)
		if back != text {
			t.Fatalf("%q: quoted as %q, which reads %q", text, quoted, back)
		}
	})
}
