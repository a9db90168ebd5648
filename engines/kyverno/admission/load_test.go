package admission

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestPoliciesThatAClusterRefusesAreNotLoaded(t *testing.T) {
	good := label("good", "", "", "a", "b")
	cases := []struct {
		reason string
		policy string
		says   []string
	}{
		{"a typo in a field", strings.Replace(good, "mutate:", "mutat:", 1), []string{"p.yaml", "rules[0].mutat", "unknown field"}},
		{"a value of another type", strings.Replace(good, "rules:", "background: maybe\n  rules:", 1), []string{"p.yaml", "background"}},
		{"an unknown kind", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", []string{"ConfigMap", "knows ClusterPolicy and Policy"}},
		{"text that is no YAML", "a: [", []string{"p.yaml"}},
		{"bad JMESPath", strings.Replace(good, `"b"`, `"{{ request.object.[ }}"`, 1), []string{`ClusterPolicy "good"`}},
		{"an unknown variable", strings.Replace(good, `"b"`, `"{{ requst.object.metadata.name }}"`, 1), []string{`ClusterPolicy "good"`, "requst"}},
		{"no rules", policyOf("empty", "background: true"), []string{"no rules"}},
		{"two policies of one name", good + "---\n" + good, []string{"document 2", "already"}},
		{"nothing", "# only a comment\n", []string{"nothing to judge by"}},
		{"a generate rule with server-side apply", replaced(t, clonePolicy, "spec:\n", "spec:\n  useServerSideApply: true\n"), []string{"spec.useServerSideApply", "who owns which field"}},
		{"a generate rule that makes nothing", without(t, clonePolicy, "      kind: Secret\n"), []string{"kind"}},
		{"a variable where a rule matches", replaced(t, clonePolicy, "[kube-system, registry-credentials]", "['{{ request.object.metadata.name }}']"), []string{"should not have variables in exclude section"}},
		{"a generate loop's look-up in the cluster", policyOf("f", `
rules:
- name: each
  match: {any: [{resources: {kinds: [Namespace]}}]}
  generate:
    foreach:
    - list: "request.object.metadata.labels.keys(@)"
      context: [{name: cm, configMap: {name: x, namespace: ns}}]
      apiVersion: v1
      kind: Secret
      name: "{{ element }}"
      namespace: "{{ request.object.metadata.name }}"
      clone: {namespace: registry-credentials, name: regcred}`), []string{"ConfigMap of the cluster"}},
		{"a verifyImages rule", policyOf("v", `
rules:
- name: check
  match: {any: [{resources: {kinds: [Pod]}}]}
  verifyImages: [{imageReferences: ["*"], mutateDigest: false, attestors: [{entries: [{keys: {publicKeys: "k8s://a/b"}}]}]}]`), []string{"verifyImages rules are not run"}},
		{"a target's look-up in the cluster", policyOf("m", `
rules:
- name: later
  match: {any: [{resources: {kinds: [Pod]}}]}
  mutate:
    targets: [{apiVersion: v1, kind: ConfigMap, name: x, namespace: ns, context: [{name: all, apiCall: {urlPath: /api/v1/namespaces}}]}]
    patchStrategicMerge: {data: {a: b}}`), []string{"an API call of the cluster"}},
		{"a look-up in the cluster", policyOf("c", `
rules:
- name: look
  match: {any: [{resources: {kinds: [Pod]}}]}
  context: [{name: cm, configMap: {name: x, namespace: ns}}]
  mutate: {patchStrategicMerge: {metadata: {labels: {a: "{{ cm.data.a }}"}}}}`), []string{"ConfigMap of the cluster"}},
		{"a policy that does not run at admission", deny("p", "admission: false", "", "no"), []string{"spec.admission"}},
		{"every problem at once", strings.Replace(good, "mutate:", "mutat:", 1) + "---\nkind: Nothing\n", []string{"document 1", "document 2", "Nothing"}},
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
		})
	}
}

func TestAnEmptyDocumentHidesNoPolicy(t *testing.T) {
	session := load(t, "# head", "", label("a", "", "", "x", "y"), "", label("b", "", "", "x", "y"))
	for _, name := range []string{"a/set", "b/set"} {
		if !slices.Contains(session.Rules(), name) {
			t.Errorf("%s is missing in %v", name, session.Rules())
		}
	}
}

func TestRulesHoldWhatKyvernoDerives(t *testing.T) {
	session := load(t, label("a", "", "", "x", "y"), rewrite, `
apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: own, namespace: shop}
spec:
  rules:
  - name: set
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}
`)
	background := load(t, clonePolicy, accountPolicy)
	if want := []string{cloneRule, "cn-service-accounts-1a2b3c4d/docker-io"}; !slices.Equal(background.Rules(), want) {
		t.Errorf("got %v, want %v", background.Rules(), want)
	}
	want := []string{"a/autogen-cronjob-set", "a/autogen-set", "a/set", "rewrite/images", "shop/own/set"}
	if !slices.Equal(session.Rules(), want) {
		t.Errorf("got %v, want %v", session.Rules(), want)
	}
	if !slices.ContainsFunc(session.Warnings(), func(w string) bool { return strings.Contains(w, "ClusterPolicy is deprecated") }) {
		t.Errorf("warnings %v", session.Warnings())
	}
}
