package admission

import (
	"fmt"
	"runtime/debug"
)

// recovered, deferred, turns a panic into an error with its stack: one bad
// request must neither end the program nor pass for a verdict.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("kubernetes panicked: %v\n%s", cause, debug.Stack())
	}
}
