package diagnosis

import (
	"strings"
	"testing"
)

func TestPhrases(t *testing.T) {
	long := strings.Repeat("x", wildcardReach)
	for _, row := range []struct {
		why, phrase, text string
		want              bool
	}{
		{"plain text", "i/o timeout", "dial tcp: i/o timeout", true},
		{"a word's end is a boundary", "eof", "typeof", false},
		{"a word's beginning is one", "eof", "eofs", false},
		{"punctuation is none", "eof", "get: eof.", true},
		{"a wildcard", "lookup * on *:53", "lookup a on 10.0.0.1:53: x", true},
		{"a wildcard stands for nothing too", "a*b", "ab", true},
		{"a wildcard's reach", "lookup * on", "lookup " + long[:500] + " on", true},
		{"beyond it", "lookup * on", "lookup " + long + " on", false},
		{"the end of the text", "not found$", "x: not found", true},
		{"a quote ends a statement", "not found$", `x: not found" image="y"`, true},
		{"a bracket does", "not found$", "x: not found]", true},
		{"a full stop does", "not found$", "x: not found. bye", true},
		{"a blank does not", "not found$", "x: not found in the cache", false},
		{"an empty text", "x", "", false},
	} {
		if got := compile(row.phrase).in(row.text); got != row.want {
			t.Errorf("%s: %q in %q: %v", row.why, row.phrase, row.text, got)
		}
	}
}

func TestTheLastOccurrenceIsFound(t *testing.T) {
	text := "a: denied; b: denied; c"
	got := compile("denied").last(text)
	if got.From != strings.LastIndex(text, "denied") || got.To != got.From+len("denied") {
		t.Errorf("got %+v", got)
	}
	if compile("refused").last(text).found() {
		t.Error("found what is not there")
	}
}
