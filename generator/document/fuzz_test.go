package document

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzObject states that no input panics, and that what was read is read again
// from what Marshal writes of it.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n", "a: yes\nb: [1, 1.5, ~, {c: '<<'}]\n", "a: &x {b: 1}\nc: {<<: *x}\n", "a: |\n  x\n\n  y\n", "{\"a\": \"\\ud83d\\ude00\", \"b\": 1e999}", "a: !!binary /w==\n", "a: &x [*x]\n",
		"? a\n: b\n", "1: a\n.inf: b\n", "--- x\n", "\uFEFFa: 1\r\n...\r\n", "a: 0x7fffffffffffffff\n", "a: \"\\x00\\u2028\"\n", "a: \"\\n \\n\"\n", bomb(3), "a: 1e300\nb: -0.0\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := NewReader("f", strings.NewReader(text))
		for {
			doc, err := r.Next()
			if err != nil {
				return
			}
			_, _ = doc.Node()
			object, err := doc.Object()
			if err != nil {
				continue
			}
			data, err := Marshal(object)
			if err != nil {
				t.Fatalf("%q: read, but not written: %v", text, err)
			}
			again, err := NewReader("again", strings.NewReader(string(data))).Next()
			if err != nil {
				t.Fatalf("%q: written as %q: %v", text, data, err)
			}
			got, err := again.Object()
			if err != nil || !reflect.DeepEqual(got, object) {
				t.Fatalf("%q: %#v, written as %q, comes back as %#v, %v", text, object, data, got, err)
			}
		}
	})
}
