package protocol

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

func TestALineReaderKeepsLinesApartAndRefusesWhatItCannotHold(t *testing.T) {
	long := strings.Repeat("x", 100_000) // longer than the reader's own buffer
	cases := []struct {
		reason string
		input  string
		limit  int
		lines  []string
		end    error
	}{
		{"no input is a clean end", "", 10, nil, io.EOF},
		{"an empty line is a line", "\n", 10, []string{""}, io.EOF},
		{"lines are told apart", "a\nbc\n", 10, []string{"a", "bc"}, io.EOF},
		{"a line of exactly the limit is allowed", "abc\n", 3, []string{"abc"}, io.EOF},
		{"one byte more is not", "abcd\n", 3, nil, ErrLineTooLong},
		{"an endless line is refused before it ends", strings.Repeat("x", 200_000), 3, nil, ErrLineTooLong},
		{"a line longer than the buffer is put together", long + "\nb\n", 100_000, []string{long, "b"}, io.EOF},
		{"a half line is not a line", "a\nb", 10, []string{"a"}, io.ErrUnexpectedEOF},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			reader := NewLineReader(strings.NewReader(test.input), test.limit)
			var lines []string
			for {
				line, err := reader.Next()
				if err != nil {
					if !errors.Is(err, test.end) {
						t.Fatalf("ends with %v, want %v", err, test.end)
					}
					break
				}
				lines = append(lines, string(line))
			}
			if strings.Join(lines, "|") != strings.Join(test.lines, "|") || len(lines) != len(test.lines) {
				t.Errorf("read %d lines, want %d", len(lines), len(test.lines))
			}
		})
	}
}

func TestLinesAreKeptByTheCaller(t *testing.T) {
	reader := NewLineReader(strings.NewReader("first\nother\n"), 10)
	first, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	if string(first) != "first" {
		t.Errorf("the next line overwrote the first: %q", first)
	}
}

func TestEncodeTellsTheSenderOfALineThatIsTooLong(t *testing.T) {
	if _, err := Encode(Request{ID: 1, Load: &Load{Files: []File{{Data: strings.Repeat("x", 100)}}}}, 100); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("got %v", err)
	}
	line, err := Encode(map[string]string{"a": "<b>\n"}, 100)
	if err != nil || string(line) != `{"a":"<b>\n"}`+"\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestLinesOfSeveralWritersDoNotMix(t *testing.T) {
	reader, writer := io.Pipe()
	lines := NewLineWriter(writer)
	var group sync.WaitGroup
	for _, letter := range []string{"a", "b", "c"} {
		group.Go(func() {
			for range 50 {
				_ = lines.Write([]byte(strings.Repeat(letter, 500) + "\n"))
			}
		})
	}
	go func() { group.Wait(); writer.Close() }()
	in := NewLineReader(reader, 1000)
	count := 0
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		count++
		if strings.Trim(string(line), string(line[:1])) != "" || len(line) != 500 {
			t.Fatalf("mixed line %q", line)
		}
	}
	if count != 150 {
		t.Errorf("read %d lines", count)
	}
}
