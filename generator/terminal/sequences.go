package terminal

import "strings"

// longestTitle is how many bytes after "ESC ]" its end is looked for: a window's
// title or a link. Text behind one that does not end is no part of it.
const longestTitle = 256

// StripSequences removes a terminal's sequences whole: "ESC [ ... letter", "ESC ]
// ... BEL or ESC \" and a lone ESC (ECMA-48, 5.4 and 5.6; BEL is xterm's end). It
// is for text that is searched, or written where there is no terminal: what is
// left of a sequence after escaping would stand in the way. It makes nothing fit
// to print, which takes EscapeLine or another of them behind it.
func StripSequences(text string) string {
	if strings.IndexByte(text, '\x1b') < 0 {
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
			if end := strings.IndexAny(rest, "\x07\x1b"); end >= 0 && end < longestTitle {
				text = strings.TrimPrefix(strings.TrimPrefix(rest[end:], "\x07"), "\x1b\\")
			}
		}
	}
}
