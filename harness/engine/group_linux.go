package engine

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a process group of its own, so that all of it can
// be ended, and has the kernel end it with gen.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends the program and what it started.
func killGroup(command *exec.Cmd) {
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}
