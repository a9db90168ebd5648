package diagnosis

import (
	"bufio"
	"errors"
	"io"
)

// readLines hands every line that is not blank to do.
func readLines(in *bufio.Reader, do func(Item) error) error {
	for number := 1; ; number++ {
		line, cut, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if item, ok := newItem(Item{Message: line, Line: number, Cut: cut}); ok {
			if err := do(item); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// readLine reads up to a line break, which it leaves out, and keeps MaxMessage
// bytes at most; cut says that there were more. The error is io.EOF at the end.
func readLine(in *bufio.Reader) (line string, cut bool, err error) {
	var kept []byte
	for {
		part, err := in.ReadSlice('\n')
		ended := len(part) > 0 && part[len(part)-1] == '\n'
		if ended {
			part = part[:len(part)-1]
		}
		if room := MaxMessage - len(kept); len(part) > room {
			part, cut = part[:max(0, room)], true
		}
		kept = append(kept, part...)
		switch {
		case ended:
			return trimReturn(kept), cut, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return trimReturn(kept), cut, err
		}
	}
}

func trimReturn(line []byte) string {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return string(line)
}

// readWhole hands the whole input to do as one message.
func readWhole(in *bufio.Reader, do func(Item) error) error {
	text, err := io.ReadAll(io.LimitReader(in, MaxMessage))
	if err != nil {
		return err
	}
	more := false
	if len(text) == MaxMessage {
		_, err := in.Peek(1)
		more = err == nil
	}
	item, ok := newItem(Item{Message: string(text), Line: 1, Cut: more})
	if !ok {
		return nil
	}
	return do(item)
}
