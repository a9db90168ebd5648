package admission

import (
	"errors"
	"fmt"
	"slices"

	"mirrorgen.dev/gen/engines/protocol"
)

// phases of a request.
const (
	phaseMutate   = "mutate"
	phaseValidate = "validate"
)

// Phases are those that the engine runs, in the order in which it does. Admission
// policies do nothing in the background.
func Phases() []string { return []string{phaseMutate, phaseValidate} }

// checkPhases refuses what would silently run nothing.
func checkPhases(admit *protocol.Admit) error {
	if len(admit.Phases) == 0 {
		return errors.New("no phase asked for: must be mutate or validate")
	}
	for _, phase := range admit.Phases {
		if !slices.Contains(Phases(), phase) {
			return fmt.Errorf("phase %q: must be mutate or validate", phase)
		}
	}
	return nil
}
