package diagnosis

import (
	"strings"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/terminal"
)

// MaxMessage is the length in bytes of what is read of one message. An event's
// message is 1 KiB; a line of a runtime's log with a body in it may be more.
const MaxMessage = 1 << 20

// A normal is a message as it is searched: on one line, without escapes, which
// logs and JSON put around each other's quotes.
type normal struct {
	// text keeps the letters' case; low is text in lower case, byte for byte as long.
	text, low string
	// requests are the URLs in it that were asked, in order.
	requests []request
}

// normalize takes terminal codes and escapes away and makes every run of white
// space one blank. Where joined, a line break stands for nothing at all: text
// that a terminal wrapped in the middle of a word.
func normalize(message string, joined bool) normal {
	text := terminal.StripSequences(message)
	text = unescape(text)
	text = typography.Replace(text)
	if joined {
		text = joinLines(text)
	}
	text = strings.Join(strings.Fields(text), " ")
	n := normal{text: text, low: image.LowerASCII(text)}
	n.requests = findRequests(n)
	return n
}

// typography undoes what editors, browsers and Chinese input methods make of
// quotes and punctuation, and drops characters that cannot be seen.
var typography = strings.NewReplacer(
	"“", `"`, "”", `"`, "‘", "'", "’", "'", "：", ": ", "，", ", ", "（", "(", "）", ")",
	"&quot;", `"`, "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&",
	"\u00a0", " ", "\u200b", "", "\ufeff", "", "\x00", "",
)

// unescape undoes backslashes: however many stand before a quote, the quote
// was meant; \n, \r and \t are blanks; \u003c is its character. Others stay,
// such as the \x15 in a quoted TLS record.
func unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			next := strings.IndexByte(text[i:], '\\')
			if next < 0 {
				next = len(text) - i
			}
			b.WriteString(text[i : i+next])
			i += next
			continue
		}
		for i < len(text) && text[i] == '\\' {
			i++
		}
		if i == len(text) {
			break
		}
		switch c := text[i]; c {
		case '"', '\'', '/', '`':
			b.WriteByte(c)
			i++
		case 'n', 'r', 't':
			b.WriteByte('\n')
			i++
		case 'u':
			r, ok := hexRune(text[i+1:])
			if !ok {
				b.WriteByte('\\')
				continue
			}
			b.WriteRune(r)
			i += 5
		default:
			b.WriteByte('\\')
		}
	}
	return b.String()
}

// hexRune reads four hexadecimal digits.
func hexRune(text string) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for i := 0; i < 4; i++ {
		digit := strings.IndexByte("0123456789abcdef", text[i]|0x20)
		if digit < 0 {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, utf8.ValidRune(r)
}

// joinLines takes line breaks and the indentation behind them away.
func joinLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if i > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		lines[i] = line
	}
	return strings.Join(lines, "")
}
