package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// sweep removes a folder once its standard input ends, which it does when this
// process closes it or dies. What still writes there is being killed at the same
// moment, hence the second and third try.
const sweep = `cat >/dev/null; for i in 1 2 3 4 5; do rm -rf -- "$1" && exit; sleep 1; done`

// A Folder is a temporary folder that goes when this process does, however it ends.
type Folder struct {
	Path    string
	sweeper *exec.Cmd
	hold    io.Closer
}

// NewFolder makes one, readable to this user alone.
func NewFolder(pattern string) (*Folder, error) {
	path, err := os.MkdirTemp("", pattern)
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: path, sweeper: exec.Command("sh", "-c", sweep, "sh", path)}
	// Out of reach of an interrupt from the terminal, which is sent to a group.
	f.sweeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if f.hold, err = f.sweeper.StdinPipe(); err == nil {
		err = f.sweeper.Start()
	}
	if err != nil {
		os.RemoveAll(path)
		return nil, fmt.Errorf("%s: cannot see to its removal: %w", path, err)
	}
	return f, nil
}

// Remove removes the folder. Removing it again does nothing.
func (f *Folder) Remove() error {
	_ = f.hold.Close()
	if err := f.sweeper.Wait(); err != nil && f.sweeper.ProcessState == nil {
		return err
	}
	return os.RemoveAll(f.Path)
}
