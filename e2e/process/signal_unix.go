//go:build unix

package process

import "syscall"

// signal reaches the whole group. A process that ended is left alone, as its id
// may be another's by now.
func (p *Process) signal(s syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.id, s)
	}
}
