package target

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds files against those in testdata/<folder>, none more and none
// less; with -update it writes them there instead.
func golden(t *testing.T, folder string, files []artifact.File) {
	t.Helper()
	root := filepath.Join("testdata", folder)
	if *update {
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Join(root, filepath.FromSlash(file.Path))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	wanted := map[string]bool{}
	for _, file := range files {
		name := filepath.Join(root, filepath.FromSlash(file.Path))
		wanted[name] = true
		want, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%v; go test -update writes it", err)
			continue
		}
		if !bytes.Equal(file.Data, want) {
			t.Errorf("%s: differs from what is rendered; look at it, then go test -update:\n%s", name, file.Data)
		}
	}
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !wanted[name] {
			t.Errorf("%s: is rendered no more", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
