package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Ref names an engine, and the minor version of it that is wanted.
type Ref struct {
	// Name is the engine's: kyverno.
	Name string
	// Version is a minor version: 1.18. Unset: whichever version is at hand.
	Version string
}

// String is what a user writes: kyverno, or kyverno@1.18.
func (r Ref) String() string {
	if r.Version == "" {
		return r.Name
	}
	return r.Name + "@" + r.Version
}

var minorVersion = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// ParseRef reads what String writes.
func ParseRef(text string) (Ref, error) {
	name, version, versioned := strings.Cut(text, "@")
	if name == "" {
		return Ref{}, fmt.Errorf("engine %q: names no engine; write one such as kyverno or kyverno@1.18", text)
	}
	if versioned && !minorVersion.MatchString(version) {
		return Ref{}, fmt.Errorf("engine %q: %q is no minor version; write one such as %s@1.18", text, version, name)
	}
	return Ref{name, version}, nil
}

// Minor is 1.18 for v1.18.2; empty for what is no version.
func Minor(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return ""
	}
	if minor := parts[0] + "." + parts[1]; minorVersion.MatchString(minor) {
		return minor
	}
	return ""
}

// ref is the engine that is wanted; Name was checked by whoever wrote it.
func (c ProcessConfig) ref() Ref {
	name, version, _ := strings.Cut(c.Name, "@")
	return Ref{name, version}
}

// ofVersion is the name of the program that is built for one version alone, and
// the command that builds it.
func (c ProcessConfig) ofVersion() (program, builds string) {
	program = c.Program + "-" + c.ref().Version
	return program, "`make " + strings.TrimPrefix(program, "gen-") + "` puts it in bin/"
}

// findVersion is find where a version is wanted: the program of that version, else
// the one that is there for all, whose hello then has to say that it is of it.
func (p *Process) findVersion() (string, error) {
	program, builds := p.config.ofVersion()
	path, where := locate(program, p.config.beside())
	if where == "" {
		return path, nil
	}
	if path, elsewhere := locate(p.config.Program, p.config.Path); elsewhere == "" {
		return path, nil
	}
	return "", fmt.Errorf("%w: %s: %s %s; %s, or say where it is with --engine-path", ErrAbsent, p.config.Name, program, where, builds)
}

// beside is --engine-path as a folder: the programs of versions lie beside the one
// that it names.
func (c ProcessConfig) beside() string {
	if c.Path == "" || isFolder(c.Path) {
		return c.Path
	}
	return filepath.Dir(c.Path)
}

// checkVersion is an error where the program at path is of another version than
// the one that is wanted.
func (p *Process) checkVersion(path, version string) error {
	wanted := p.config.ref().Version
	if wanted == "" || Minor(version) == wanted {
		return nil
	}
	program, builds := p.config.ofVersion()
	is := strings.TrimSuffix(filepath.Base(path), ".exe")
	if is == program {
		return fmt.Errorf("%w: %s: %s is %s; %s", ErrAbsent, p.config.Name, is, version, builds)
	}
	return fmt.Errorf("%w: %s: %s is %s, and there is no %s; %s", ErrAbsent, p.config.Name, is, version, program, builds)
}

// Versions are the minor versions that a program is built for beside its plain
// self, as far as such programs lie where it is looked for; sorted by their text.
// configured is --engine-path.
func Versions(program, configured string) []string {
	folders := []string{ProcessConfig{Path: configured}.beside()}
	if configured == "" {
		folders = filepath.SplitList(os.Getenv("PATH"))
		if own, err := os.Executable(); err == nil {
			folders = append(folders, filepath.Dir(own))
		}
	}
	var found []string
	for _, folder := range folders {
		// A pattern would take a [ in the folder's name for its own.
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			version, ok := strings.CutPrefix(strings.TrimSuffix(entry.Name(), ".exe"), program+"-")
			if ok && minorVersion.MatchString(version) && !slices.Contains(found, version) && notExecutable(filepath.Join(folder, entry.Name())) == "" {
				found = append(found, version)
			}
		}
	}
	slices.Sort(found)
	return found
}
