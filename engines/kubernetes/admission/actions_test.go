package admission

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestAnActionDecidesWhoHears(t *testing.T) {
	for _, test := range []struct {
		reason, actions            string
		message, warning, recorded string
		allowed                    bool
	}{
		{"Deny", "[Deny]", "p says no", "", "", false},
		{"Warn", "[Warn]", "", "p says no", "", true},
		{"Audit", "[Audit]", "", "", "p says no", true},
		{"Deny and Audit", "[Deny, Audit]", "p says no", "", "p says no", false},
		{"Warn and Audit", "[Warn, Audit]", "", "p says no", "p says no", true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, rule{expression: "false", actions: test.actions}.validation())
			outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
			for _, list := range []struct {
				what string
				got  []string
				want string
			}{{"messages", outcome.Messages, test.message}, {"warnings", outcome.Warnings, test.warning}, {"recorded", outcome.Recorded, test.recorded}, {"fired", outcome.Fired, "p"}, {"matched", outcome.Matched, "p"}} {
				if strings.Join(list.got, "|") != list.want {
					t.Errorf("%s %q, want %q", list.what, list.got, list.want)
				}
			}
			if outcome.Allowed != test.allowed {
				t.Errorf("allowed %v", outcome.Allowed)
			}
		})
	}
}

func TestEveryPolicyIsHeard(t *testing.T) {
	// A cluster tells the first denial alone, and of an audit the first entry.
	two := strings.Replace(rule{name: "b", expression: "false"}.validation(), "  - expression: \"false\"\n", "  - expression: 1 == 2\n    message: first\n  - expression: \"true\"\n    message: fine\n  - expression: \"false\"\n", 1)
	session := load(t, rule{name: "c", expression: "false"}.validation(), two, rule{name: "a", expression: "false", actions: "[Warn]"}.validation(),
		rule{name: "d", expression: "false", actions: "[Audit]"}.validation(), rule{name: "e", expression: "false", actions: "[Audit]"}.validation(), rule{name: "f", expression: "true"}.validation())
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if got := text(t, outcome); got != `{"allowed":false,"messages":["first","b says no","c says no"],"warnings":["a says no"],"recorded":["d says no","e says no"],"cluster":null,`+
		`"matched":["a","b","c","d","e","f"],"fired":["a","b","c","d","e"]}` {
		t.Errorf("got %s", got)
	}
}

func TestEachBindingActsByItself(t *testing.T) {
	_, binding, _ := strings.Cut(rule{expression: "false", actions: "[Warn]"}.validation(), "\n---\n")
	binding = strings.Replace(binding, `"p-bound"`, `"p-also"`, 1)
	never := strings.Replace(binding, `"p-also"`, `"p-never"`, 1) + "  matchResources: {objectSelector: {matchLabels: {a: b}}}\n"
	session := load(t, rule{expression: "false"}.validation(), binding, never)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if outcome.Allowed || strings.Join(outcome.Messages, "|") != "p says no" || strings.Join(outcome.Warnings, "|") != "p says no" || strings.Join(outcome.Matched, " ") != "p" {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestAuditAnnotationsAreRecorded(t *testing.T) {
	for _, test := range []struct{ reason, fails, expression, want string }{
		{"a value", "Fail", "'image ' + string(object.spec.containers[0].image)", `{"allowed":true,"recorded":["p/seen: image nginx"],"cluster":null,"matched":["p"],"fired":["p"]}`},
		{"no value", "Fail", "''", `{"allowed":true,"cluster":null,"matched":["p"]}`},
		{"none can be made, Fail", "Fail", "string(object.spec.nope)",
			`{"allowed":false,"messages":["expression 'string(object.spec.nope)' resulted in error: no such key: nope"],"cluster":null,"matched":["p"],"fired":["p"]}`},
		{"none can be made, Ignore", "Ignore", "string(object.spec.nope)",
			`{"allowed":true,"warnings":["engine: p: error: spec.auditAnnotations: expression 'string(object.spec.nope)' resulted in error: no such key: nope"],"cluster":null,"matched":["p"]}`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			valid := rule{expression: "true", fails: test.fails}.validation()
			_, binding, _ := strings.Cut(valid, "\n---\n") // a second binding records nothing more
			policy := strings.Replace(valid, "  validations:\n", "  auditAnnotations: [{key: seen, valueExpression: \""+test.expression+"\"}]\n  validations:\n", 1)
			outcome := admit(t, load(t, policy, strings.Replace(binding, `"p-bound"`, `"p-also"`, 1)), &protocol.Admit{Object: object(t, pod("nginx"))})
			outcome.Messages = protocol.NewOutcome(true, nil, outcome.Messages, nil, nil, nil).Warnings // an error is one under each binding
			if got := text(t, outcome); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestARequestThatIsRefusedWhileItIsMutatedIsNotValidated(t *testing.T) {
	session := load(t, rule{name: "m", expression: failing}.mutation(), rule{name: "v", expression: "false"}.validation())
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if strings.Join(outcome.Matched, " ") != "m" || len(outcome.Messages) != 1 {
		t.Errorf("got %s", text(t, outcome))
	}
}
