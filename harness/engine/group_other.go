//go:build !unix

package engine

import "os/exec"

// ownGroup: there are no process groups. Should gen die, the program sees the end
// of its input.
func ownGroup(*exec.Cmd) {}

// killGroup ends the program.
func killGroup(command *exec.Cmd) {
	_ = command.Process.Kill()
}
