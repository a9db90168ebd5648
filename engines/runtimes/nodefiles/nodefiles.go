// Package nodefiles renders MirrorSets to a folder, as gen nodes does.
package nodefiles

import (
	"os"
	"path/filepath"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// Render renders the MirrorSets of text for one runtime to a new folder of the
// test, and returns the folder. A caFile of the text is a name of cas. What the
// runtime cannot express fails the test.
func Render(t testing.TB, text string, cas map[string][]byte, runtime string) string {
	t.Helper()
	files, skipped, err := node.Render(Parse(t, text, cas), node.Options{Runtimes: []string{runtime}})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range skipped {
		t.Log(problem)
	}
	return Write(t, files)
}

// Parse reads the MirrorSets of text as a file beside its certificates.
func Parse(t testing.TB, text string, cas map[string][]byte) []*spec.MirrorSet {
	t.Helper()
	files := []artifact.File{{Path: "mirrors.yaml", Data: []byte(text)}}
	for name, data := range cas {
		files = append(files, artifact.File{Path: name, Data: data})
	}
	sets, err := spec.ParseFile(filepath.Join(Write(t, files), "mirrors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// Write puts files below a new folder of the test, and returns the folder.
func Write(t testing.TB, files []artifact.File) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
