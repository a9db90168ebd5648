package admission

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestWhatAnAPIServerWouldRefuseIsNotLoaded(t *testing.T) {
	rewrite, constraint := file(t, "rewrite.yaml"), file(t, "constraint.yaml")
	mutation, validation := rule{expression: nothing}.mutation(), rule{expression: "true"}.validation()
	policy, binding, _ := strings.Cut(mutation, "\n---\n")
	judge, _, _ := strings.Cut(validation, "\n---\n")
	for _, test := range []struct {
		reason string
		files  []string
		says   []string
	}{
		{"no files", nil, []string{"no MutatingAdmissionPolicy or ValidatingAdmissionPolicy in 0 file(s): nothing to judge by"}},
		{"nothing in them", []string{"# a comment\n---\n---\n"}, []string{"in 1 file(s): nothing to judge by"}},
		{"no YAML", []string{"{"}, []string{"p0.yaml: "}},
		{"a kind of another engine", []string{"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\n"},
			[]string{`p0.yaml: apiVersion "kyverno.io/v1", kind "ClusterPolicy": Kubernetes 1.36 has no such admission policy; this engine knows MutatingAdmissionPolicy, `}},
		{"a kind of the group that is none of a policy", []string{"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a}\n"},
			[]string{`kind "ValidatingWebhookConfiguration": Kubernetes 1.36 has no such admission policy`}},
		{"a version that does not exist", []string{strings.Replace(mutation, "k8s.io/v1", "k8s.io/v2", 1)}, []string{`document 1: apiVersion "admissionregistration.k8s.io/v2"`}},
		{"a version that is gone", []string{strings.ReplaceAll(validation, "k8s.io/v1", "k8s.io/v1beta1")},
			[]string{"document 1: ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1beta1: gone since Kubernetes 1.34; write admissionregistration.k8s.io/v1"}},
		{"an unknown field", []string{strings.Replace(mutation, "failurePolicy:", "failurePolice:", 1)}, []string{"p0.yaml: document 1: ", `unknown field "spec.failurePolice"`}},
		{"a field twice", []string{strings.Replace(mutation, "  failurePolicy: Fail", "  failurePolicy: Fail\n  failurePolicy: Ignore", 1)}, []string{"p0.yaml: document 1: ", "already set"}},
		{"a value of another type", []string{strings.Replace(mutation, "failurePolicy: Fail", "failurePolicy: 3", 1)}, []string{"p0.yaml: document 1: "}},
		{"a value that is not one of those", []string{strings.Replace(mutation, "failurePolicy: Fail", "failurePolicy: Perhaps", 1)},
			[]string{`p0.yaml: document 1: MutatingAdmissionPolicy "p": spec.failurePolicy: Unsupported value: "Perhaps"`}},
		{"an operation that a mutation cannot have", []string{strings.Replace(mutation, "UPDATE", "DELETE", 1)}, []string{"spec.matchConstraints.resourceRules.operations: Unsupported value"}},
		{"no name", []string{strings.Replace(mutation, `name: "p"`, `name: ""`, 1)}, []string{"metadata.name: Required value"}},
		{"an expression that is none", []string{strings.Replace(rewrite, "variables.slots.map(s, {", "variables.slots.map(s {", 1)},
			[]string{`MutatingAdmissionPolicy "mirrors": spec.variables[4].expression: compilation failed: ERROR: <input>:1:`}},
		{"a variable that is not there", []string{rule{expression: "variables.nope"}.mutation()}, []string{"spec.mutations[0].jsonPatch.expression: compilation failed: ERROR: <input>:1:10: undefined field 'nope'"}},
		{"a validation of another type", []string{rule{expression: "'yes'"}.validation()}, []string{"spec.validations[0].expression: must evaluate to bool but got string"}},
		{"a message of another type", []string{strings.Replace(validation, "message:", "messageExpression: \"3\"\n    message:", 1)}, []string{"spec.validations[0].messageExpression: must evaluate to string but got int"}},
		{"a match condition that uses a variable", []string{rule{expression: nothing, matches: "  variables: [{name: v, expression: 'true'}]\n  matchConditions: [{name: c, expression: variables.v}]\n"}.mutation()},
			[]string{"spec.matchConditions[0].expression: compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables'"}},
		{"an expression beyond the limit", []string{rule{expression: "'" + strings.Repeat("x", 100_000) + "' == ''"}.validation()},
			[]string{"spec.validations[0].expression: compilation failed: ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100008, limit 100000"}},
		{"a function that Kubernetes does not have", []string{rule{expression: "image('a').registry() == 'b'"}.validation()}, []string{"undeclared reference to 'image'"}},
		{"parameters", []string{rule{expression: nothing, matches: "  paramKind: {apiVersion: v1, kind: ConfigMap}\n", selects: "  paramRef: {name: c, parameterNotFoundAction: Deny}\n"}.mutation()},
			[]string{`MutatingAdmissionPolicy "p": spec.paramKind: ConfigMap: parameters are read from a cluster`, `MutatingAdmissionPolicyBinding "p-bound": spec.paramRef: parameters are read from a cluster`}},
		{"a policy without a binding", []string{policy}, []string{`p0.yaml: MutatingAdmissionPolicy "p": no MutatingAdmissionPolicyBinding names it, so nothing would be judged by it`}},
		{"a policy with a binding of the other kind", []string{judge, binding},
			[]string{`ValidatingAdmissionPolicy "p": no ValidatingAdmissionPolicyBinding names it`, `MutatingAdmissionPolicyBinding "p-bound": spec.policyName: "p": there is no MutatingAdmissionPolicy of this name`}},
		{"a binding without a policy", []string{binding}, []string{`p0.yaml: MutatingAdmissionPolicyBinding "p-bound": spec.policyName: "p": there is no MutatingAdmissionPolicy of this name`}},
		{"one name twice", []string{mutation, mutation}, []string{`p1.yaml: document 1: MutatingAdmissionPolicy "p": one of this name is in p0.yaml already`}},
		{"all that is wrong, at once", []string{strings.Replace(rewrite, "kind: MutatingAdmissionPolicy\n", "kind: MutatingAdmissionPolice\n", 1), strings.Replace(constraint, "size(variables.violations) == 0", "size(variables.violations)", 1)},
			[]string{"MutatingAdmissionPolice", "spec.validations[1].expression: must evaluate to bool but got int"}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			session, err := New().Load(context.Background(), files(test.files...))
			if err == nil || session != nil {
				t.Fatal("loaded")
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not in:\n%.2000v", says, err)
				}
			}
			if len(err.Error()) > 50_000 {
				t.Errorf("an error of %d characters", len(err.Error()))
			}
		})
	}
}

func TestDefaultsAreThoseOfTheAPIServer(t *testing.T) {
	session := load(t, `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: short}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations: [{expression: object.spec.nope == 1}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: short}
spec: {policyName: short, validationActions: [Deny], matchResources: {}}
`)
	// A selector that is absent selects all; failurePolicy is Fail.
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if outcome.Allowed || strings.Join(outcome.Matched, " ") != "short" || !strings.Contains(strings.Join(outcome.Messages, "|"), "no such key: nope") {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestABetaVersionIsReadWithAWarning(t *testing.T) {
	session := load(t, strings.ReplaceAll(file(t, "rewrite.yaml"), "k8s.io/v1", "k8s.io/v1beta1"))
	want := "MutatingAdmissionPolicy of admissionregistration.k8s.io/v1beta1: Kubernetes 1.36 serves it only with --runtime-config=admissionregistration.k8s.io/v1beta1=true; write admissionregistration.k8s.io/v1"
	if got := session.Warnings(); len(got) != 2 || got[0] != want || !strings.HasPrefix(got[1], "MutatingAdmissionPolicyBinding of ") {
		t.Errorf("got %q", got)
	}
	request := &protocol.Admit{Object: object(t, pod("nginx"))}
	if got := imagesOf(t, admit(t, session, request).Object, request.Object); got != mirrored {
		t.Errorf("got %s", got)
	}
	if got := load(t, file(t, "rewrite.yaml")).Warnings(); len(got) > 0 {
		t.Errorf("v1: %q", got)
	}
}

func TestRulesAreTheNamesOfPolicies(t *testing.T) {
	session := load(t, rule{name: "z", expression: nothing}.mutation(), file(t, "rewrite.yaml"), file(t, "constraint.yaml"), rule{name: "a", expression: "true"}.validation())
	if got := strings.Join(session.Rules(), " "); got != "a mirrors z" {
		t.Errorf("got %s", got)
	}
}

func TestASessionHoldsMemoryAlone(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		session := load(t, file(t, "rewrite.yaml"), file(t, "constraint.yaml"))
		admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	}
	// Goroutines of other tests may end meanwhile, and none may begin.
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
