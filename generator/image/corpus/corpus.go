// Package corpus holds image references collected from the tests of other
// projects, each with its source, and what they have to read as or become. It
// is test data that several packages and every engine are held to.
package corpus

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"
)

//go:embed testdata
var files embed.FS

// A Row is one reference with its expectation.
type Row struct {
	// Source is the project and file the row was taken from.
	Source string `json:"source"`
	// Kind is parse, invalid or rewrite.
	Kind  string `json:"kind"`
	Image string `json:"image"`
	// Expect holds what the kind asks for.
	Expect Expect `json:"expect"`
	// Rule is set for rewrite: which registries are mirrored where.
	Rule Rule `json:"rule"`
	// Unchanged says that the rewrite is expected to leave the image alone.
	Unchanged bool   `json:"unchanged"`
	Note      string `json:"note"`
}

// Expect is the wanted outcome of a Row.
type Expect struct {
	Registry    string `json:"registry"`
	Repository  string `json:"repository"`
	Tag         string `json:"tag"`
	Digest      string `json:"digest"`
	TagImplicit bool   `json:"tag_implicit"`
	Rewritten   string `json:"rewritten"`
	// AlsoAccept lists further right answers, where projects differ in spelling.
	AlsoAccept []string `json:"also_accept"`
}

// Rule is one redirection, or several, with hosts that are left alone.
type Rule struct {
	From    string   `json:"from"`
	To      string   `json:"to"`
	Rules   []Rule   `json:"rules"`
	Exclude []string `json:"exclude"`
}

// Images returns every row, in file and line order.
func Images(t testing.TB) []Row {
	t.Helper()
	names, err := fs.Glob(files, "testdata/*.jsonl")
	if err != nil || len(names) == 0 {
		t.Fatalf("no corpus found: %v", err)
	}
	var rows []Row
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			var row Row
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				t.Fatalf("%s:%d: %v", path.Base(name), n, err)
			}
			rows = append(rows, row)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// A RealImage is an image that a published manifest uses.
type RealImage struct{ Image, Source string }

// RealImages returns the references found in published manifests; comments,
// which list placeholders that are no references, are left out.
func RealImages(t testing.TB) []RealImage {
	t.Helper()
	data, err := files.ReadFile("testdata/real-images.txt")
	if err != nil {
		t.Fatal(err)
	}
	var images []RealImage
	for _, line := range strings.Split(string(data), "\n") {
		if image, source, ok := strings.Cut(line, "\t"); ok && !strings.HasPrefix(line, "#") {
			images = append(images, RealImage{image, source})
		}
	}
	if len(images) == 0 {
		t.Fatal("no real images found")
	}
	return images
}
