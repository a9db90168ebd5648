package protocol

import "slices"

// NewOutcome is a decision as it is sent: the names of policies sorted and each once,
// of equal warnings the first, as an API server shows them.
func NewOutcome(allowed bool, messages, warnings, recorded, matched, fired []string) *Outcome {
	return &Outcome{
		Allowed:  allowed,
		Messages: messages,
		Warnings: distinct(warnings),
		Recorded: recorded,
		Matched:  sorted(matched),
		Fired:    sorted(fired),
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func distinct(warnings []string) []string {
	var all []string
	for _, warning := range warnings {
		if !slices.Contains(all, warning) {
			all = append(all, warning)
		}
	}
	return all
}
