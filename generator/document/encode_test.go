package document

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestMarshal(t *testing.T) {
	got, err := Marshal(map[string]any{
		"b": []any{"x", int64(1), 1.5, true, nil, []any{}, map[string]any{}},
		"a": map[string]any{"yes": "on", "c": "1e3", "d": "a b", "e": "line\n  two\n", "rego": "x if {\n\ty\n}\n"},
		"l": strings.Repeat("word ", 60) + "end",
		"s": []string{"0x1", "null", "2001-01-01", "1:30", "<<", "=", "", "~", " x", "a: b", "- a", "#", "1.25", "v1.25"},
		"m": map[string]string{"k": "v"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `a:
  c: "1e3"
  d: a b
  e: |
    line
      two
  rego: |
    x if {
    	y
    }
  "yes": "on"
b:
  - x
  - 1
  - 1.5
  - true
  - null
  - []
  - {}
l: ` + strings.Repeat("word ", 60) + `end
m:
  k: v
s:
  - "0x1"
  - "null"
  - "2001-01-01"
  - "1:30"
  - "<<"
  - "="
  - ""
  - "~"
  - ' x'
  - 'a: b'
  - '- a'
  - '#'
  - "1.25"
  - v1.25
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestStringsComeBack states that what is written as a string is read as that
// string, as a value and as a key.
func TestStringsComeBack(t *testing.T) {
	texts := []string{
		"", " ", "  ", "\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "\na", "\n a", " a\nb", "a\n b", "a \nb", "a\n \nb", "\t", "\ta\nb", "a\tb", "a\n\tb", "a\r\nb", "a\rb",
		"y", "n", "yes", "Yes", "NO", "on", "OFF", "true", "null", "~", "Null", "1", "-1", "+1", "01", "0o1", "0x1", "0b1", "-0b1", "1_0", "1.", ".5", "1e3", "1E3", ".inf", "-.inf", ".NaN",
		"2001-01-01", "2001-1-1", "12:30:45", "1:1", "-1:1", "<<", "=", "?", "? a", "-", "- a", "--", "---", "--- a", "...", ":", "a:", "a: b", ":a", "#", "a #b", "a#b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "'", "\"", "{a", "}", "[a", "]", ",", "{{ x }}", "<% x %>", "${x}", "a\\b",
		"\u00e9", "\u0085", "a\u0085b", "\u2028", "a\n\u2028b", "\uFEFF", "a\uFEFFb", "\u0000", "\u0007", "\u007f", "\u009f", "\uFFFE", "\uFFFD", "😀", "a\n😀\n", strings.Repeat("k", 300), strings.Repeat("k k", 300), strings.Repeat("k\n", 300),
	}
	for _, s := range texts {
		object := map[string]any{"v": s, "l": []any{s, []any{s}}, "k": map[string]any{s: "x"}, "n": []any{map[string]any{s: s}}}
		data, err := Marshal(object)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		got, err := read(t, string(data))
		if err != nil {
			t.Errorf("%q: %v in\n%s", s, err, data)
			continue
		}
		if !reflect.DeepEqual(got, object) {
			t.Errorf("%q: comes back as %#v from\n%s", s, got, data)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	for _, row := range []struct {
		why  string
		v    any
		want string
	}{
		{"a type that no object holds", map[string]any{"a": struct{}{}}, "encode YAML: a value of type struct {}"},
		{"text that is not UTF-8", []any{"\xff"}, "encode YAML: text that is not UTF-8"},
		{"a key that is not UTF-8", map[string]any{"\xff": 1}, "encode YAML: text that is not UTF-8"},
		{"no number", math.NaN(), "encode YAML: a float that JSON cannot hold"},
		{"infinity", []any{math.Inf(-1)}, "encode YAML: a float that JSON cannot hold"},
	} {
		if _, err := Marshal(row.v); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.why, err, row.want)
		}
	}
	loop := map[string]any{}
	loop["a"] = loop
	if _, err := Marshal(loop); err == nil || err.Error() != "encode YAML: nested deeper than 1000 levels" {
		t.Errorf("a map that holds itself: %v", err)
	}
}

func TestEncodeWritesWhatMarshalReturns(t *testing.T) {
	var b strings.Builder
	if err := Encode(&b, map[string]any{"a": int64(1)}); err != nil || b.String() != "a: 1\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
}
