package document

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Reader splits a stream into documents without parsing them, holding one
// document at a time.
type Reader struct {
	name string
	in   *bufio.Reader
	max  int
	// line is the number of the line that comes next, from 1.
	line  int
	index int
	// pending is the line of the last separator where text that is no comment
	// stands behind it; 0 where none does.
	pending int
	done    bool
}

// NewReader reads documents from r; name stands for r in errors.
//
// A line that begins with "---" and a blank or nothing separates two documents,
// as it does for kubectl; only a comment may follow on that line. A line "..."
// ends a document too. Documents of nothing but blanks, comments and "%"
// directives are passed over. A byte order mark at the very start is dropped.
func NewReader(name string, r io.Reader) *Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		// Peek has it in the buffer, so this cannot fail.
		_, _ = in.Discard(len(byteOrderMark))
	}
	return &Reader{name: name, in: in, max: MaxSize, line: 1}
}

const byteOrderMark = "\uFEFF"

// Next returns the next document, or io.EOF behind the last one. Any other
// error means that the stream cannot be read further; a document that is broken
// in itself is returned, and its Object and Node say what is wrong.
func (r *Reader) Next() (Document, error) {
	for !r.done {
		doc, err := r.chunk()
		if err != nil {
			r.done = true
			return Document{}, fmt.Errorf("%s: %w", r.name, err)
		}
		if doc.broken == "" && blank(doc.Data) {
			continue
		}
		r.index++
		doc.Name, doc.Index = r.name, r.index
		return doc, nil
	}
	return Document{}, io.EOF
}

// chunk reads up to the next separator or the end of the stream.
func (r *Reader) chunk() (Document, error) {
	doc := Document{Line: r.line}
	if r.pending > 0 {
		doc.Line = r.pending
		r.pending = 0
		doc.broken = `text behind the separator "---"; write it on the next line, since kubectl refuses it there`
	}
	for start := true; ; {
		part, err := r.in.ReadSlice('\n')
		number := r.line
		ended := len(part) > 0 && part[len(part)-1] == '\n'
		if ended {
			r.line++
		}
		if start && len(part) > 0 {
			if text, ok := marker(part, "---"); ok {
				if len(text) > 0 && text[0] != '#' {
					r.pending = number
				}
				return doc, r.drain(err)
			}
			if text, ok := marker(part, "..."); ok && (len(text) == 0 || text[0] == '#') {
				return doc, r.drain(err)
			}
		}
		start = ended
		switch {
		case doc.broken != "":
		case len(doc.Data)+len(part) > r.max:
			doc.broken = fmt.Sprintf("more than %d bytes in one document; split it", r.max)
			doc.Data = nil
		default:
			doc.Data = append(doc.Data, part...)
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			r.done = true
			return doc, nil
		default:
			return doc, err
		}
	}
}

// drain reads the rest of a line whose first part came with err.
func (r *Reader) drain(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		if _, err = r.in.ReadSlice('\n'); err == nil {
			r.line++
		}
	}
	if errors.Is(err, io.EOF) {
		// A separator without a line break ends the stream; text behind it is
		// still to be complained about.
		r.done = r.pending == 0
		return nil
	}
	return err
}

// marker reports whether a line begins with the marker as a word of its own,
// and what follows it.
func marker(line []byte, mark string) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(line, []byte(mark))
	if !ok || len(rest) > 0 && !isBlank(rest[0]) {
		return nil, false
	}
	return bytes.TrimSpace(rest), true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// blank reports text that holds no value: blank lines, comments, directives.
func blank(data []byte) bool {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if len(line) > 0 && line[0] == '%' {
			line = nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
		data = rest
	}
	return true
}
