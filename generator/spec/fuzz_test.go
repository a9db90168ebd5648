package spec

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/document"
)

// FuzzParse states that no file panics, that every problem has a place, and that
// a set which was read is read again from its own encoding, by the parser and
// by the schema.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	rich, err := document.Marshal(richest().Object())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rich)
	f.Add([]byte(minimal("source: '[::1]:5000/a__b'", "")))
	f.Add([]byte(minimal("source: my_registry.local/a", "") + "---\n" + minimal("only: [a]", "scope: {podSelector: {}}")))
	for _, row := range refusals {
		if len(row.text) < 1000 {
			f.Add([]byte(row.text))
		}
	}
	for _, row := range valueRefusals {
		f.Add([]byte(minimal(row.mirror, row.body)))
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, problems := parse("f", data)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" || strings.Contains(p.String(), "\n") {
				t.Fatalf("%q: %+v", data, p)
			}
		}
		if len(problems) > 0 {
			return
		}
		if len(sets) == 0 {
			t.Fatalf("%q: neither a set nor a problem", data)
		}
		for _, set := range sets {
			text, err := document.Marshal(set.Object())
			if err != nil {
				t.Fatalf("%q: %v", data, err)
			}
			again, err := Parse("again", text)
			if err != nil || len(again) != 1 || !same(again[0], set) {
				t.Fatalf("%q: %+v, encoded as\n%s\ncomes back as %+v, %v", data, set, text, again, err)
			}
			if err, _ := judge(t, schema, string(text)); err != nil {
				t.Fatalf("the schema refuses what Parse accepts: %v\n%s", err, text)
			}
		}
	})
}
