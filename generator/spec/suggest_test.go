package spec

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"name", "source", "mirror", "only", "except", "transport"}
	for _, row := range []struct{ why, text, want string }{
		{"a letter missing", "sorce", "source"},
		{"a letter too many", "mirrors", "mirror"},
		{"another case", "ONLY", "only"},
		{"two edits in a long word", "eksept", "except"},
		{"two letters swapped in a short word", "onyl", "only"},
		{"letters swapped twice in a long word", "tarnspotr", "transport"},
		{"nothing near", "replicas", ""},
		{"nothing at all", "", ""},
		{"a short word is not near to everything", "xy", ""},
		{"no work for long text", strings.Repeat("a", 10_000), ""},
	} {
		if got := nearest(row.text, known); got != row.want {
			t.Errorf("%s: %.20q gives %q, want %q", row.why, row.text, got, row.want)
		}
	}
}
