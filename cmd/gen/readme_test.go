package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/overlay"
)

var readmes = []string{"README.md", "README.zh-CN.md"}

// A word of a command; the commands of the READMEs need no quotes.
func words(line string) []string {
	command, _, _ := strings.Cut(line, "#")
	return strings.Fields(command)
}

// The blocks marked "sh test" run, in order and in one folder, as a reader would
// type them. They need neither a network nor an engine beside gen.
func TestCommandsOfTheREADMEsRun(t *testing.T) {
	for _, name := range readmes {
		t.Run(name, func(t *testing.T) {
			readme := filepath.Join(repository, name)
			all := blocks(t, readme)
			targets := makeTargets(t)
			t.Chdir(t.TempDir())
			ran := 0
			for _, b := range all {
				if b.kind != "sh test" {
					continue
				}
				for _, line := range strings.Split(b.text, "\n") {
					command := words(line)
					switch {
					case len(command) == 0:
					case command[0] == "make":
						if !targets[command[1]] {
							t.Errorf("%s:%d: %s: no such target", name, b.line, line)
						}
					case command[0] == "gen":
						ran++
						var stdout, stderr bytes.Buffer
						if status := run(context.Background(), command[1:], strings.NewReader(""), &stdout, &stderr); status != exitFine {
							t.Errorf("%s:%d: %s: exit status %d\n%s%s", name, b.line, line, status, stdout.Bytes(), stderr.Bytes())
						}
					default:
						t.Errorf("%s:%d: %s: cannot be run here; take it out of the marked block", name, b.line, line)
					}
				}
			}
			if ran < 5 {
				t.Errorf("%s: %d commands ran: the test does not see them", name, ran)
			}
			// What is to be applied is what gen policies wrote above.
			for _, b := range all {
				for _, line := range strings.Split(b.text, "\n") {
					if command := words(line); len(command) == 4 && strings.Join(command[:3], " ") == "kubectl apply -k" {
						if objects, err := overlay.Build(command[3], overlay.Options{}); err != nil || len(objects) == 0 {
							t.Errorf("%s:%d: %s: builds %d objects: %v", name, b.line, line, len(objects), err)
						}
					}
				}
			}
		})
	}
}

func TestMakeTargetsOfTheREADMEsExist(t *testing.T) {
	targets := makeTargets(t)
	for _, name := range readmes {
		var named []string
		for _, b := range blocks(t, filepath.Join(repository, name)) {
			for _, line := range strings.Split(b.text, "\n") {
				if command := words(line); len(command) > 1 && command[0] == "make" {
					named = append(named, command[1])
					if !targets[command[1]] {
						t.Errorf("%s:%d: make %s: no such target", name, b.line, command[1])
					}
				}
			}
		}
		if len(named) < 2 || named[0] != "demo" || named[1] != "test" {
			t.Errorf("%s: names the targets %v; a reader first needs demo, then test", name, named)
		}
	}
}

func makeTargets(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllSubmatch(data, -1) {
		targets[string(found[1])] = true
	}
	return targets
}

func TestOutputInTheREADMEsIsWhatIsPrinted(t *testing.T) {
	for _, name := range readmes {
		t.Run(name, func(t *testing.T) {
			var set, shown string
			for _, b := range blocks(t, filepath.Join(repository, name)) {
				if b.kind == "yaml" && set == "" {
					set = b.text
				}
				if after, ok := strings.CutPrefix(b.text, "$ gen explain nginx\n"); ok {
					shown, _, _ = strings.Cut(after, "\n\n")
				}
			}
			if set == "" || shown == "" {
				t.Fatal("no MirrorSet, or no output of gen explain nginx")
			}
			t.Chdir(t.TempDir())
			if err := os.WriteFile("mirrors.yaml", []byte(set), 0o644); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			run(context.Background(), []string{"explain", "nginx"}, strings.NewReader(""), &stdout, &stderr)
			if got := strings.TrimSuffix(stdout.String(), "\n"); got != shown {
				t.Errorf("printed\n%s\nshown\n%s%s", got, shown, stderr.Bytes())
			}
		})
	}
}

func TestBothREADMEsSayTheSame(t *testing.T) {
	shape := func(name string) (headings int, kinds []string) {
		data, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			if strings.HasPrefix(line, "## ") {
				headings++
			}
		}
		for _, b := range blocks(t, filepath.Join(repository, name)) {
			text := ""
			for _, line := range strings.Split(b.text, "\n") {
				text += strings.Join(words(line), " ") + "\n"
			}
			kinds = append(kinds, b.kind+"\n"+text)
		}
		return headings, kinds
	}
	headings, first := shape(readmes[0])
	others, second := shape(readmes[1])
	if headings != others {
		t.Errorf("%d sections and %d", headings, others)
	}
	if a, b := strings.Join(first, ""), strings.Join(second, ""); a != b {
		t.Errorf("the blocks differ beyond their comments:\n%s\n%s", a, b)
	}
}
