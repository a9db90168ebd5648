package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrLineTooLong marks a line longer than the limit. The rest of the stream
// cannot be trusted after it.
var ErrLineTooLong = errors.New("line too long")

// A LineReader reads the lines of one side of the conversation. It is not safe
// for use by several goroutines.
type LineReader struct {
	reader *bufio.Reader
	limit  int
}

// NewLineReader reads lines of at most limit bytes, the newline excluded.
func NewLineReader(r io.Reader, limit int) *LineReader {
	return &LineReader{reader: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// Next returns a line without its newline; the slice is the caller's to keep.
// It returns io.EOF at the end of the stream, io.ErrUnexpectedEOF where the
// stream ends within a line, and an error wrapping ErrLineTooLong where a line
// exceeds the limit; no more than the limit is ever held in memory.
func (l *LineReader) Next() ([]byte, error) {
	var line []byte
	for {
		chunk, err := l.reader.ReadSlice('\n')
		size := len(line) + len(bytes.TrimSuffix(chunk, []byte("\n")))
		if size > l.limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, l.limit)
		}
		line = append(line, chunk...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// A LineWriter writes the lines of one side of the conversation, each whole. It
// may be used by several goroutines at once.
type LineWriter struct {
	mutex  sync.Mutex
	writer io.Writer
}

// NewLineWriter writes to w, one Write a line.
func NewLineWriter(w io.Writer) *LineWriter { return &LineWriter{writer: w} }

// Encode is the line that carries value, its newline included. It fails with an
// error wrapping ErrLineTooLong where the line would exceed limit, so that the
// sender learns of it before the other side gives up.
func Encode(value any, limit int) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	// Policies are full of < and >; the other side is no browser.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	if size := buffer.Len() - 1; size > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrLineTooLong, size, limit)
	}
	return buffer.Bytes(), nil
}

// Write writes a line made by Encode.
func (l *LineWriter) Write(line []byte) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, err := l.writer.Write(line)
	return err
}
