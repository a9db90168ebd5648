package admission

import "mirrorgen.dev/gen/engines/protocol"

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
	return protocol.NewOutcome(allowed, f.messages, f.warnings, f.recorded, f.matched, f.fired)
}
