package admission

import (
	"strings"

	"mirrorgen.dev/gen/engines/protocol"
)

// findings gathers what the rules of a request said.
type findings struct {
	messages, warnings, recorded []string
	matched, fired               []string
}

// ran notes a rule that covered the object; fired: and did something about it.
func (f *findings) ran(p *policy, rule string, fired bool) { f.covered(p.name+"/"+rule, fired) }

// covered notes what is reported under name as matched and, perhaps, fired.
func (f *findings) covered(name string, fired bool) {
	f.matched = append(f.matched, name)
	if fired {
		f.fired = append(f.fired, name)
	}
}

// failed notes a rule that could not be evaluated. Under failurePolicy Ignore, and
// in Audit rules, a cluster lets that pass; a test must see it.
func (f *findings) failed(p *policy, rule, message string) {
	f.unevaluated(p.name+"/"+rule, message)
}

// unevaluated is failed for what is reported under name.
func (f *findings) unevaluated(name, message string) {
	// In one piece: it is the engine's text, not a list of the policy's messages.
	f.warnings = append(f.warnings, "engine: "+name+": error: "+message)
}

func (f *findings) outcome(allowed bool) *protocol.Outcome {
	return protocol.NewOutcome(allowed, f.messages, f.warnings, f.recorded, f.matched, f.fired)
}

// lines takes a message apart: a policy that judges several images in one rule
// puts each on a line. Blank lines say nothing.
func lines(message string) []string {
	var all []string
	for line := range strings.Lines(message) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			all = append(all, line)
		}
	}
	return all
}
