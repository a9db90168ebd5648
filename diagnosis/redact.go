package diagnosis

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// hidden stands where a secret was.
const hidden = "***"

// Redact takes out of a text what nobody should repeat, and leaves every other
// byte as it is: user and password of a URL (https://***@host/), the query of a
// signed one (https://host/path?***), tokens and passwords of an Authorization
// header, of JSON, of a command line, and JSON Web Tokens wherever they stand.
// A challenge (Bearer realm="...") and queries that are no secret (?ns=docker.io,
// ?scope=...) stay. Redact of what Redact returns is the same text.
func Redact(text string) string {
	r := redactor{text: text, low: image.LowerASCII(text)}
	r.userinfo()
	r.pairs()
	r.schemes()
	r.tokens()
	r.fields()
	return r.result()
}

// A redactor gathers the spans to hide.
type redactor struct {
	text, low string
	hide      []span
	// barren is a place before which the query of the same word is known not to
	// begin.
	barren int
}

// longestWord bounds what is looked at of a word whose end does not matter, so
// that hostile text costs no more than its length.
const longestWord = 4 << 10

func (r *redactor) add(from, to int) {
	if from < to && r.text[from:to] != hidden {
		r.hide = append(r.hide, span{From: from, To: to})
	}
}

// each calls do with the place behind every occurrence of words.
func (r *redactor) each(words string, do func(from int)) {
	for from := 0; ; {
		at := strings.Index(r.low[from:], words)
		if at < 0 {
			return
		}
		from += at + len(words)
		do(from)
	}
}

// result is the text without what is hidden.
func (r *redactor) result() string {
	if len(r.hide) == 0 {
		return r.text
	}
	secret := make([]bool, len(r.text))
	for _, s := range r.hide {
		for i := s.From; i < s.To; i++ {
			secret[i] = true
		}
	}
	var b strings.Builder
	for i := 0; i < len(r.text); {
		if !secret[i] {
			b.WriteByte(r.text[i])
			i++
			continue
		}
		for i < len(r.text) && secret[i] {
			i++
		}
		b.WriteString(hidden)
	}
	return b.String()
}

// indexFunc is where the first character of a kind stands, else the length.
func indexFunc(text string, is func(byte) bool) int {
	for i := 0; i < len(text); i++ {
		if is(text[i]) {
			return i
		}
	}
	return len(text)
}

// indexAnyOr is where the first of some characters stands, else the length.
func indexAnyOr(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

// endsURL reports a character that no URL has in a message.
func endsURL(c byte) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte("\"'`<>()[]{}|\\", c) >= 0
}
