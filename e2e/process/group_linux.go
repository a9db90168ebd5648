package process

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a process group of its own, so that all of it can
// be ended, and has the kernel end it with this process, however that ends.
func ownGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
