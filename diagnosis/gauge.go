package diagnosis

import (
	"errors"
	"io"
	"sort"
)

var errTooLarge = errors.New("a value is too large")

// mostBreaks bounds how many line breaks a gauge remembers.
const mostBreaks = 1 << 16

// A gauge passes input through, refuses to read more than so much without a
// reset, and knows lines and columns of the last part that was read.
type gauge struct {
	in io.Reader
	// left is how many bytes may be read until the next reset.
	left int
	// read counts all bytes.
	read int64
	// breaks are the offsets of the line breaks since the last resets; before
	// counts those that were forgotten, the last of which stood at forgotten.
	breaks    []int64
	before    int
	forgotten int64
}

func (g *gauge) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errTooLarge
	}
	n, err := g.in.Read(p[:min(len(p), g.left)])
	for i, c := range p[:n] {
		if c == '\n' {
			g.breaks = append(g.breaks, g.read+int64(i))
		}
	}
	g.read += int64(n)
	g.left -= n
	if len(g.breaks) > 2*mostBreaks {
		g.forget(len(g.breaks) - mostBreaks)
	}
	return n, err
}

// reset allows as much again, and forgets the line breaks before an offset.
func (g *gauge) reset(offset int64) {
	g.left = maxObject
	if len(g.breaks) > mostBreaks/16 {
		g.forget(sort.Search(len(g.breaks), func(i int) bool { return g.breaks[i] >= offset }))
	}
}

func (g *gauge) forget(n int) {
	if n == 0 {
		return
	}
	g.before += n
	g.forgotten = g.breaks[n-1] + 1
	g.breaks = append(g.breaks[:0], g.breaks[n:]...)
}

// place is the line and the column of an offset, both from 1; zero where the
// place was forgotten.
func (g *gauge) place(offset int64) (line, column int) {
	if offset < g.forgotten {
		return 0, 0
	}
	n := sort.Search(len(g.breaks), func(i int) bool { return g.breaks[i] >= offset })
	start := g.forgotten
	if n > 0 {
		start = g.breaks[n-1] + 1
	}
	return g.before + n + 1, int(offset-start) + 1
}
