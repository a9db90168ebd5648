// Package process runs programs that must never outlive the one that started
// them: each is a process group of its own, is ended by its id, and dies with
// its parent.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// A Config says what is run.
type Config struct {
	// Name stands in errors.
	Name string
	// Path is the program's file.
	Path string
	Args []string
	// Env is the whole environment; nil: none, so that nothing of the
	// machine's reaches the program by chance.
	Env []string
	// Log is the file that takes what the program prints.
	Log string
}

// A Process is a program that was started. Its methods may be called from
// several goroutines.
type Process struct {
	name, log string
	id        int
	done      chan struct{}
	// err is how it ended; valid once done is closed.
	err error
}

// Start runs a program.
func Start(c Config) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	command := exec.Command(c.Path, c.Args...)
	command.Stdout, command.Stderr = log, log
	// Not nil, which would stand for this process's own.
	command.Env = append([]string{}, c.Env...)
	ownGroup(command)

	p := &Process{name: c.Name, log: c.Log, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The signal at a parent's death is sent when the thread that started the
		// child ends, so that thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		log.Close()
		if err != nil {
			started <- fmt.Errorf("%s: %w", c.Name, err)
			return
		}
		p.id = command.Process.Pid
		started <- nil
		p.err = command.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// ID is the process's id, and that of its group.
func (p *Process) ID() int { return p.id }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says that the process has ended, how, and what it printed last; nil while
// it runs.
func (p *Process) Err() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	how := "it ended"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s: %s; it printed last:\n%s", p.name, how, Tail(p.log, 20))
}

// Kill ends the process and whatever it started, at once.
func (p *Process) Kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// Tail is the last lines of a file; empty where it cannot be read.
func Tail(file string, lines int) string {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
