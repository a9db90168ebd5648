package document_test

import (
	"io"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/document"
)

func treeOf(t *testing.T, text string) *document.Tree {
	t.Helper()
	doc, err := document.NewReader("f", strings.NewReader(text)).Next()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := doc.Tree()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestReplaceChangesTheStringsAndNothingElse(t *testing.T) {
	const to = "m.example.com:5000/library/nginx:1"
	image := []any{"spec", "containers", 0, "image"}
	for _, row := range []struct {
		why, text string
		path      []any
		old       string
		want      string // empty: cannot be done safely
	}{
		{"a plain scalar, its comment kept", "spec:\n  containers:\n  - name: c   # é\n    image: nginx:1   # pinned\n", image, "nginx:1", "spec:\n  containers:\n  - name: c   # é\n    image: " + to + "   # pinned\n"},
		{"single quotes stay", "spec: {containers: [{image: 'nginx:1'}]}\n", image, "nginx:1", "spec: {containers: [{image: '" + to + "'}]}\n"},
		{"double quotes stay", "spec: {containers: [{image: \"nginx:1\"}]}\n", image, "nginx:1", "spec: {containers: [{image: \"" + to + "\"}]}\n"},
		{"behind characters of several bytes", "spec: {containers: [{name: 中文é, image: nginx}]}\n", image, "nginx", "spec: {containers: [{name: 中文é, image: " + to + "}]}\n"},
		{"with CRLF", "spec:\r\n  containers:\r\n  - image: nginx\r\n    name: c\r\n", image, "nginx", "spec:\r\n  containers:\r\n  - image: " + to + "\r\n    name: c\r\n"},
		{"at the end of the text", "spec: {containers: [{name: a}]}\nother: nginx", []any{"other"}, "nginx", "spec: {containers: [{name: a}]}\nother: " + to},
		{"another scalar that begins alike", "spec: {containers: [{image: nginx-debug}]}\n", image, "nginx", ""},
		{"an alias", "x: &i nginx\nspec: {containers: [{image: *i}]}\n", image, "nginx", ""},
		{"an anchor, which others follow", "spec: {containers: [{image: &i nginx}]}\ny: *i\n", image, "nginx", ""},
		{"a merge", "x: &c {image: nginx}\nspec: {containers: [{<<: *c, name: a}]}\n", image, "nginx", ""},
		{"escapes", "spec: {containers: [{image: \"ngin\\x78\"}]}\n", image, "nginx", ""},
		{"a block scalar", "spec:\n  containers:\n  - image: >-\n      nginx\n", image, "nginx", ""},
		{"a tag", "spec: {containers: [{image: !!str nginx}]}\n", image, "nginx", ""},
		{"JSON", `{"spec":{"containers":[{"image":"nginx"}]}}`, image, "nginx", ""},
		{"a line break that only YAML knows", "spec: {containers: [{name: \"a\u2028b\", image: nginx}]}\n", image, "nginx", "spec: {containers: [{name: \"a\u2028b\", image: " + to + "}]}\n"},
		{"no such place", "spec: {containers: []}\n", image, "nginx", ""},
	} {
		tree := treeOf(t, row.text)
		got, ok := tree.Replace([]document.Edit{{Path: row.path, Old: row.old, New: to}})
		if !ok {
			got = nil
		}
		// Refusing is always safe; what is given has to be exact.
		if string(got) != row.want && (ok || row.why != "a line break that only YAML knows") {
			t.Errorf("%s:\ngot  %q\nwant %q", row.why, got, row.want)
		}
	}
	if _, ok := treeOf(t, "a: nginx\n").Replace([]document.Edit{{Path: []any{"a"}, Old: "nginx", New: "[::1]:5000/x"}}); ok {
		t.Error("a text that would need quotes was written without")
	}
}

// FuzzReplace states that a replaced text decodes to the object with that one
// string changed.
func FuzzReplace(f *testing.F) {
	for _, seed := range []string{"image: nginx # x\nb: 1\n", "{image: 'a', b: [1, 2]}", "b: &x 1\nimage: a\nc: *x\n", "? image\n: a\n", "image: a\n...\n", "\timage: a", "image:\n  a\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := document.NewReader("f", strings.NewReader(text)).Next()
		if err == io.EOF || err != nil {
			return
		}
		tree, err := doc.Tree()
		if err != nil {
			return
		}
		old, ok := tree.Object()["image"].(string)
		if !ok {
			return
		}
		replaced, ok := tree.Replace([]document.Edit{{Path: []any{"image"}, Old: old, New: "m.example.com/x:1"}})
		if !ok {
			return
		}
		again := doc
		again.Data = replaced
		object, err := again.Object()
		if err != nil {
			t.Fatalf("%q became %q: %v", text, replaced, err)
		}
		want := tree.Object()
		want["image"] = "m.example.com/x:1"
		a, errA := document.Marshal(want)
		b, errB := document.Marshal(object)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Fatalf("%q became %q, which reads\n%s\nwanted is\n%s", text, replaced, b, a)
		}
	})
}
