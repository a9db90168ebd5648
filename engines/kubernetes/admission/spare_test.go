package admission

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// TestWhatIsReadIsThere names the request, and the namespace, in one place of a
// policy at a time.
func TestWhatIsReadIsThere(t *testing.T) {
	const (
		request   = "request.name == 'web'"
		namespace = "namespaceObject.metadata.name == 'shop'"
		condition = "  matchConditions: [{name: c, expression: \"EXPRESSION\"}]\n"
		variable  = "  variables: [{name: v, expression: \"EXPRESSION\"}]\n"
	)
	message := strings.Replace(rule{expression: "false"}.validation(), "    message:", "    messageExpression: \"EXPRESSION ? 'yes' : 'no'\"\n    message:", 1)
	annotation := strings.Replace(rule{expression: "true"}.validation(), "  validations:\n", "  auditAnnotations: [{key: a, valueExpression: \"EXPRESSION ? 'yes' : 'no'\"}]\n  validations:\n", 1)
	for _, test := range []struct {
		place, policy string
		conditional   bool // there is no namespace
		want          func(*protocol.Outcome) bool
	}{
		{"a match condition of a mutation", rule{expression: puts, matches: condition}.mutation(), true, func(o *protocol.Outcome) bool { return len(o.Fired) == 1 }},
		{"a variable of a mutation", rule{expression: "variables.v ? " + puts + " : []", matches: variable}.mutation(), false, func(o *protocol.Outcome) bool { return len(o.Fired) == 1 }},
		{"a mutation", rule{expression: "EXPRESSION ? " + puts + " : []"}.mutation(), false, func(o *protocol.Outcome) bool { return len(o.Fired) == 1 }},
		{"a match condition of a validation", rule{expression: "false", matches: condition}.validation(), true, func(o *protocol.Outcome) bool { return !o.Allowed }},
		{"a variable of a validation", rule{expression: "!variables.v", matches: variable}.validation(), false, func(o *protocol.Outcome) bool { return !o.Allowed }},
		{"a validation", rule{expression: "!(EXPRESSION)"}.validation(), false, func(o *protocol.Outcome) bool { return !o.Allowed }},
		{"a message", message, false, func(o *protocol.Outcome) bool { return strings.Join(o.Messages, "|") == "yes" }},
		{"an annotation", annotation, false, func(o *protocol.Outcome) bool { return strings.Join(o.Recorded, "|") == "p/a: yes" }},
	} {
		for _, expression := range []string{request, namespace} {
			if expression == namespace && test.conditional {
				continue
			}
			t.Run(test.place+" reads "+expression, func(t *testing.T) {
				outcome := admit(t, load(t, strings.ReplaceAll(test.policy, "EXPRESSION", expression)),
					&protocol.Admit{Object: object(t, pod("nginx")), NamespaceLabels: map[string]string{}})
				if !test.want(outcome) || len(outcome.Warnings) > 0 {
					t.Errorf("got %s", text(t, outcome))
				}
			})
		}
	}
}
