package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestARefIsAnEngineAndAMinorVersion(t *testing.T) {
	for _, row := range []struct {
		reason, text string
		want         Ref
		wrong        bool
	}{
		{"an engine alone", "kyverno", Ref{Name: "kyverno"}, false},
		{"a version behind it", "kyverno@1.18", Ref{"kyverno", "1.18"}, false},
		{"minors have several digits", "kubernetes@1.136", Ref{"kubernetes", "1.136"}, false},
		{"a patch version picks no program", "kyverno@1.18.2", Ref{}, true},
		{"a v is no part of a name of a program", "kyverno@v1.18", Ref{}, true},
		{"1.018 is not 1.18", "kyverno@1.018", Ref{}, true},
		{"a major version is not enough", "kyverno@1", Ref{}, true},
		{"an @ announces a version", "kyverno@", Ref{}, true},
		{"there is one version", "kyverno@1.18@1.19", Ref{}, true},
		{"no engine", "", Ref{}, true},
		{"a version of none", "@1.18", Ref{}, true},
		{"a version is no path", "kyverno@../../bin/1.18", Ref{}, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			ref, err := ParseRef(row.text)
			if (err != nil) != row.wrong || ref != row.want {
				t.Fatalf("%s: %+v, %v", row.text, ref, err)
			}
			if err == nil && ref.String() != row.text {
				t.Errorf("written as %s", ref)
			}
			if err != nil && !strings.Contains(err.Error(), "kyverno@1.18") {
				t.Errorf("no remedy: %v", err)
			}
		})
	}
}

func TestTheMinorVersionOfAVersion(t *testing.T) {
	for version, want := range map[string]string{
		"v1.18.2": "1.18", "v1.19.1": "1.19", "1.22.0": "1.22", "v1.20.0-rc.1": "1.20", "v1.18": "1.18",
		"v1": "", "": "", "(unknown)": "", "(devel)": "", "v1.x.2": "", "v9": "",
	} {
		if got := Minor(version); got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
}

func TestAVersionPicksItsProgramOrNone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	const plain, pinned = "gen-engine-fake", "gen-engine-fake-1.18"
	for _, row := range []struct {
		reason string
		// programs are those in the folder, as "program=version".
		programs []string
		wanted   string
		// named: --engine-path names the plain program rather than the folder.
		named         bool
		version, says string
	}{
		{"without a version the plain program, whatever its version", []string{plain + "=v1.19.1", pinned + "=v1.18.2"}, "fake", false, "v1.19.1", ""},
		{"the program of the version", []string{plain + "=v1.19.1", pinned + "=v1.18.2"}, "fake@1.18", false, "v1.18.2", ""},
		{"it lies beside the program that is named", []string{plain + "=v1.19.1", pinned + "=v1.18.2"}, "fake@1.18", true, "v1.18.2", ""},
		{"the plain one needs not be there", []string{pinned + "=v1.18.2"}, "fake@1.18", false, "v1.18.2", ""},
		{"the plain program is of a version as well", []string{plain + "=v1.19.1", pinned + "=v1.18.2"}, "fake@1.19", false, "v1.19.1", ""},
		{"also where it is named", []string{plain + "=v1.19.1"}, "fake@1.19", true, "v1.19.1", ""},
		{"a program of its own comes first", []string{plain + "=v1.18.9", pinned + "=v1.18.2"}, "fake@1.18", false, "v1.18.2", ""},
		{"a version that nobody built", []string{plain + "=v1.19.1"}, "fake@1.18", false, "",
			"fake@1.18: gen-engine-fake is v1.19.1, and there is no gen-engine-fake-1.18; `make engine-fake-1.18` puts it in bin/"},
		{"no program at all", nil, "fake@1.18", false, "", "gen-engine-fake-1.18 does not exist; `make engine-fake-1.18` puts it in bin/, or say where it is with --engine-path"},
		{"a program that is not what its name says", []string{plain + "=v1.18.2", pinned + "=v1.19.1"}, "fake@1.18", false, "",
			"fake@1.18: gen-engine-fake-1.18 is v1.19.1; `make engine-fake-1.18` puts it in bin/"},
		{"a program that does not know its version", []string{plain + "=(unknown)"}, "fake@1.18", false, "", "gen-engine-fake is (unknown), and there is no gen-engine-fake-1.18"},
		{"1.1 is not 1.18", []string{plain + "=v1.18.2"}, "fake@1.1", false, "", "gen-engine-fake is v1.18.2, and there is no gen-engine-fake-1.1"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			own, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			for _, program := range row.programs {
				name, _, _ := strings.Cut(program, "=")
				if err := os.Symlink(own, filepath.Join(folder, name)); err != nil {
					t.Fatal(err)
				}
			}
			process := fake(t, "is "+strings.Join(row.programs, " "), func(c *ProcessConfig) {
				c.Name, c.Path = row.wanted, folder
				if row.named {
					c.Path = filepath.Join(folder, plain)
				}
			})
			for _, call := range []string{"first", "second"} {
				version, err := process.Version(context.Background())
				if row.says == "" {
					if err != nil || version != row.version {
						t.Errorf("%s call: %q, %v; want %q", call, version, err, row.version)
					}
					continue
				}
				if !errors.Is(err, ErrAbsent) || errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), row.says) {
					t.Errorf("%s call: %v; want ErrAbsent with %q", call, err, row.says)
				}
			}
		})
	}
}
