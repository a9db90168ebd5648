package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
)

// repository is the root of the repository, from the package's folder.
const repository = "../.."

// A block is a fenced block of a page.
type block struct {
	page string
	line int
	// kind is what stands behind the fence, such as "sh test".
	kind, text string
}

// pages are the pages that users read.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{filepath.Join(repository, "README.md"), filepath.Join(repository, "README.zh-CN.md"), filepath.Join(repository, "CHANGELOG.md")}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(repository, dir), func(name string, entry fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(name) == ".md" {
				found = append(found, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	var open *block
	for i, line := range strings.Split(string(data), "\n") {
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{page: page, line: i + 2, kind: strings.TrimSpace(kind)}
		case fence:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s:%d: the block is not closed", page, open.line)
	}
	return found
}

func TestEveryYAMLBlockOfTheDocsIsValid(t *testing.T) {
	sets := 0
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			if b.kind != "yaml" {
				continue
			}
			reader := document.NewReader(b.page, strings.NewReader(b.text))
			for {
				doc, err := reader.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Errorf("%s:%d: %v", b.page, b.line, err)
					break
				}
				object, err := doc.Object()
				if err != nil {
					t.Errorf("%s:%d: %v", b.page, b.line, err)
					continue
				}
				if object["apiVersion"] != spec.APIVersion {
					continue
				}
				sets++
				found, err := spec.Parse("block", doc.Data)
				if err != nil {
					t.Errorf("%s:%d: %v", b.page, b.line, err)
					continue
				}
				for _, set := range found {
					for _, warning := range set.Warnings {
						t.Errorf("%s:%d: warned of: %v", b.page, b.line, warning)
					}
				}
			}
		}
	}
	if sets < 4 {
		t.Errorf("found %d MirrorSets in the docs: the test does not see them", sets)
	}
}

// link is a Markdown link to a file of the repository, its anchor left out.
var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

func TestEveryLinkOfTheDocsLeadsSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllSubmatch(data, -1) {
			target := filepath.Join(filepath.Dir(page), filepath.FromSlash(string(found[1])))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: links to %s, which is not there", page, found[1])
			}
		}
	}
}

// named is a path of the repository in backticks.
var named = regexp.MustCompile("`((?:testcases|generator|harness|engines|templates|examples|cmd)/[a-zA-Z0-9_./*-]+)`")

func TestEveryPathThatTheDocsNameIsThere(t *testing.T) {
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range named.FindAllSubmatch(data, -1) {
			path := strings.TrimSuffix(string(found[1]), "/...")
			matches, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(path)))
			if err != nil || len(matches) == 0 {
				t.Errorf("%s: names %s, which is not there", page, found[1])
			}
		}
	}
}

func TestEveryCommandIsInTheCommandLinePage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range newRoot().Commands() {
		if !bytes.Contains(data, []byte("gen "+command.Name())) {
			t.Errorf("docs/cli.md does not mention gen %s", command.Name())
		}
	}
}

func TestEveryPackageIsInTheArchitecturePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	for _, top := range []string{"cmd", "generator", "harness", "migrate", "templates"} {
		err := filepath.WalkDir(filepath.Join(repository, top), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			rel, err := filepath.Rel(repository, filepath.Dir(name))
			packages[filepath.ToSlash(rel)] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(packages) < 10 {
		t.Errorf("found %d packages: the test does not see the module", len(packages))
	}
	for name := range packages {
		if !bytes.Contains(page, []byte("| `"+name+"` |")) {
			t.Errorf("docs/architecture.md does not say what %s holds", name)
		}
	}
}
