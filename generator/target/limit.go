package target

import (
	"fmt"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A LimitError says that a MirrorSet is more than a target's engine takes. It is
// about the set, and about that target alone.
type LimitError struct {
	// At is where the set was written; zero for a plan that was read back.
	At spec.Position
	// Set and Target are names.
	Set, Target string
	// Reason says what is too much, and how much may be.
	Reason string
}

// Error names the place, the set, the limit and what can be done.
func (e *LimitError) Error() string {
	place := ""
	if e.At.File != "" {
		place = fmt.Sprintf("%s:%d:%d: ", e.At.File, e.At.Line, e.At.Column)
	}
	return fmt.Sprintf("%sMirrorSet %q: target %s: %s; split the set, or leave the target out (gen policies --target)", place, e.Set, e.Target, e.Reason)
}

func (d celDialect) tooMuch(plan *mirror.Plan, format string, values ...any) error {
	return &LimitError{At: plan.At, Set: plan.Name, Target: d.folder, Reason: fmt.Sprintf(format, values...)}
}
