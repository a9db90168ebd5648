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
	if p.config.ref().Version != "" {
		return p.findVersion()
	}
	path, where := locate(p.config.Program, p.config.Path)
	if where != "" {
		return "", fmt.Errorf("%w: %s: %s %s; `make build` puts it in bin/, or say where it is with --engine-path", ErrAbsent, p.config.Name, p.config.Program, where)
	}
	return path, nil
}

// locate finds a program. configured is --engine-path. problem says where it is
// not; empty: path is the program.
func locate(program, configured string) (path, problem string) {
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if configured != "" {
		path := configured
		if isFolder(path) {
			path = filepath.Join(path, program)
		}
		if problem := notExecutable(path); problem != "" {
			return "", fmt.Sprintf("cannot be run: %s %s", path, problem)
		}
		// Without a separator exec would search $PATH again.
		return absolute(path)
	}
	own, err := os.Executable()
	if err == nil {
		if resolved, err := filepath.EvalSymlinks(own); err == nil {
			own = resolved
		}
		if beside := filepath.Join(filepath.Dir(own), program); notExecutable(beside) == "" {
			return beside, ""
		}
	}
	if path, err := exec.LookPath(program); err == nil {
		return absolute(path)
	}
	return "", "is neither beside gen nor in $PATH"
}

func absolute(path string) (string, string) {
	made, err := filepath.Abs(path)
	if err != nil {
		return "", "cannot be run: " + err.Error()
	}
	return made, ""
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
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
