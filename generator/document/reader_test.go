package document

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// all reads every document as "index@line data" or "index@line !error".
func all(t *testing.T, r *Reader) []string {
	t.Helper()
	var got []string
	for {
		doc, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			return append(got, "stop "+err.Error())
		}
		text := string(doc.Data)
		if doc.broken != "" {
			text = "!" + doc.broken
		}
		got = append(got, fmt.Sprintf("%d@%d %s", doc.Index, doc.Line, text))
	}
}

func TestReaderSplits(t *testing.T) {
	const behind = `!text behind the separator "---"; write it on the next line, since kubectl refuses it there`
	for _, row := range []struct {
		why, in string
		want    []string
	}{
		{"nothing", "", nil},
		{"comments alone are no document", "# a\n\n---\n# b\n", nil},
		{"one document", "a: 1\n", []string{"1@1 a: 1\n"}},
		{"no line break at the end", "a: 1", []string{"1@1 a: 1"}},
		{"a separator first", "---\na: 1\n", []string{"1@2 a: 1\n"}},
		{"empty documents do not count", "---\n---\na: 1\n---\n# c\n---\nb: 1\n", []string{"1@3 a: 1\n", "2@7 b: 1\n"}},
		{"a comment on the separator, as helm writes", "--- # Source: x\na: 1\n---\t#y\nb: 1", []string{"1@2 a: 1\n", "2@4 b: 1"}},
		{"blanks behind the separator", "a: 1\n---  \t\nb: 1", []string{"1@1 a: 1\n", "2@3 b: 1"}},
		{"CRLF", "a: 1\r\n---\r\nb: 1\r\n", []string{"1@1 a: 1\r\n", "2@3 b: 1\r\n"}},
		{"an end marker", "a: 1\n...\n---\nb: 1\n...\n", []string{"1@1 a: 1\n", "2@4 b: 1\n"}},
		{"an end marker alone", "a: 1\n... # end\nb: 1\n", []string{"1@1 a: 1\n", "2@3 b: 1\n"}},
		{"text behind the separator", "a: 1\n--- {b: 1}\nc: 1\n---\nd: 1", []string{"1@1 a: 1\n", "2@2 " + behind, "3@5 d: 1"}},
		{"text behind the last separator", "--- x", []string{"1@1 " + behind}},
		{"an indented separator is content", "a: |\n  ---\n  b\n", []string{"1@1 a: |\n  ---\n  b\n"}},
		{"four dashes are content", "----\n", []string{"1@1 ----\n"}},
		{"a word behind dashes is content", "---a\n", []string{"1@1 ---a\n"}},
		{"a mark at the start", "\uFEFFa: 1\n", []string{"1@1 a: 1\n"}},
		{"a mark before a separator", "\uFEFF---\na: 1\n", []string{"1@2 a: 1\n"}},
		{"a directive", "%YAML 1.1\n---\na: 1\n", []string{"1@3 a: 1\n"}},
		{"JSON", "{\"a\":\n1}\n---\n{}\n", []string{"1@1 {\"a\":\n1}\n", "2@4 {}\n"}},
	} {
		for name, in := range map[string]io.Reader{"at once": strings.NewReader(row.in), "byte by byte": iotest.OneByteReader(strings.NewReader(row.in))} {
			if got := all(t, NewReader("f", in)); strings.Join(got, "|") != strings.Join(row.want, "|") {
				t.Errorf("%s, %s: got %q, want %q", row.why, name, got, row.want)
			}
		}
	}
}

func TestReaderHoldsLongLines(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	got := all(t, NewReader("f", strings.NewReader("a: "+long+"\n--- # "+long+"\nb: "+long)))
	want := []string{"1@1 a: " + long + "\n", "2@3 b: " + long}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Error("long lines are not read as written")
	}
}

func TestOversizeDocumentDoesNotStopTheRest(t *testing.T) {
	r := NewReader("f", strings.NewReader("a: 1\n---\n"+strings.Repeat("b: 1\n", 10)+"---\nc: 1\n"))
	r.max = 20
	got := all(t, r)
	want := []string{"1@1 a: 1\n", "2@3 !more than 20 bytes in one document; split it", "3@14 c: 1\n"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadErrorStops(t *testing.T) {
	r := NewReader("f", io.MultiReader(strings.NewReader("a: 1\n---\nb"), iotest.ErrReader(errors.New("disk on fire"))))
	got := all(t, r)
	if strings.Join(got, "|") != "1@1 a: 1\n|stop f: disk on fire" {
		t.Errorf("got %q", got)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("behind an error: %v, want io.EOF", err)
	}
}
