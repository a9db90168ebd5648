package node

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// quote is text as a basic string of TOML, which YAML and JSON read alike. What
// no spec holds, control characters and broken UTF-8, is escaped all the same.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteAll is a TOML array of strings.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// strict decodes TOML and refuses a key that into has no field for. containerd
// and CRI-O pass over such a key without a word.
func strict(data []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(into)
	var missing *toml.StrictMissingError
	var broken *toml.DecodeError
	switch {
	case errors.As(err, &missing):
		unknown := missing.Errors[0]
		line, column := unknown.Position()
		return &placed{line, column, fmt.Sprintf("%q: unknown key; it would be passed over", strings.Join(unknown.Key(), "."))}
	case errors.As(err, &broken):
		line, column := broken.Position()
		return &placed{line, column, "not TOML: " + broken.Error()}
	}
	return err
}

// placed is what is wrong at a place of a file.
type placed struct {
	line, column int
	message      string
}

func (p *placed) Error() string { return fmt.Sprintf("%d:%d: %s", p.line, p.column, p.message) }
