package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/preset"
	"mirrorgen.dev/gen/generator/spec"
)

// What gen init --preset writes is a whole: policies come of it without a
// warning, its cases pass in every pipeline that is there, and the commands of
// its CI snippet hold.
func TestEveryPresetIsAWorkingStart(t *testing.T) {
	// The sequence is the one of a reader; each row goes on where the last ended.
	rows := [][]string{
		{"policies"},
		{"policies", "--check"},
		{"policies", "-f", ".", "--out", "built"},
		{"explain", "nginx"},
		{"test", "--engine", "reference,gatekeeper"},
		{"test", "--policies", "policies", "--engine", "reference,gatekeeper"},
	}
	if program := os.Getenv(kyvernoVariable); program != "" {
		rows = append(rows, []string{"test", "--engine-path", program})
	}
	for _, p := range preset.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			gen := func(args ...string) (stdout, stderr string) {
				var out, talk bytes.Buffer
				if status := run(context.Background(), args, strings.NewReader(""), &out, &talk); status != exitFine {
					t.Fatalf("gen %s: exit status %d\n%s%s", strings.Join(args, " "), status, out.Bytes(), talk.Bytes())
				}
				return out.String(), talk.String()
			}
			_, talk := gen("init", "--preset", p.Name)
			if strings.Contains(talk, "write your proxy's address for "+p.Address) == p.Public {
				t.Errorf("a placeholder is named, or a service that is none: %s", talk)
			}
			if _, err := os.Stat("presets"); err == nil {
				t.Error("the templates of the presets were written")
			}
			for _, row := range rows {
				stdout, stderr := gen(row...)
				if strings.Contains(stderr, "warning: ") || row[0] == "policies" && strings.Contains(stderr, "MirrorSet mirrors:") {
					t.Errorf("gen %s: says %s", strings.Join(row, " "), stderr)
				}
				if row[0] == "test" && !regexp.MustCompile(`(?m)^passed [1-9]\d*  failed 0  broken 0  skipped 0 `).MatchString(stdout) {
					t.Errorf("gen %s: %s", strings.Join(row, " "), stdout)
				}
			}
			// Another address is the same set elsewhere: the cases still hold.
			gen("init", "--preset", p.Name, "--force", "--host", "registry.test:5000/team")
			gen("test", "--engine", "reference")
		})
	}
}

func TestNoPresetNamesAUserOrAPassword(t *testing.T) {
	for _, p := range preset.All() {
		files, err := p.Files(p.Address)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, sign := range []string{"password:", "username:", "auth:", "dockerconfigjson", "eyJ"} {
				if bytes.Contains(file.Data, []byte(sign)) {
					t.Errorf("%s: %s holds %q", p.Name, file.Path, sign)
				}
			}
		}
	}
}

// A row of the page's table: | `name` | ... `nginx:1.27` -> `rewritten` ...
var presetRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|.*$")

func TestThePresetsPageShowsEachPresetAsItIs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs", "presets.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, found := range presetRow.FindAllStringSubmatch(string(page), -1) {
		rows[found[1]] += found[0] + "\n"
	}
	for _, p := range preset.All() {
		files, err := p.Files(p.Address)
		if err != nil {
			t.Fatal(err)
		}
		sets, err := spec.Parse(p.Name, files[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		plans, err := generator.Plans(sets)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{p.Address, plans[0].Rewrite("nginx:1.27").Image} {
			if !strings.Contains(rows[p.Name], "`"+want+"`") {
				t.Errorf("docs/presets.md: the rows of %s do not show %s", p.Name, want)
			}
		}
		for _, m := range plans[0].Mirrors {
			if !strings.Contains(rows[p.Name], m.Source) {
				t.Errorf("docs/presets.md: the rows of %s do not name the source %s", p.Name, m.Source)
			}
		}
		delete(rows, p.Name)
	}
	for name := range rows {
		t.Errorf("docs/presets.md: %s is no preset", name)
	}
}
