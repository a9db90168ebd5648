package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// find is the program's path: the configured one, else beside gen, else in $PATH.
func (p *Process) find() (string, error) {
	name := p.config.Program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	absent := func(where string) error {
		return fmt.Errorf("%w: %s: %s %s; `make build` puts it in bin/, or say where it is with --engine-path", ErrAbsent, p.config.Name, p.config.Program, where)
	}
	if path := p.config.Path; path != "" {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path = filepath.Join(path, name)
		}
		if problem := notExecutable(path); problem != "" {
			return "", absent(fmt.Sprintf("cannot be run: %s %s", path, problem))
		}
		// Without a separator exec would search $PATH again.
		return filepath.Abs(path)
	}
	own, err := os.Executable()
	if err == nil {
		if resolved, err := filepath.EvalSymlinks(own); err == nil {
			own = resolved
		}
		if beside := filepath.Join(filepath.Dir(own), name); notExecutable(beside) == "" {
			return beside, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	return "", absent("is neither beside gen nor in $PATH")
}

// notExecutable says why the file cannot be run; empty: it can.
func notExecutable(path string) string {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return "does not exist"
	case err != nil:
		return "cannot be looked at: " + err.Error()
	case info.IsDir():
		return "is a folder"
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return "is not executable"
	}
	return ""
}
