//go:build unix && !linux

package engine

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a process group of its own, so that all of it can
// be ended. Should gen die, the program sees the end of its input.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends the program and what it started.
func killGroup(command *exec.Cmd) {
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}
