package admission

import (
	"slices"

	"mirrorgen.dev/gen/engines/protocol"
)

// findings gathers what the policies said of a request.
type findings struct {
	messages, warnings, recorded []string
	matched, fired               []string
}

// ran notes a policy that covered the object; fired: and did something about it.
func (f *findings) ran(policy string, fired bool) {
	f.matched = append(f.matched, policy)
	if fired {
		f.fired = append(f.fired, policy)
	}
}

// failed notes what could not be evaluated. Under failurePolicy Ignore a cluster
// lets that pass without a word; a test must see it.
func (f *findings) failed(policy, path string, err error) {
	f.warnings = append(f.warnings, "engine: "+policy+": error: "+path+": "+err.Error())
}

func (f *findings) outcome(allowed bool) *protocol.Outcome {
	sorted := func(names []string) []string {
		slices.Sort(names)
		return slices.Compact(names)
	}
	return &protocol.Outcome{
		Allowed:  allowed,
		Messages: f.messages,
		Warnings: distinct(f.warnings),
		Recorded: f.recorded,
		Matched:  sorted(f.matched),
		Fired:    sorted(f.fired),
	}
}

// distinct keeps the first of equal warnings, as an API server does; a policy that
// is reinvoked repeats its own.
func distinct(warnings []string) []string {
	var all []string
	for _, warning := range warnings {
		if !slices.Contains(all, warning) {
			all = append(all, warning)
		}
	}
	return all
}
