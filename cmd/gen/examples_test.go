package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"mirrorgen.dev/gen/diagnosis"
)

// pagesOfAnExample are the same page in both languages.
var pagesOfAnExample = []string{"README.md", "README.zh-CN.md"}

// examples are the folders with a MirrorSet and a page for one provider each.
func examples(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(repository, "examples", "*", "mirrors.yaml"))
	if err != nil || len(found) < 6 {
		t.Fatalf("found %d examples: %v", len(found), err)
	}
	var names []string
	for _, name := range found {
		names = append(names, filepath.Base(filepath.Dir(name)))
	}
	return names
}

// rendered is what the Makefile renders: the arguments of each call of gen, the
// loop over the examples unrolled.
func rendered(t *testing.T) [][]string {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^EXAMPLES := (.*)$`).FindSubmatch(makefile)
	body := regexp.MustCompile(`(?ms)^define render\n(.*?)^endef$`).FindSubmatch(makefile)
	if all == nil || body == nil {
		t.Fatal("the Makefile has no EXAMPLES, or does not define render")
	}
	if listed := strings.Fields(string(all[1])); !slices.Equal(listed, examples(t)) {
		t.Errorf("the Makefile renders the examples %v; there are %v", listed, examples(t))
	}
	var calls [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(body[1])), "\n") {
		found := regexp.MustCompile(`\$\(BIN\)/gen (.*) \$\(1\)`).FindStringSubmatch(line)
		if found == nil {
			t.Errorf("cannot read %q", line)
			continue
		}
		for _, example := range strings.Fields(string(all[1])) {
			calls = append(calls, strings.Fields(strings.ReplaceAll(found[1], "$$e", example)))
			if !strings.Contains(found[1], "$$e") {
				break
			}
		}
	}
	return calls
}

func TestEveryFolderThatTheMakefileRendersIsCurrent(t *testing.T) {
	folders := map[string]bool{}
	for _, call := range rendered(t) {
		t.Run(strings.Join(call, " "), func(t *testing.T) {
			if status, _, stderr := gen(t, append(slices.Clone(call), "--check")...); status != exitFine {
				t.Errorf("exit status %d; run make policies\n%s", status, stderr)
			}
		})
		folders[call[slices.Index(call, "--out")+1]] = true
	}
	for _, pattern := range []string{"examples/*/generated", "examples/*/nodes"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(found) == 0 {
			t.Errorf("%s: found %d: %v", pattern, len(found), err)
		}
		for _, name := range found {
			if rel, _ := filepath.Rel(repository, name); !folders[filepath.ToSlash(rel)] {
				t.Errorf("%s: is rendered by nothing", rel)
			}
		}
	}
}

// A page of an example, read for what does not depend on its language.
type page struct {
	// headings are the levels of the headings, in order.
	headings []string
	// code are the lines of code, wherever they stand, without comments.
	code []string
	// links are where links lead, sorted.
	links []string
	// errors are the rows of its table of messages.
	errors []wanted
	// rows counts the rows of tables.
	rows int
}

// A wanted diagnosis: what the page says that a message comes to.
type wanted struct{ message, cause string }

// tableOfErrors is a row whose first cell is a message and whose second a cause.
var tableOfErrors = regexp.MustCompile("^\\| `([^`|]+)` \\| `([a-z0-9-]+)` \\| [^|]+ \\|$")

func readPage(t *testing.T, example, name string) page {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "examples", example, name))
	if err != nil {
		t.Fatal(err)
	}
	var p page
	inCode := false
	for _, line := range strings.Split(string(data), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			inCode = !inCode
			p.code = append(p.code, trimmed)
		case inCode:
			p.code = append(p.code, strings.Join(words(line), " "))
		case strings.HasPrefix(line, "#"):
			level, _, _ := strings.Cut(line, " ")
			p.headings = append(p.headings, level)
		case strings.HasPrefix(line, "|"):
			p.rows++
			if found := tableOfErrors.FindStringSubmatch(line); found != nil {
				p.errors = append(p.errors, wanted{found[1], found[2]})
			}
		}
	}
	for _, found := range link.FindAllSubmatch(data, -1) {
		target := string(found[1])
		if base := filepath.Base(target); base == pagesOfAnExample[1] {
			target = filepath.Join(filepath.Dir(target), pagesOfAnExample[0])
		}
		p.links = append(p.links, target)
	}
	sort.Strings(p.links)
	return p
}

func TestBothPagesOfAnExampleSayTheSame(t *testing.T) {
	for _, example := range examples(t) {
		t.Run(example, func(t *testing.T) {
			first, second := readPage(t, example, pagesOfAnExample[0]), readPage(t, example, pagesOfAnExample[1])
			if want := []string{"#", "##", "##", "##", "##", "##", "##", "##"}; !slices.Equal(first.headings, want) || !slices.Equal(second.headings, want) {
				t.Errorf("headings %v and %v; a page has a title and seven sections", first.headings, second.headings)
			}
			if !slices.Equal(first.code, second.code) {
				t.Errorf("the code differs beyond its comments:\n%s\n\n%s", strings.Join(first.code, "\n"), strings.Join(second.code, "\n"))
			}
			if !slices.Equal(first.links, second.links) {
				t.Errorf("the links differ:\n%v\n%v", first.links, second.links)
			}
			if !slices.Equal(first.errors, second.errors) || len(first.errors) < 5 {
				t.Errorf("messages and their causes, at least five:\n%v\n%v", first.errors, second.errors)
			}
			if first.rows != second.rows {
				t.Errorf("%d rows of tables and %d", first.rows, second.rows)
			}
		})
	}
}

// Each row of what a provider's document asks ends in a case, so that no case
// stands beside the pages.
func TestEveryCaseOfAnExampleIsLinkedFromItsPages(t *testing.T) {
	for _, example := range examples(t) {
		links := readPage(t, example, pagesOfAnExample[0]).links
		cases, err := filepath.Glob(filepath.Join(repository, "examples", example, "testcases", "*", "case.yaml"))
		if err != nil || len(cases) < 5 {
			t.Errorf("%s: %d cases: %v", example, len(cases), err)
		}
		for _, name := range cases {
			if claim := filepath.Base(filepath.Dir(name)); !slices.Contains(links, "testcases/"+claim) {
				t.Errorf("examples/%s/README.md does not link to testcases/%s", example, claim)
			}
		}
	}
}

func TestMessagesOnThePagesOfTheExamplesAreDiagnosed(t *testing.T) {
	for _, example := range examples(t) {
		for _, row := range readPage(t, example, pagesOfAnExample[0]).errors {
			if got := diagnosis.Diagnose(row.message, diagnosis.English).Cause; got != row.cause {
				t.Errorf("examples/%s: %s: is said to be %s, and is diagnosed as %q", example, row.message, row.cause, got)
			}
		}
	}
}

// The blocks marked "sh test" run in the example's folder; of a block that
// begins with "$ gen" the output is compared as well.
func TestCommandsOfTheExamplesRun(t *testing.T) {
	for _, example := range examples(t) {
		t.Run(example, func(t *testing.T) {
			all := blocks(t, filepath.Join(repository, "examples", example, pagesOfAnExample[0]))
			t.Chdir(filepath.Join(repository, "examples", example))
			ran, shown := 0, 0
			for _, b := range all {
				if command, want, ok := strings.Cut(b.text, "\n"); ok && strings.HasPrefix(command, "$ gen ") {
					shown++
					if got, stderr, _ := runHere(words(command)[2:]); got != want {
						t.Errorf("%s:%d: %s: printed\n%s%s", b.page, b.line, command, got, stderr)
					}
				}
				if b.kind != "sh test" {
					continue
				}
				for _, line := range strings.Split(b.text, "\n") {
					command := words(line)
					if len(command) == 0 {
						continue
					}
					if command[0] != "gen" {
						t.Errorf("%s:%d: %s: cannot be run here; take it out of the marked block", b.page, b.line, line)
						continue
					}
					ran++
					// A diff on stdout may be thousands of lines; stderr names the files.
					if _, stderr, status := runHere(command[1:]); status != exitFine {
						t.Errorf("%s:%d: %s: exit status %d\n%s", b.page, b.line, line, status, stderr)
					}
				}
			}
			if ran < 2 || shown != 1 {
				t.Errorf("%d commands ran, %d showed their output: the test does not see them", ran, shown)
			}
		})
	}
}

// runHere runs gen in the working folder.
func runHere(args []string) (stdout, stderr string, status int) {
	var out, talk bytes.Buffer
	status = run(context.Background(), args, strings.NewReader(""), &out, &talk)
	return out.String(), talk.String(), status
}
