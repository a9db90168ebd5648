package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestHiddenIsWhatDrivesATerminalOrHidesText(t *testing.T) {
	for _, row := range []struct {
		from, to rune
		want     bool
		why      string
	}{
		{0x00, 0x1f, true, "C0, with BEL, CR and ESC"},
		{' ', '~', false, "what is on a keyboard"},
		{0x7f, 0x7f, true, "DEL"},
		{0x80, 0x9f, true, "C1, with CSI and OSC in one character"},
		{0xa0, 0xac, false, "a no-break space and signs have a shape"},
		{0xad, 0xad, true, "a soft hyphen is not seen"},
		{0x0300, 0x036f, false, "accents that follow their letter"},
		{0x061c, 0x061c, true, "ALM, the Arabic mark of direction"},
		{0x05d0, 0x05ea, false, "letters that run from right to left by themselves"},
		{0x200b, 0x200f, true, "no width, and the marks of direction"},
		{0x2028, 0x2029, true, "line and paragraph separators"},
		{0x202a, 0x202e, true, "embeddings and overrides of direction"},
		{0x2060, 0x2064, true, "word joiner and invisible operators"},
		{0x2066, 0x2069, true, "isolates of direction"},
		{0x4e00, 0x4e2d, false, "Chinese"},
		{0xfeff, 0xfeff, true, "a byte order mark in the middle of text"},
		{0xfffd, 0xfffd, false, "what stands for a hidden character is none"},
		{0x1f600, 0x1f64f, false, "faces"},
		{0xe0001, 0xe0001, true, "the tag of a language"},
		{0xe0020, 0xe007f, true, "tags: ASCII that nobody sees"},
	} {
		for r := row.from; r <= row.to; r++ {
			if Hidden(r) != row.want {
				t.Errorf("%s: Hidden(%U) is %v", row.why, r, !row.want)
			}
		}
	}
}

func TestHostileTextIsEscapedOrMasked(t *testing.T) {
	for _, row := range []struct{ in, escaped, masked, why string }{
		{"plain 中文 text", "plain 中文 text", "plain 中文 text", "letters of any script stay"},
		{"", "", "", "nothing is nothing"},
		{`a\x1bb`, `a\x1bb`, `a\x1bb`, "what reads as an escape is text"},
		{"a\nb\tc", `a\nb\tc`, "a�b�c", "a line stays one line"},
		{"a\rb", `a\rb`, "a�b", "a carriage return would overwrite the line"},
		{"\x1b[31m", `\x1b[31m`, "�[31m", "ESC begins a sequence"},
		{"\x00\x07\x7f", `\x00\x07\x7f`, "���", "NUL, BEL and DEL"},
		{"\u009b31m", `\u009b31m`, "�31m", "CSI without ESC"},
		{"\u202eabc\u2066\u200b", `\u202eabc\u2066\u200b`, "�abc��", "reordered and of no width"},
		{"\u2028\u2029", `\u2028\u2029`, "��", "other breaks of a line"},
		{"\U000e0041", `\U000e0041`, "�", "a tag, in the form that takes eight digits"},
		{"\xff\xe4\x9b", `\xff\xe4\x9b`, "���", "bytes that are no UTF-8, one of them CSI in Latin-1"},
		{"\ufffd", "\ufffd", "\ufffd", "the replacement character itself"},
		{"x##[group]y", `x#\x23[group]y`, "x#�[group]y", "a command to GitHub's runner"},
		{"##vso[task]", `#\x23vso[task]`, "#�vso[task]", "a command to Azure's"},
		{"###[a##[", `##\x23[a#\x23[`, "##�[a#�[", "one more sign before it, and a second one"},
		{"# ## ##vs [x]", "# ## ##vs [x]", "# ## ##vs [x]", "signs that are no command"},
		{"##\x1b[", `##\x1b[`, "##�[", "what is taken out leaves no command behind"},
	} {
		if got := EscapeLine(row.in); got != row.escaped {
			t.Errorf("%s: EscapeLine(%q) = %q, want %q", row.why, row.in, got, row.escaped)
		}
		if got := MaskLine(row.in); got != row.masked {
			t.Errorf("%s: MaskLine(%q) = %q, want %q", row.why, row.in, got, row.masked)
		}
	}
}

func TestTextOfSeveralLinesKeepsThem(t *testing.T) {
	for _, row := range []struct{ in, escaped, masked, why string }{
		{"a\n\tb\n", "a\n\tb\n", "a\n\tb\n", "line feeds and tabs stay"},
		{"a\r\nb\v", `a\r` + "\n" + `b\x0b`, "a�\nb�", "no other break does"},
		{"\x1b]0;x\x07\n\u202e", `\x1b]0;x\x07` + "\n" + `\u202e`, "�]0;x�\n�", "nor what drives the terminal"},
		{"a\n##[x]", "a\n" + `#\x23[x]`, "a\n#�[x]", "nor a runner's command"},
	} {
		if got := EscapeText(row.in); got != row.escaped {
			t.Errorf("%s: EscapeText(%q) = %q, want %q", row.why, row.in, got, row.escaped)
		}
		if got := MaskText(row.in); got != row.masked {
			t.Errorf("%s: MaskText(%q) = %q, want %q", row.why, row.in, got, row.masked)
		}
	}
}

func TestEscapedJSONMeansTheSame(t *testing.T) {
	for _, row := range []struct{ in, want, why string }{
		{"{\n\t\"a\": 1\n}\n", "{\n\t\"a\": 1\n}\n", "layout stays"},
		{`"plain 中文"`, `"plain 中文"`, "letters of any script stay"},
		{"\"\x7f\u009b\u202e\"", `"\u007f\u009b\u202e"`, "what encoding/json leaves as it is"},
		{"\"\U000e0001\"", `"\udb40\udc01"`, "two escapes where a character takes two"},
		{`"##[a]##vso[b]"`, `"#\u0023[a]#\u0023vso[b]"`, "runners' commands"},
	} {
		got := string(JSON([]byte(row.in)))
		if got != row.want {
			t.Errorf("%s: JSON(%q) = %q, want %q", row.why, row.in, got, row.want)
		}
		var before, after any
		if err := json.Unmarshal([]byte(row.in), &before); err != nil {
			t.Fatalf("%s: %v", row.why, err)
		}
		if err := json.Unmarshal([]byte(got), &after); err != nil || asText(before) != asText(after) {
			t.Errorf("%s: %q means %v, not %v: %v", row.why, got, after, before, err)
		}
	}
}

func TestALineOfJSONIsWrittenOrAnErrorTold(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, map[string]string{"a": "<kyverno->rego>&\u009b\n"}); err != nil || b.String() != `{"a":"<kyverno->rego>&\u009b\n"}`+"\n" {
		t.Errorf("wrote %q: %v", b.String(), err)
	}
	if err := WriteJSON(&b, func() {}); err == nil {
		t.Error("a function became JSON")
	}
	if err := WriteJSON(full{}, 1); err != errFull {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// asText is a value in one form, so that two can be compared.
func asText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestSequencesGoWholeAndTextStays(t *testing.T) {
	long := strings.Repeat("x", longestTitle)
	for _, row := range []struct{ in, want, why string }{
		{"plain\x07\n", "plain\x07\n", "without ESC nothing is touched"},
		{"\x1b[1;31mred\x1b[0m", "red", "colours"},
		{"\x1b[?25la\x1b[ qb", "ab", "private and intermediate bytes"},
		{"\x1b]0;title\x07text", "text", "a title that BEL ends"},
		{"\x1b]8;;https://a\x1b\\text\x1b]8;;\x1b\\", "text", "a link that ESC \\ ends"},
		{"\x1b]0;title\x1b[31mtext", "text", "a title cut off by another sequence"},
		{"\x1b]0;title", "]0;title", "a title that does not end swallows nothing"},
		{"\x1b]" + long + "\x07", "]" + long + "\x07", "nor one that is no title any more"},
		{"\x1b[", "", "cut off"},
		{"a\x1bc\x1b\x1bd", "acd", "a lone ESC"},
		{"\x1b[31\u4e2d", "\u4e2d", "a letter that ends no sequence stays"},
	} {
		if got := StripSequences(row.in); got != row.want {
			t.Errorf("%s: StripSequences(%q) = %q, want %q", row.why, row.in, got, row.want)
		}
	}
}
