package admission

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestCELPoliciesThatAClusterRefusesAreNotLoaded(t *testing.T) {
	good := annotates("good", "", "a", "'b'")
	judge := validates("judge", "", "expression: 'true'")
	version := func(policy, version string) string {
		return strings.Replace(policy, "policies.kyverno.io/v1", "policies.kyverno.io/"+version, 1)
	}
	cases := []struct {
		reason string
		policy string
		says   []string
		not    string
	}{
		{"a version that this Kyverno does not have", version(good, "v2"), []string{"p.yaml: policies.kyverno.io/v2 MutatingPolicy: Kyverno ", "does not know it; it knows v1, v1beta1, v1alpha1"}, ""},
		{"a version that a kind does not have", "apiVersion: policies.kyverno.io/v1alpha1\nkind: NamespacedMutatingPolicy\n", []string{"policies.kyverno.io/v1alpha1 NamespacedMutatingPolicy", "does not know it; it knows v1, v1beta1"}, ""},
		{"a kind that Kyverno does not have", celOf("RewritingPolicy", "x", "a: b"), []string{"policies.kyverno.io/v1 RewritingPolicy: Kyverno ", "does not know it"}, "it knows"},
		{"a kind of the classic group that it does not have", strings.Replace(celOf("MutatingPolicy", "x", "a: b"), "policies.kyverno.io", "kyverno.io", 1), []string{"kyverno.io/v1 MutatingPolicy: Kyverno ", "does not know it"}, ""},
		{"a classic version that is served but not read", strings.Replace(label("x", "", "", "a", "b"), "kyverno.io/v1", "kyverno.io/v2beta1", 1), []string{"kyverno.io/v2beta1 ClusterPolicy: this engine reads v1 of it only"}, ""},
		{"image verification", celOf("ImageValidatingPolicy", "x", "a: b"), []string{"policies.kyverno.io/v1 ImageValidatingPolicy: this engine has no registry and no keys"}, ""},
		{"deletion", celOf("DeletingPolicy", "x", "a: b"), []string{"policies.kyverno.io/v1 DeletingPolicy: this engine runs no clean-up"}, ""},
		{"an exception", celOf("PolicyException", "x", "a: b"), []string{"PolicyException: this engine runs policies without exceptions"}, ""},
		{"a typo in a field", strings.Replace(good, "mutations:", "mutation:", 1), []string{"p.yaml", "spec.mutation", "unknown field"}, ""},
		{"a value of another type", strings.Replace(judge, "spec:\n", "spec:\n  validationActions: Deny\n", 1), []string{"validationActions"}, ""},
		{"a value that is none of an enumeration", strings.Replace(judge, "spec:\n", "spec:\n  failurePolicy: Perhaps\n", 1), []string{"failurePolicy", "Perhaps"}, ""},
		{"no spec", "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: x}\n", []string{"spec: Required value"}, ""},
		{"nothing to match", strings.Replace(good, "resourceRules:", "excludeResourceRules:", 1), []string{`MutatingPolicy "good"`, "spec.matchConstraints", "at least one resource rule"}, ""},
		{"a selector that is none", strings.Replace(good, "resourceRules:", "namespaceSelector: {matchExpressions: [{key: a, operator: In}]}\n    resourceRules:", 1), []string{`MutatingPolicy "good"`, "namespaceSelector", "values"}, ""},
		{"an expression that does not compile, with its place and without the expression", annotates("bad", "", "a", "object.\n        metadata.name + unknown"), []string{`MutatingPolicy "bad": spec.mutations[0].jsonPatch.expression: at 2:19: `, "undeclared reference to 'unknown'"}, "JSONPatch{"},
		{"every variable that does not compile", celOf("MutatingPolicy", "bad", "variables: [{name: a, expression: first.x}, {name: b, expression: second.x}]\n"+pods), []string{"spec.variables[0].expression: at 1:1: undeclared reference to 'first'", "spec.variables[1].expression: at 1:1: undeclared reference to 'second'"}, ""},
		{"a validation that is no bool", validates("bad", "", "expression: object.metadata.name + ''"), []string{`ValidatingPolicy "bad": spec.validations[0].expression: output is expected to be of type bool`}, "failed to compile policy"},
		{"a message that is no string", validates("bad", "", "expression: 'true'\nmessageExpression: '1'"), []string{"spec.validations[0].messageExpression: output is expected to be of type string"}, ""},
		{"a condition that is no bool", validates("bad", "matchConditions: [{name: c, expression: '1'}]", "expression: 'true'"), []string{"spec.matchConditions[0].expression: output is expected to be of type bool"}, ""},
		{"what Kyverno derives does not compile", celOf("MutatingPolicy", "bad", `
matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
mutations:
- patchType: ApplyConfiguration
  applyConfiguration: {expression: "Object{metadata: Object.metadata{labels: Object.metadata.labels{a: '}}}'}}}"}`), []string{"spec.autogen: what Kyverno derives for cronjobs does not compile, and a cluster does not run the policy"}, ""},
		{"neither at admission nor afterwards", annotates("idle", "evaluation: {admission: {enabled: false}}", "a", "'b'"), []string{"spec.evaluation", "disabling both admission and mutateExisting"}, ""},
		{"not at admission", validates("idle", "evaluation: {admission: {enabled: false}}", "expression: 'true'"), []string{"spec.evaluation.admission.enabled is false"}, ""},
		{"no admission, but JSON", validates("json", "evaluation: {mode: JSON}", "expression: 'true'"), []string{"spec.evaluation.mode is JSON"}, ""},
		{"handed to the API server to mutate", annotates("native", "autogen: {mutatingAdmissionPolicy: {enabled: true}}", "a", "'b'"), []string{"spec.autogen.mutatingAdmissionPolicy.enabled is true"}, ""},
		{"handed to the API server to validate", validates("native", "autogen: {validatingAdmissionPolicy: {enabled: true}}", "expression: 'true'"), []string{"spec.autogen.validatingAdmissionPolicy.enabled is true"}, ""},
		{"what is read from the cluster", annotates("asks", "variables: [{name: cm, expression: \"resource.Get('v1', 'configmaps', 'a', 'b')\"}]", "a", "variables.cm.data.x"), []string{"spec.variables[0].expression: resource.Get asks a cluster"}, ""},
		{"the same in the newer spelling, and where it is listed", validates("asks", "", "expression: size(resource.list('v1', 'pods', 'a').items) > 0\nmessageExpression: string(resource.get('v1', 'pods', 'a', 'b').metadata.name)"), []string{"spec.validations[0].expression: resource.list asks", "spec.validations[0].messageExpression: resource.get asks"}, ""},
		{"what is posted", validates("asks", "", "expression: \"has(resource.Post('v1', 'pods', 'a', {'a': 'b'}).a)\""), []string{"resource.Post asks"}, ""},
		{"a server", annotates("asks", "", "a", "http.Get('https://example.com').x"), []string{"spec.mutations[0].jsonPatch.expression: http.Get asks a cluster, a registry or a server"}, ""},
		{"a global context", annotates("asks", "", "a", "globalContext.Get('x', '').y"), []string{"globalContext.Get asks"}, ""},
		{"a registry", annotates("asks", "", "a", "image.GetMetadata('nginx').registry"), []string{"image.GetMetadata asks"}, ""},
		{"a context of a namespace's policy", strings.Replace(annotates("asks", "", "a", "globalContext.Get('x', '').y"), "kind: Mut", "kind: NamespacedMut", 1), []string{`"default/asks"`, "globalContext.* is not allowed in namespaced policies"}, ""},
		{"two of one kind and name", good + "---\n" + good, []string{"document 2", `MutatingPolicy "good": a policy of this name is in p.yaml already`}, ""},
		{"every problem at once, of classic policies too", strings.Replace(good, "mutations:", "mutation:", 1) + "---\n" + strings.Replace(label("c", "", "", "a", "b"), "mutate:", "mutat:", 1) + "---\n" + version(judge, "v7"), []string{"document 1", "document 2", "rules[0].mutat", "document 3: policies.kyverno.io/v7 ValidatingPolicy"}, ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			_, err := shared().Load(context.Background(), []protocol.File{{Path: "p.yaml", Data: test.policy}})
			if err == nil {
				t.Fatal("loaded")
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if test.not != "" && strings.Contains(err.Error(), test.not) {
				t.Errorf("%q says %q", err, test.not)
			}
		})
	}
}

func TestCELPoliciesOfEveryVersionAreLoaded(t *testing.T) {
	for _, test := range []struct {
		reason, version, kind, rule string
		warns                       []string
	}{
		{"the newest", "v1", "MutatingPolicy", "p", nil},
		{"the one that is stored", "v1beta1", "MutatingPolicy", "p", nil},
		{"the first, of which an API server warns", "v1alpha1", "MutatingPolicy", "p", []string{"policies.kyverno.io/v1alpha1 MutatingPolicy is deprecated"}},
		{"one of a namespace, which is default", "v1", "NamespacedMutatingPolicy", "default/p", nil},
	} {
		t.Run(test.reason, func(t *testing.T) {
			policy := strings.NewReplacer("kyverno.io/v1", "kyverno.io/"+test.version, "kind: MutatingPolicy", "kind: "+test.kind).Replace(annotates("p", "", "a", "'b'"))
			session := load(t, policy)
			if !slices.Equal(session.Rules(), []string{test.rule}) || !slices.Equal(session.Warnings(), test.warns) {
				t.Errorf("rules %v, warnings %v", session.Rules(), session.Warnings())
			}
			nowhere := strings.Replace(pod, `,"namespace":"shop"`, "", 1)
			if outcome := admit(t, session, &protocol.Admit{Object: object(t, nowhere)}); annotation(outcome.Object, "a") != "b" {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestPoliciesOfOneNameMayBeOfTwoKinds(t *testing.T) {
	session := load(t, annotates("same", "", "a", "'b'"), validates("same", "", "expression: 'false'\nmessage: 'no'"), label("same", "", "", "x", "y"))
	if want := []string{"same", "same/autogen-cronjob-set", "same/autogen-set", "same/set"}; !slices.Equal(session.Rules(), want) {
		t.Errorf("got %v, want %v", session.Rules(), want)
	}
}
