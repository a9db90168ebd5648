package admission

import (
	"errors"
	"fmt"
	"slices"

	"mirrorgen.dev/gen/engines/protocol"
)

// phases of a request.
const (
	phaseMutate     = "mutate"
	phaseValidate   = "validate"
	phaseBackground = "background"
)

// Phases are those that the engine runs, in the order in which it does.
func Phases() []string { return []string{phaseMutate, phaseValidate, phaseBackground} }

// errNotAdmitted: what exists already goes through no webhook.
var errNotAdmitted = errors.New("operation EXISTING is no admission: the only phase is background")

// checkPhases refuses what would silently run nothing.
func checkPhases(admit *protocol.Admit) error {
	if len(admit.Phases) == 0 {
		return errors.New("no phase asked for: must be mutate, validate or background")
	}
	for _, phase := range admit.Phases {
		switch {
		case !slices.Contains(Phases(), phase):
			return fmt.Errorf("phase %q: must be mutate, validate or background", phase)
		case phase == phaseBackground && admit.Cluster == nil:
			return errNoCluster
		case phase != phaseBackground && admit.Operation == string(existing):
			return errNotAdmitted
		}
	}
	return nil
}
