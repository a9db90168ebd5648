package admission

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

const (
	// puts puts an image into the first container.
	puts = "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'set'}]"
	// failing finds no such key.
	failing = "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: object.spec.nope}]"
	// dear goes over the limit of one expression: a search costs the length of the text
	// times the length of what is searched for.
	dear = "!variables.all.contains(variables.all.substring(0, 10000) + 'y')"
)

// doubling is a patch that copies the spec into itself forty times, in other places.
func doubling() string {
	var copies []string
	for i := range 40 {
		copies = append(copies, fmt.Sprintf("JSONPatch{op: 'copy', from: '/spec', path: '/spec/again%d'}", i))
	}
	return "[" + strings.Join(copies, ", ") + "]"
}

// long is a Pod with an argument that is dear to search.
func long() string {
	return strings.Replace(pod("nginx"), `"image":"nginx"`, `"image":"nginx","args":["`+strings.Repeat("x", 64_000)+`"]`, 1)
}

const arguments = "  variables: [{name: all, expression: 'string(object.spec.containers[0].args[0])'}]\n"

// TestWhatCannotBeEvaluatedIsNeverPassedInSilence holds failurePolicy to what a
// cluster does, and to the warning that a cluster does not give.
func TestWhatCannotBeEvaluatedIsNeverPassedInSilence(t *testing.T) {
	badCondition := "  matchConditions: [{name: c, expression: object.spec.nope == 1}]\n"
	otherFalse := "  matchConditions: [{name: c, expression: object.spec.nope == 1}, {name: d, expression: 'false'}]\n"
	for _, test := range []struct {
		reason         string
		policy, object string
		// message is how the denial begins; empty: allowed.
		message string
		// warning is how the engine's warning begins; empty: none.
		warning        string
		matched, fired bool
	}{
		{"a mutation, Fail", rule{expression: failing}.mutation(), pod("nginx"),
			"expression '" + failing + "' resulted in error: no such key: nope", "", true, true},
		{"a mutation, Ignore", rule{expression: failing, fails: "Ignore"}.mutation(), pod("nginx"), "",
			"engine: p: error: spec.mutations[0]: expression '" + failing + "' resulted in error: no such key: nope", true, false},
		{"a patch that does not apply, Fail", rule{expression: strings.Replace(puts, "containers/0", "containers/7", 1)}.mutation(), pod("nginx"),
			"JSON Patch: replace operation does not apply: doc is missing path: /spec/containers/7/image", "", true, true},
		{"a patch that does not apply, Ignore", rule{expression: strings.Replace(puts, "containers/0", "containers/7", 1), fails: "Ignore"}.mutation(), pod("nginx"), "",
			"engine: p: error: spec.mutations[0]: JSON Patch: replace operation does not apply", true, false},
		{"copies that double the object until no memory is left, Fail", rule{expression: doubling()}.mutation(), pod("nginx"),
			"JSON Patch: Unable to complete the copy, the accumulated size increase of copy is ", "", true, true},
		{"the same, Ignore", rule{expression: doubling(), fails: "Ignore"}.mutation(), pod("nginx"), "",
			"engine: p: error: spec.mutations[0]: JSON Patch: Unable to complete the copy, the accumulated size increase of copy is ", true, false},
		{"a patch after which the object is none, whatever the policy says", rule{expression: "[JSONPatch{op: 'remove', path: '/kind'}]", fails: "Ignore"}.mutation(), pod("nginx"),
			"Internal error occurred: Object 'Kind' is missing in '", "", true, true},
		{"a validation, Fail", rule{expression: "object.spec.nope == 1"}.validation(), pod("nginx"),
			"expression 'object.spec.nope == 1' resulted in error: no such key: nope", "", true, true},
		{"a validation, Ignore", rule{expression: "object.spec.nope == 1", fails: "Ignore"}.validation(), pod("nginx"), "",
			"engine: p: error: spec.validations[0]: expression 'object.spec.nope == 1' resulted in error: no such key: nope", true, false},
		{"a variable of a validation, Ignore", rule{expression: "variables.v == 1", matches: "  variables: [{name: v, expression: object.spec.nope}]\n", fails: "Ignore"}.validation(), pod("nginx"), "",
			`engine: p: error: spec.validations[0]: expression 'variables.v == 1' resulted in error: composited variable "v" fails to evaluate: no such key: nope`, true, false},
		{"a match condition of a mutation, Fail", rule{expression: puts, matches: badCondition}.mutation(), pod("nginx"),
			"expression 'object.spec.nope == 1' resulted in error: no such key: nope", "", true, true},
		{"a match condition of a mutation, Ignore", rule{expression: puts, matches: badCondition, fails: "Ignore"}.mutation(), pod("nginx"), "",
			"engine: p: error: spec.matchConditions: expression 'object.spec.nope == 1' resulted in error: no such key: nope", false, false},
		{"a match condition of a validation, Fail", rule{expression: "true", matches: badCondition}.validation(), pod("nginx"),
			"expression 'object.spec.nope == 1' resulted in error: no such key: nope", "", true, true},
		{"a match condition of a validation, Ignore", rule{expression: "true", matches: badCondition, fails: "Ignore"}.validation(), pod("nginx"), "",
			"engine: p: error: spec.matchConditions: expression 'object.spec.nope == 1' resulted in error: no such key: nope", false, false},
		{"a match condition beside one that is false, Fail", rule{expression: "false", matches: otherFalse}.validation(), pod("nginx"), "", "", false, false},
		{"a match condition beside one that is false, Ignore", rule{expression: "false", matches: otherFalse, fails: "Ignore"}.validation(), pod("nginx"), "", "", false, false},
		{"an expression over the limit, Fail", rule{expression: dear, matches: arguments}.validation(), long(),
			"expression '" + dear + "' resulted in error: operation cancelled: actual cost limit exceeded", "", true, true},
		{"an expression over the limit, Ignore", rule{expression: dear, matches: arguments, fails: "Ignore"}.validation(), long(), "",
			"engine: p: error: spec.validations[0]: expression '" + dear + "' resulted in error: operation cancelled: actual cost limit exceeded", true, false},
		{"a mutation over the limit, Fail", rule{expression: dear + " ? " + puts + " : []", matches: arguments}.mutation(), long(),
			"expression '" + dear + " ? " + puts + " : []' resulted in error: operation cancelled: actual cost limit exceeded", "", true, true},
		{"a mutation over the limit, Ignore", rule{expression: dear + " ? " + puts + " : []", matches: arguments, fails: "Ignore"}.mutation(), long(), "",
			"engine: p: error: spec.mutations[0]: expression '" + dear, true, false},
		{"a policy over its budget, Fail", overBudget("Fail"), long(), "validation failed due to running out of cost budget, no further validation rules will be run", "", true, true},
		{"a policy over its budget, Ignore", overBudget("Ignore"), long(), "",
			"engine: p: error: spec.validations[0]: validation failed due to running out of cost budget, no further validation rules will be run", true, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Object: object(t, test.object)}
			outcome := admit(t, load(t, test.policy), request)
			if got := strings.Join(outcome.Messages, "|"); !strings.HasPrefix(got, test.message) || outcome.Allowed != (test.message == "") || outcome.Allowed != (got == "") {
				t.Errorf("allowed %v: %.500s", outcome.Allowed, got)
			}
			if got := strings.Join(outcome.Warnings, "|"); !strings.HasPrefix(got, test.warning) || (got == "") != (test.warning == "") {
				t.Errorf("warnings %.500s", got)
			}
			if (len(outcome.Matched) > 0) != test.matched || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if outcome.Object != nil {
				t.Errorf("object %s", text(t, outcome.Object))
			}
		})
	}
}

// overBudget is a policy of 40 validations, each of which costs more than half a million.
func overBudget(fails string) string {
	const each = "!variables.all.contains(variables.all.substring(0, 1000) + 'y')"
	policy := rule{expression: each, matches: arguments, fails: fails}.validation()
	one := "  - expression: \"" + each + "\"\n    message: \"p says no\"\n"
	return strings.Replace(policy, one, strings.Repeat(one, 40), 1)
}

func TestAMessageThatCannotBeMadeIsToldOf(t *testing.T) {
	policy := strings.Replace(rule{expression: "object.spec.containers[0].image != 'nginx'"}.validation(), "    message:", "    messageExpression: string(object.spec.nope)\n    message:", 1)
	session := load(t, policy)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if strings.Join(outcome.Messages, "|") != "p says no" || strings.Join(outcome.Warnings, "|") != "engine: p: error: spec.validations[0].messageExpression: expression 'string(object.spec.nope)' resulted in error: no such key: nope" {
		t.Errorf("got %s", text(t, outcome))
	}
	// It is evaluated also where nothing is denied, and then says nothing.
	outcome = admit(t, session, &protocol.Admit{Object: object(t, pod("redis"))})
	if !outcome.Allowed || len(outcome.Warnings) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestWhatOnlyAClusterKnowsIsNoVerdict(t *testing.T) {
	applies := "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicy\nmetadata: {name: p}\nspec:\n  reinvocationPolicy: Never\n" +
		"  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: [CREATE], resources: ['*']}]}\n" +
		"  mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: \"b\"}}}'}}]\n" +
		"---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: p}\nspec: {policyName: p}\n"
	cache := `{"apiVersion":"eci.alibabacloud.com/v1","kind":"ImageCache","metadata":{"name":"a"},"spec":{"images":["nginx"]}}`
	authorizes := "authorizer.group('').resource('pods').check('create').allowed()"
	for _, test := range []struct{ reason, policy, object, says string }{
		{"who may do what, in a validation", rule{expression: authorizes, fails: "Ignore"}.validation(), pod("nginx"), "asks its authorizer"},
		{"who may do what, in a mutation", rule{expression: authorizes + " ? " + puts + " : " + puts}.mutation(), pod("nginx"), "asks its authorizer"},
		{"who may do what, in a match condition", rule{expression: "true", matches: "  matchConditions: [{name: c, expression: \"" + authorizes + "\"}]\n"}.validation(), pod("nginx"), "asks its authorizer"},
		{"the schema of another kind", applies, cache, "eci.alibabacloud.com/v1, Kind=ImageCache: an applyConfiguration needs the schema of the object"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome, err := load(t, test.policy).Admit(t.Context(), &protocol.Admit{Operation: "CREATE", Phases: Phases(), Object: object(t, test.object)})
			if err == nil || !strings.Contains(err.Error(), test.says) || outcome != nil {
				t.Errorf("got %v, %v", outcome, err)
			}
		})
	}
	outcome := admit(t, load(t, applies), &protocol.Admit{Object: object(t, pod("nginx"))})
	if got := text(t, outcome.Object); !strings.Contains(got, `"labels":{"a":"b"}`) {
		t.Errorf("got %s", got)
	}
}
