package diagnosis

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Reader passes text through, and turns UTF-16 into UTF-8 where the input
// begins with its mark: that is what ">" writes in Windows PowerShell.
func utf8Reader(r io.Reader) io.Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	switch mark, _ := in.Peek(2); string(mark) {
	case "\xff\xfe":
		_, _ = in.Discard(2) // Peek has it in the buffer
		return &utf16Reader{in: in, low: 0, high: 1}
	case "\xfe\xff":
		_, _ = in.Discard(2)
		return &utf16Reader{in: in, low: 1, high: 0}
	}
	return in
}

// A utf16Reader decodes two bytes at a time; low and high are their places.
type utf16Reader struct {
	in        *bufio.Reader
	low, high int
	// pending is the first half of a pair; 0: none.
	pending rune
	// rest is decoded text that did not fit.
	rest []byte
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	for n < len(p) {
		var unit [2]byte
		if _, err := io.ReadFull(u.in, unit[:]); err != nil {
			switch {
			case n > 0:
				return n, nil
			case errors.Is(err, io.ErrUnexpectedEOF):
				return 0, io.EOF // an odd last byte is no character
			}
			return 0, err
		}
		r := rune(unit[u.low]) | rune(unit[u.high])<<8
		if utf16.IsSurrogate(r) {
			if u.pending == 0 {
				u.pending = r
				continue
			}
			r = utf16.DecodeRune(u.pending, r)
		}
		u.pending = 0
		var text [utf8.UTFMax]byte
		size := utf8.EncodeRune(text[:], r)
		written := copy(p[n:], text[:size])
		n += written
		if written < size {
			u.rest = append(u.rest[:0], text[written:size]...)
		}
	}
	return n, nil
}
