package target

import (
	"fmt"
	"strings"
)

// celString encodes text as a CEL string literal in single quotes. Beyond the
// quote and the backslash, control characters are written as escapes, so that an
// expression stays on its lines; and so are "$" and "{", with which the variables
// of tools around Kubernetes begin (Flux, Helm, Kyverno).
func celString(text string) string {
	var out strings.Builder
	out.WriteByte('\'')
	for _, r := range text {
		switch {
		case r == '\'' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < ' ' || r == '$' || r == '{' || r == 0x7f || r >= 0x80 && r <= 0xa0 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('\'')
	return out.String()
}

// celStrings is a CEL list of string literals, on one line.
func celStrings(texts []string) string {
	literals := make([]string, len(texts))
	for i, text := range texts {
		literals[i] = celString(text)
	}
	return "[" + strings.Join(literals, ", ") + "]"
}
