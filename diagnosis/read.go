package diagnosis

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"mirrorgen.dev/gen/generator/terminal"
)

// A Format is a form of input that a Reader tells from its first bytes.
type Format string

// The formats.
const (
	// PlainText is one message a line.
	PlainText Format = "text"
	// WholeText is one message, line breaks included.
	WholeText Format = "whole"
	// JSON is a Kubernetes list, an object, several objects one after another, or
	// what a watch prints.
	JSON Format = "json"
	// YAML is the same as kubectl -o yaml prints it.
	YAML Format = "yaml"
	// Description is what kubectl describe prints.
	Description Format = "describe"
)

// Lines reports a format whose every message is answered, rather than one out
// of which failures are picked.
func (f Format) Lines() bool { return f == PlainText || f == WholeText }

// Options say how an input is read.
type Options struct {
	// Name stands for the input in errors.
	Name string
	// Whole takes the input as one message of plain text.
	Whole bool
}

// peeked is how much of an input decides its format.
const peeked = 4 << 10

// A Reader yields the messages of one input.
type Reader struct {
	in      *bufio.Reader
	options Options
	format  Format
}

// NewReader looks at the beginning of an input, which it takes for one of the
// formats. UTF-16 with a byte order mark is read as well.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in := bufio.NewReaderSize(utf8Reader(r), 64<<10)
	if mark, _ := in.Peek(3); string(mark) == "\uFEFF" {
		_, _ = in.Discard(3) // Peek has it in the buffer
	}
	if o.Whole {
		return &Reader{in: in, options: o, format: WholeText}, nil
	}
	start, err := in.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &Reader{in: in, options: o, format: detect(start)}, nil
}

// Format is what the input was taken for.
func (r *Reader) Format() Format { return r.format }

// Each calls do for every message, in the order of the input, holding one object
// or line at a time. An error of do ends it and is returned; other errors say
// where the input is broken, and what stands before that place was handed to do.
func (r *Reader) Each(do func(Item) error) error {
	switch r.format {
	case WholeText:
		return readWhole(r.in, do)
	case JSON:
		return readJSON(r.in, r.options.Name, do)
	case YAML:
		return readYAML(r.in, r.options.Name, do)
	case Description:
		return readDescription(r.in, do)
	}
	return readLines(r.in, do)
}

// detect tells a format by the beginning of an input.
func detect(start []byte) Format {
	text := bytes.TrimLeft(start, " \t\r\n")
	if isJSON(text) {
		return JSON
	}
	if isYAML(string(text)) {
		return YAML
	}
	if isDescription(string(start)) {
		return Description
	}
	return PlainText
}

// isJSON reports the beginning of an object, or of a list of objects, of
// Kubernetes. Lines of a log in JSON are plain text.
func isJSON(text []byte) bool {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	if text[0] == '[' {
		text = bytes.TrimLeft(text[1:], " \t\r\n")
		if len(text) == 0 || text[0] == ']' {
			return true
		}
		if text[0] != '{' {
			return false
		}
	}
	for _, key := range []string{`"apiVersion"`, `"kind"`, `"items"`, `"involvedObject"`, `"object"`} {
		if bytes.Contains(text, []byte(key)) {
			return true
		}
	}
	return false
}

// isYAML reports the beginning of an object or a list as kubectl prints it.
func isYAML(text string) bool {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \r")
		switch {
		case line == "", line == "---", strings.HasPrefix(line, "#"):
			continue
		}
		for _, key := range []string{"apiVersion:", "items:", "kind:", "- apiVersion:", "metadata:"} {
			if strings.HasPrefix(line, key) {
				return true
			}
		}
		return false
	}
	return false
}

// isDescription reports the output of kubectl describe, from its beginning or
// from its table of events on.
func isDescription(text string) bool {
	text = terminal.StripSequences(text)
	named, further := false, false
	for _, line := range strings.Split(text, "\n") {
		if _, ok := topField(line, "Name"); ok {
			named = true
		}
		switch {
		case strings.HasPrefix(line, "Namespace:"), strings.HasPrefix(line, "Labels:"), strings.HasPrefix(line, "Annotations:"), strings.HasPrefix(line, "Containers:"), strings.HasPrefix(line, "Status:"):
			further = true
		case isEventHeader(line):
			return true
		}
	}
	return named && further
}
