package node_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// mirrors reads a MirrorSet of one mirror for each line, in flow style, and
// further lines of its spec. The first mirror is on line 6.
func mirrors(t testing.TB, body string, mirrors ...string) *spec.MirrorSet {
	t.Helper()
	text := "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: set}\nspec:\n  mirrors:\n"
	for _, m := range mirrors {
		text += "  - {" + m + "}\n"
	}
	for line := range strings.Lines(body) {
		text += "  " + line
	}
	sets, err := spec.Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sets[0]
}

// render wants no error.
func render(t testing.TB, set *spec.MirrorSet, runtimes ...string) map[string]string {
	t.Helper()
	files, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: runtimes})
	if err != nil {
		t.Fatal(err)
	}
	return texts(files)
}

func texts(files []artifact.File) map[string]string {
	byPath := map[string]string{}
	for _, file := range files {
		byPath[file.Path] = string(file.Data)
	}
	return byPath
}

// has wants lines in a file, in their order.
func has(t *testing.T, files map[string]string, path string, lines ...string) {
	t.Helper()
	text, ok := files[path]
	if !ok {
		t.Errorf("%s: is not rendered", path)
		return
	}
	rest := text
	for _, line := range lines {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Errorf("%s: %q is not there, or not in its place:\n%s", path, line, text)
			return
		}
		rest = after
	}
}

func hasNot(t *testing.T, files map[string]string, path, text string) {
	t.Helper()
	if strings.Contains(files[path], text) {
		t.Errorf("%s: %q is there:\n%s", path, text, files[path])
	}
}
