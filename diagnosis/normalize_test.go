package diagnosis

import "testing"

func TestNormalize(t *testing.T) {
	for _, row := range []struct{ why, in, want string }{
		{"white space of every kind is one blank", "a\t b\r\n\n c  d\u00a0e", "a b c d e"},
		{"colours go", "\x1b[31mError\x1b[0m: \x1b[1;33mx\x1b[m", "Error: x"},
		{"a title sequence goes with its text", "\x1b]0;title\x07a", "a"},
		{"a title that does not end stays readable", "\x1b]0;title", "]0;title"},
		{"a lone escape goes", "a\x1bb", "ab"},
		{"a log's escaped quotes", `err="pull \"a\": x"`, `err="pull "a": x"`},
		{"quotes escaped twice", `\\\"a\\\"`, `"a"`},
		{"escaped line breaks", `a\nb\r\nc\td`, "a b c d"},
		{"JSON's escapes", `\u003chtml\u003e \u4e2d`, "<html> 中"},
		{"what is no escape stays", `"\x15\x03\x01" \u00zz \q`, `"\x15\x03\x01" \u00zz \q`},
		{"a backslash at the end goes", `a\`, "a"},
		{"HTML's escapes", "&lt;html&gt; &quot;a&quot; &#39;b&#39;", `<html> "a" 'b'`},
		{"typographic quotes and Chinese punctuation", "“a”：‘b’，（c）", `"a": 'b', (c)`},
		{"what cannot be seen goes", "a\u200bb\ufeff", "ab"},
	} {
		if got := normalize(row.in, false).text; got != row.want {
			t.Errorf("%s: %q, want %q", row.why, got, row.want)
		}
	}
}

func TestJoiningUndoesATerminalsWrap(t *testing.T) {
	if got := normalize("pu\r\n    ll access\n denied", true).text; got != "pull accessdenied" {
		t.Errorf("got %q", got)
	}
	if f := Diagnose("failed pulling image \"pause\": Error response from daemon: to\n     omanyrequests: slow down", English); f.Cause != "rate-limited" {
		t.Errorf("a word that was wrapped: %q", f.Cause)
	}
}
