package spec

import "testing"

func TestNearestFindsWhatWasMeant(t *testing.T) {
	known := []string{"name", "source", "mirror", "only", "except", "transport"}
	for _, row := range []struct{ why, text, want string }{
		{"two letters swapped", "onyl", "only"},
		{"a letter too many", "mirrror", "mirror"},
		{"a letter missing", "sorce", "source"},
		{"another case", "Transport", "transport"},
		{"swapped and misspelt in a long word", "tarnspotr", "transport"},
		{"nothing near", "replicas", ""},
		{"too short to tell", "x", ""},
		{"the word itself", "only", "only"},
	} {
		if got := nearest(row.text, known); got != row.want {
			t.Errorf("%s: %q is taken for %q, want %q", row.why, row.text, got, row.want)
		}
	}
}
