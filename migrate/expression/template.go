package expression

import (
	"errors"
	"fmt"
	"strings"
)

// A Context resolves the names that a rule defines itself.
type Context struct {
	// Variables are the rule's own, by name.
	Variables map[string]Expr
	// Registry are the names of imageRegistry entries, and what they look up.
	Registry map[string]Expr
	// Unknown are names that the rule defines in a way that is not read here.
	Unknown map[string]string
}

// Parse reads one of Kyverno's texts. The error says what of it is not known.
func Parse(text string, in Context) (Expr, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("has %d bytes; at most %d are read", len(text), MaxLength)
	}
	return template(text, in, 0)
}

// template reads a text with {{ }} in it. Kyverno substitutes the innermost first,
// which comes to the same where the inner ones stand within strings.
func template(text string, in Context, depth int) (Expr, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	var parts []Expr
	for rest := text; ; {
		open := strings.Index(rest, "{{")
		if open < 0 {
			if rest != "" || len(parts) == 0 {
				parts = append(parts, value{rest})
			}
			break
		}
		if open > 0 && rest[open-1] == '\\' {
			return nil, errors.New(`an escaped \{{ is not read here`)
		}
		end := closing(rest[open:])
		if end < 0 {
			return nil, errors.New("{{ is not closed")
		}
		if open > 0 {
			parts = append(parts, value{rest[:open]})
		}
		inner, err := parseJMESPath(rest[open+2:open+end-2], in, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, inner)
		rest = rest[open+end:]
	}
	if strings.Contains(text, "$(") {
		return nil, errors.New("a reference $( ) is not read here")
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return joined{parts}, nil
}

// closing is the length of a text that begins with {{ up to its }}; below 0 where
// there is none. A single { within, such as that of a regular expression, has its own }.
func closing(text string) int {
	var open []byte
	for i := 0; i < len(text); i++ {
		double := i+1 < len(text) && text[i+1] == text[i]
		switch {
		case text[i] == '{' && double:
			open = append(open, 2)
			i++
		case text[i] == '{':
			open = append(open, 1)
		case text[i] == '}' && open[len(open)-1] == 1:
			open = open[:len(open)-1]
		case text[i] == '}' && double:
			open = open[:len(open)-1]
			i++
		default:
			continue
		}
		if len(open) == 0 {
			return i + 1
		}
		if len(open) > maxDepth {
			return -1
		}
	}
	return -1
}
