package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// parse reads the document into the library's nodes; the node returned is the
// root value, nil where there is none.
func (d Document) parse() (root *yaml.Node, err error) {
	if d.broken != "" {
		return nil, d.errorAt(1, "%s", d.broken)
	}
	if line, ok := d.notUTF8(); ok {
		return nil, d.errorAt(line, "not UTF-8")
	}
	defer func() {
		// The library panics where its own parts disagree. That is no reason to
		// stop the documents behind this one.
		if p := recover(); p != nil {
			root, err = nil, d.errorAt(0, "the YAML library cannot read this: %v", p)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(d.Data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, d.syntaxError(err)
	}
	// The library stops behind the first value and would ignore what follows.
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, d.syntaxError(err)
	default:
		return nil, d.errorAt(second.Line, "a second document begins here without a separator line")
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	return document.Content[0], nil
}

// syntaxError keeps the library's words, without its prefix and with the line
// of the file.
func (d Document) syntaxError(err error) error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{Name: d.Name, Index: d.Index, Message: message}
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				e.Line, e.Near, e.Message = d.Line+line-1, true, text
			}
		}
	} else {
		// The library leaves the line out where it is the first.
		e.Line, e.Near = d.Line, true
	}
	// A name that the document chose may be anything, a credential included.
	e.Message = unknownAnchor().ReplaceAllString(e.Message, "an alias names an anchor that is not defined before it")
	return e
}

func unknownAnchor() *regexp.Regexp { return regexp.MustCompile(`(?s)unknown anchor '.*' referenced`) }

// notUTF8 finds the first line that is not UTF-8.
func (d Document) notUTF8() (line int, found bool) {
	if utf8.Valid(d.Data) {
		return 0, false
	}
	valid := 0
	for valid < len(d.Data) {
		r, size := utf8.DecodeRune(d.Data[valid:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		valid += size
	}
	return 1 + bytes.Count(d.Data[:valid], []byte("\n")), true
}

// quoted shows a key in an error, cut where it is long.
func quoted(text string) string {
	const most = 60
	if len(text) <= most {
		return strconv.Quote(text)
	}
	return fmt.Sprintf("%q...", strings.ToValidUTF8(text[:most], ""))
}
