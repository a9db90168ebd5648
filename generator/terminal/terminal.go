// Package terminal makes text that somebody else wrote fit for a terminal, or
// for a log that a CI runner reads: names and annotations of objects, messages
// of registries and engines, lines of a user's own files. Whoever chose them must
// neither drive the reader's terminal, nor make a line look like another one,
// nor give the runner orders.
//
// A character is Hidden, and never comes out as it is, where Unicode's general
// category is one of
//
//   - Cc, the control characters: those below the blank, with ESC, which begins a
//     terminal's sequences, DEL, and U+0080 to U+009F, whose U+009B begins one
//     without ESC (ECMA-48, 5.3 and 5.4);
//   - Cf, what has no shape of its own: the marks and overrides that reorder a
//     line (UAX #9; CVE-2021-42574 is what they do to source text), characters of
//     no width, the soft hyphen and the tags from U+E0001 on;
//   - Zl and Zp, the separators U+2028 and U+2029, at which some readers break a line.
//
// Neither come bytes that are no UTF-8, which a terminal of another encoding may
// read as any of these; nor the markers of a runner's commands, see markers.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden reports a character that drives a terminal or hides text.
func Hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// EscapeLine writes what may not come out as escapes, as Go's string literals
// have them, line breaks and tabs too: text that has to stay on one line, and
// whose reader wants to see what was there.
func EscapeLine(text string) string { return escape(text, "") }

// EscapeText is EscapeLine for text of several lines: line feeds and tabs stay.
func EscapeText(text string) string { return escape(text, "\n\t") }

// MaskLine writes U+FFFD for each character that may not come out, line breaks
// and tabs too: sentences of ours, in which a foreign character is a nuisance.
func MaskLine(text string) string { return mask(text, "") }

// MaskText is MaskLine for text of several lines: line feeds and tabs stay.
func MaskText(text string) string { return mask(text, "\n\t") }

func escape(text, stays string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !Hidden(r) || strings.ContainsRune(stays, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return breakMarkers(b.String(), `\x23`)
}

// mask leaves bytes that are no UTF-8 to strings.Map, which writes U+FFFD for each.
func mask(text, stays string) string {
	return breakMarkers(strings.Map(func(r rune) rune {
		if Hidden(r) && !strings.ContainsRune(stays, r) {
			return utf8.RuneError
		}
		return r
	}, text), string(utf8.RuneError))
}

// markers begin a command to a CI runner in the middle of a line: "##[" of
// GitHub's (actions/runner, ActionCommand.cs), "##vso[" of Azure Pipelines'
// (microsoft/azure-pipelines-agent, Command.cs). Commands that have to stand at a
// line's beginning, as "::error::", are for whoever writes the line.
var markers = []string{"##[", "##vso["}

// breakMarkers puts hash in the place of a marker's second "#".
func breakMarkers(text, hash string) string {
	for _, marker := range markers {
		text = strings.ReplaceAll(text, marker, "#"+hash+marker[2:])
	}
	return text
}
