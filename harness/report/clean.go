package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text fit for a terminal or a log that somebody else's program
// reads: what it holds came from Pods and policies. Control characters, the
// invisible characters that reorder a line, and bytes that are no UTF-8 are
// written as escapes; newlines and tabs stay. The two markers that CI runners
// obey in the middle of a line are broken up.
func clean(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return strings.NewReplacer("##[", `#\x23[`, "##vso[", `#\x23vso[`).Replace(b.String())
}

// cleanLine is clean for text that has to stay on one line.
func cleanLine(text string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(clean(text))
}

// stripANSI removes terminal escape sequences whole: "ESC [ ... letter" and
// "ESC ] ... BEL". A format that is no terminal has no use for their remains.
func stripANSI(text string) string {
	if !strings.ContainsRune(text, '\x1b') {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text = rest
		switch {
		case strings.HasPrefix(rest, "["):
			text = strings.TrimLeftFunc(rest[1:], func(r rune) bool { return ' ' <= r && r < '@' })
			if text != "" && '@' <= text[0] && text[0] <= '~' {
				text = text[1:]
			}
		case strings.HasPrefix(rest, "]"):
			// Without its end the sequence would swallow the message.
			if _, after, ok := strings.Cut(rest, "\x07"); ok {
				text = after
			}
		}
	}
}
