package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// WriteJSON writes value as one line of JSON, at once, with what may not come out
// escaped, and with "<", ">" and "&" as they are: names such as kyverno->rego are
// to be read and searched for. Its errors are those of json.Marshal and of w.
func WriteJSON(w io.Writer, value any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(JSON(line.Bytes()))
	return err
}

// JSON escapes what may not come out of encoded JSON, in which each such
// character but a line feed and a tab lies within a string: what a reader decodes
// is the same. Line feeds and tabs, which lie between the values, stay.
func JSON(encoded []byte) []byte {
	text := string(encoded)
	if strings.ContainsFunc(text, hiddenInJSON) {
		var b strings.Builder
		for _, r := range text {
			switch {
			case !hiddenInJSON(r):
				b.WriteRune(r)
			case r > 0xffff:
				high, low := utf16.EncodeRune(r)
				fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
			default:
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		}
		text = b.String()
	}
	return []byte(breakMarkers(text, `\u0023`))
}

func hiddenInJSON(r rune) bool { return Hidden(r) && r != '\n' && r != '\t' }
