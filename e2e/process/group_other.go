//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a process group of its own, so that all of it can
// be ended. Should this process be killed, the program stays: only Linux ends it.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
