package opa

import (
	"fmt"

	"mirrorgen.dev/gen/harness/engine"
)

// enforce puts a message where the enforcement says; the enforcement was
// checked when the policies were loaded.
func enforce(outcome *engine.Outcome, enforcement string, message string) {
	switch enforcement {
	case "deny":
		outcome.Allowed = false
		outcome.Messages = append(outcome.Messages, message)
	case "warn":
		outcome.Warnings = append(outcome.Warnings, message)
	case "dryrun":
		outcome.Recorded = append(outcome.Recorded, message)
	}
}

// strings reads a list that a query answered.
func stringsOf(value any) ([]string, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("the policy answered %T where a list of messages is expected", value)
	}
	if len(items) == 0 {
		return nil, nil
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if texts[i], ok = item.(string); !ok {
			return nil, fmt.Errorf("the policy answered %T where a message is expected", item)
		}
	}
	return texts, nil
}
