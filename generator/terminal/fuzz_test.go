package terminal

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzNothingHostileComesOut states of each way of cleaning that no hidden
// character, no byte that is no UTF-8 and no runner's command comes out, that what
// is clean stays as it is, and that cleaning twice is cleaning once.
func FuzzNothingHostileComesOut(f *testing.F) {
	for _, seed := range []string{"", "plain 中文", "a\nb\tc\r", "\x1b[31m\x1b]0;t\x07", "\u009b\u202e\u2066\u2028\ufeff", "\U000e0041", "\xff\xe4\x9b", "##[x]##vso[y]", "##\x1b[", "###[", `\x1b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, way := range []struct {
			name  string
			clean func(string) string
			stays string
		}{
			{"EscapeLine", EscapeLine, ""}, {"EscapeText", EscapeText, "\n\t"},
			{"MaskLine", MaskLine, ""}, {"MaskText", MaskText, "\n\t"},
		} {
			got := way.clean(text)
			if !isClean(got, way.stays) {
				t.Fatalf("%s(%q) = %q", way.name, text, got)
			}
			if isClean(text, way.stays) && got != text {
				t.Fatalf("%s(%q) = %q: it was clean", way.name, text, got)
			}
			if again := way.clean(got); again != got {
				t.Fatalf("%s(%q) = %q, then %q", way.name, text, got, again)
			}
		}
	})
}

// FuzzEscapedJSONMeansTheSame states that a string that was encoded and escaped
// is clean, and decodes to what the encoding alone does.
func FuzzEscapedJSONMeansTheSame(f *testing.F) {
	for _, seed := range []string{"", "a\u202e\x7f\u009b", "\U000e0001\U0010ffff", "##[\\##vso[", "\xff<>&\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := json.Marshal([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		escaped := JSON(plain)
		if !isClean(string(escaped), "") {
			t.Fatalf("%q: %q", text, escaped)
		}
		if again := JSON(escaped); string(again) != string(escaped) {
			t.Fatalf("%q: %q, then %q", text, escaped, again)
		}
		var want, got []string
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(escaped, &got); err != nil || len(got) != 1 || got[0] != want[0] {
			t.Fatalf("%q: %q decodes to %q: %v", text, escaped, got, err)
		}
	})
}

// FuzzStripSequences states that no ESC is left, that nothing is added or put in
// another order, and that text without ESC stays.
func FuzzStripSequences(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31m", "\x1b]0;t\x07a", "\x1b]0;t\x1b\\a", "\x1b]\x1b]\x1b[", "\x1b\x1b[\x1b]a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := StripSequences(text)
		if strings.ContainsRune(got, '\x1b') {
			t.Fatalf("%q: ESC is left in %q", text, got)
		}
		if !strings.ContainsRune(text, '\x1b') && got != text {
			t.Fatalf("%q became %q", text, got)
		}
		rest := text
		for i := range len(got) {
			at := strings.IndexByte(rest, got[i])
			if at < 0 {
				t.Fatalf("%q: %q is no part of it in order", text, got)
			}
			rest = rest[at+1:]
		}
	})
}

// isClean says what the package's comment promises, by other means than the code.
func isClean(text, stays string) bool {
	if !utf8.ValidString(text) || strings.Contains(text, "##[") || strings.Contains(text, "##vso[") {
		return false
	}
	for _, r := range text {
		if strings.ContainsRune(stays, r) {
			continue
		}
		if r < ' ' || 0x7f <= r && r < 0xa0 || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}
