package expression

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A token of CEL: a name, a number, a string, or a sign.
type token struct {
	kind byte // 'n', '0', 's', or '!' for a sign; 0 at the end
	text string
	// line and column are where it begins.
	line, column int
}

// signs are CEL's, the longer ones first.
var signs = []string{".?", "[?", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}"}

// scanCEL takes a text apart.
func scanCEL(text string) ([]token, error) {
	var tokens []token
	line, start := 1, 0
	for i := 0; i < len(text); {
		c := text[i]
		t := token{line: line, column: utf8.RuneCountInString(text[start:i]) + 1}
		switch {
		case c == '\n':
			line, start = line+1, i+1
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r':
			i++
			continue
		case strings.HasPrefix(text[i:], "//"):
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		case stringStart(text[i:]) > 0:
			of, length, err := celString(text[i:])
			if err != nil {
				return nil, err
			}
			t.kind, t.text = 's', of
			line += strings.Count(text[i:i+length], "\n")
			if last := strings.LastIndexByte(text[i:i+length], '\n'); last >= 0 {
				start = i + last + 1
			}
			i += length
		case isNameByte(c) && (c < '0' || c > '9'):
			end := i
			for end < len(text) && isNameByte(text[end]) {
				end++
			}
			t.kind, t.text = 'n', text[i:end]
			i = end
		case '0' <= c && c <= '9':
			end := i
			for end < len(text) && (isNameByte(text[end]) || text[end] == '.' && end+1 < len(text) && '0' <= text[end+1] && text[end+1] <= '9') {
				end++
			}
			t.kind, t.text = '0', text[i:end]
			i = end
		default:
			for _, sign := range signs {
				if strings.HasPrefix(text[i:], sign) {
					t.kind, t.text = '!', sign
					break
				}
			}
			if t.kind == 0 {
				return nil, fmt.Errorf("%s is not read here", shown(text[i:]))
			}
			i += len(t.text)
		}
		tokens = append(tokens, t)
	}
	return append(tokens, token{line: line, column: 1}), nil
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// stringStart is the length of what opens a string, its prefix included; 0: none does.
func stringStart(text string) int {
	prefix := 0
	if text[0] == 'r' || text[0] == 'R' {
		prefix = 1
	}
	rest := text[prefix:]
	switch {
	case strings.HasPrefix(rest, `"""`), strings.HasPrefix(rest, `'''`):
		return prefix + 3
	case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, `'`):
		return prefix + 1
	}
	return 0
}

var errString = errors.New("a string is not closed")

// celString reads a string and says how long it is as it is written.
func celString(text string) (of string, length int, err error) {
	start := stringStart(text)
	raw := text[0] == 'r' || text[0] == 'R'
	quote := strings.TrimLeft(text[:start], "rR")
	var b strings.Builder
	for i := start; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], quote):
			return b.String(), i + len(quote), nil
		case len(quote) == 1 && text[i] == '\n':
			return "", 0, errString
		case text[i] != '\\' || raw:
			b.WriteByte(text[i])
			i++
		default:
			r, multibyte, tail, err := unquoteChar(text[i:])
			if err != nil {
				return "", 0, err
			}
			if multibyte || r < utf8.RuneSelf {
				b.WriteRune(r)
			} else {
				b.WriteByte(byte(r))
			}
			i = len(text) - len(tail)
		}
	}
	return "", 0, errString
}

// unquoteChar reads CEL's escapes, which are Go's and a few more.
func unquoteChar(text string) (r rune, multibyte bool, tail string, err error) {
	if len(text) > 1 && strings.IndexByte("?`\"'", text[1]) >= 0 {
		return rune(text[1]), false, text[2:], nil
	}
	r, multibyte, tail, err = strconv.UnquoteChar(text, '"')
	if err != nil {
		return 0, false, "", fmt.Errorf("%s is no escape", shown(text[:min(len(text), 4)]))
	}
	return r, multibyte, tail, nil
}
