package diagnosis

import "strings"

// wildcardReach is how many bytes "*" may stand for: more than any URL with a
// signature in its query, and a bound on the work that hostile text can cause.
const wildcardReach = 600

// A phrase is compiled from the notation of anchors, in lower case:
//
//	phrase = text *( "*" text ) [ "$" ]
//
// "*" stands for at most wildcardReach bytes, "$" for the end of a statement:
// the end of the text, a quote, a bracket, or punctuation with a blank behind
// it. Where the phrase begins or ends with a letter or digit, no further one
// may stand beside it, so that "eof" is not found in "typeof".
type phrase struct {
	parts []string
	end   bool
}

func compile(notation string) phrase {
	text, end := strings.CutSuffix(notation, "$")
	return phrase{parts: strings.Split(text, "*"), end: end}
}

// A span is a piece of a text; it holds nothing where To is 0.
type span struct{ From, To int }

func (s span) found() bool { return s.To > 0 }

// last finds the occurrence that ends last; text is in lower case.
func (p phrase) last(text string) span {
	var best span
	for at := 0; at < len(text); {
		found := p.next(text, at)
		if !found.found() {
			break
		}
		best = found
		at = found.From + 1
	}
	return best
}

// in reports whether the phrase occurs in text.
func (p phrase) in(text string) bool { return p.next(text, 0).found() }

// next finds the first occurrence that begins at or behind from.
func (p phrase) next(text string, from int) span {
	for from <= len(text) {
		at := strings.Index(text[from:], p.parts[0])
		if at < 0 {
			return span{}
		}
		at += from
		if end, ok := p.match(text, at); ok {
			return span{From: at, To: end}
		}
		from = at + 1
	}
	return span{}
}

// match reports whether the phrase, whose first part stands at that place,
// occurs there, and where it ends.
func (p phrase) match(text string, at int) (end int, ok bool) {
	if at > 0 && isWord(text[at]) && isWord(text[at-1]) {
		return 0, false
	}
	end = at + len(p.parts[0])
	for _, part := range p.parts[1:] {
		window := text[end:min(len(text), end+wildcardReach)]
		offset := strings.Index(window, part)
		if offset < 0 {
			return 0, false
		}
		end += offset + len(part)
	}
	if end < len(text) && isWord(text[end-1]) && isWord(text[end]) {
		return 0, false
	}
	return end, !p.end || endsStatement(text[end:])
}

// endsStatement reports whether nothing of the same statement follows.
func endsStatement(rest string) bool {
	if rest == "" {
		return true
	}
	switch rest[0] {
	case '"', '\'', '`', ')', ']', '}', '<', '\n':
		return true
	case '.', ',', ';', ':', '!':
		return len(rest) == 1 || rest[1] == ' '
	case ' ':
		return rest == " "
	}
	return false
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
