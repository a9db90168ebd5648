package node_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

var update = flag.Bool("update", false, "write what is rendered to testdata")

// TestEveryGoldenIsRendered holds what is rendered to the archives below
// testdata: each has a comment that says why, the options, the MirrorSets with
// their certificates, and, below want/, every file. They are archives because a
// folder may have a colon in its name, which a Go module may not.
func TestEveryGoldenIsRendered(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 5 {
		t.Fatalf("found %d archives: %v", len(archives), err)
	}
	for _, name := range archives {
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			archive := txtar.Parse(data)
			var input, want []txtar.File
			for _, file := range archive.Files {
				if strings.HasPrefix(file.Name, "want") {
					want = append(want, file)
				} else {
					input = append(input, file)
				}
			}
			sets, options := read(t, input)
			files, skipped, err := node.Render(sets, options)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome(files, skipped)
			if *update {
				text := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: append(input, got...)})
				if err := os.WriteFile(name, text, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(want) == 0 {
				t.Fatal("nothing is wanted; run go test with -update")
			}
			compare(t, got, want)
		})
	}
}

func outcome(files []artifact.File, skipped []spec.Problem) []txtar.File {
	var got []txtar.File
	for _, file := range files {
		got = append(got, txtar.File{Name: "want/" + file.Path, Data: file.Data})
	}
	if len(skipped) > 0 {
		var text strings.Builder
		for _, p := range skipped {
			text.WriteString(p.String() + "\n")
		}
		got = append(got, txtar.File{Name: "want-skipped", Data: []byte(text.String())})
	}
	return got
}

func compare(t *testing.T, got, want []txtar.File) {
	t.Helper()
	missing := map[string][]byte{}
	for _, file := range want {
		missing[file.Name] = file.Data
	}
	for _, file := range got {
		wanted, ok := missing[file.Name]
		delete(missing, file.Name)
		switch {
		case !ok:
			t.Errorf("%s: is rendered and not wanted:\n%s", file.Name, file.Data)
		case !bytes.Equal(file.Data, wanted):
			t.Errorf("%s: is\n%s\nand not\n%s", file.Name, file.Data, wanted)
		}
	}
	for name := range missing {
		t.Errorf("%s: is wanted and not rendered", name)
	}
}

// read puts the files of an archive into a folder and reads the MirrorSets from
// there, their places without the folder.
func read(t *testing.T, files []txtar.File) ([]*spec.MirrorSet, node.Options) {
	t.Helper()
	t.Chdir(t.TempDir())
	options := node.Options{Runtimes: node.Runtimes()}
	for _, file := range files {
		if file.Name == "runtimes" {
			options.Runtimes = strings.Fields(string(file.Data))
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file.Name, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var sets []*spec.MirrorSet
	for _, file := range files {
		if filepath.Ext(file.Name) != ".yaml" {
			continue
		}
		found, err := spec.ParseFile(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, found...)
	}
	return sets, options
}
