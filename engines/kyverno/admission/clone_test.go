package admission

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// clonePolicy is the shape that is generated: the pull secret of a mirror, cloned
// into the namespaces in scope.
const clonePolicy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: cn-pull-secrets-1a2b3c4d}
spec:
  rules:
  - name: docker-io
    match: {any: [{resources: {kinds: [Namespace], selector: {matchLabels: {mirror: "on"}}}}]}
    exclude: {any: [{resources: {kinds: [Namespace], names: [kube-system, registry-credentials]}}]}
    generate:
      generateExisting: true
      synchronize: true
      orphanDownstreamOnPolicyDelete: false
      apiVersion: v1
      kind: Secret
      name: mirrorgen-cn-docker-io
      namespace: "{{ request.object.metadata.name }}"
      clone: {namespace: registry-credentials, name: regcred}
`

const cloneRule = "cn-pull-secrets-1a2b3c4d/docker-io"

// source is the Secret that is cloned; its credentials are made up.
const source = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"regcred","namespace":"registry-credentials"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"e30="}}`

func cloneIn(namespace string) string {
	return strings.NewReplacer(`"regcred"`, `"mirrorgen-cn-docker-io"`, `"registry-credentials"`, `"`+namespace+`"`).Replace(source)
}

func namespaceObject(name string, labels ...string) string {
	if len(labels) == 0 {
		return `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`
	}
	return `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `","labels":{` + strings.Join(labels, ",") + `}}}`
}

const on = `"mirror":"on"`

// cluster decodes objects; none is an empty cluster, not an unknown one.
func clusterOf(t testing.TB, objects ...string) []map[string]any {
	t.Helper()
	made := []map[string]any{}
	for _, o := range objects {
		made = append(made, object(t, o))
	}
	return made
}

func afterwards(t testing.TB, session *Session, request *protocol.Admit) *protocol.Outcome {
	t.Helper()
	request.Phases = []string{"background"}
	outcome, err := session.Admit(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	if !outcome.Allowed || outcome.Messages != nil {
		t.Errorf("the background judges nothing: %s", text(t, outcome))
	}
	return outcome
}

// without removes a text from a policy, which must be there.
func without(t testing.TB, policy, text string) string {
	t.Helper()
	return replaced(t, policy, text, "")
}

func replaced(t testing.TB, policy, old, with string) string {
	t.Helper()
	if !strings.Contains(policy, old) {
		t.Fatalf("%q is not in the policy", old)
	}
	return strings.ReplaceAll(policy, old, with)
}

func TestAPullSecretFollowsItsNamespaces(t *testing.T) {
	foreign := replaced(t, cloneIn("shop"), "e30=", "eyJhdXRocyI6e319")
	opaque := replaced(t, cloneIn("shop"), "kubernetes.io/dockerconfigjson", "Opaque")
	once := without(t, clonePolicy, "      generateExisting: true\n")
	loose := replaced(t, clonePolicy, "synchronize: true", "synchronize: false")
	terminating := replaced(t, namespaceObject("shop", on), `"metadata"`, `"status":{"phase":"Terminating"},"metadata"`)
	cases := []struct {
		reason, policy         string
		operation, object, old string
		cluster, want          []string
		matched, fired         bool
		warns                  string
	}{
		{reason: "a namespace in scope gets it", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source, cloneIn("shop")}, matched: true, fired: true},
		{reason: "one without the label does not", operation: "CREATE", object: namespaceObject("shop"),
			cluster: []string{source}, want: []string{source}},
		{reason: "nor one with another value", operation: "CREATE", object: namespaceObject("shop", `"mirror":"off"`),
			cluster: []string{source}, want: []string{source}},
		{reason: "nor one that is excluded", operation: "CREATE", object: namespaceObject("kube-system", on),
			cluster: []string{source}, want: []string{source}},
		{reason: "nor the home of the credentials, excluded as well", operation: "CREATE", object: namespaceObject("registry-credentials", on),
			cluster: []string{source}, want: []string{source}},
		{reason: "the home, where it is in scope, gets a clone under the clone's name", policy: without(t, clonePolicy, ", registry-credentials"),
			operation: "CREATE", object: namespaceObject("registry-credentials", on),
			cluster: []string{source}, want: []string{source, cloneIn("registry-credentials")}, matched: true, fired: true},
		{reason: "a source is not cloned onto itself", policy: replaced(t, without(t, clonePolicy, ", registry-credentials"), "mirrorgen-cn-docker-io", "regcred"),
			operation: "CREATE", object: namespaceObject("registry-credentials", on),
			cluster: []string{source}, want: []string{source}, matched: true},
		{reason: "another kind of object is no trigger", operation: "CREATE", object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"mirror":"on"}}}`,
			cluster: []string{source}, want: []string{source}},
		{reason: "other objects stay as and where they are", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{namespaceObject("other", on), source, namespaceObject("shop", on)},
			want:    []string{namespaceObject("other", on), source, namespaceObject("shop", on), cloneIn("shop")}, matched: true, fired: true},
		{reason: "a namespace that exists gets it when the policy is applied", operation: "EXISTING", object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source, cloneIn("shop")}, matched: true, fired: true},
		{reason: "but not without generateExisting", policy: once, operation: "EXISTING", object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source}},
		{reason: "generateExisting of the policy counts as well", policy: replaced(t, once, "spec:\n", "spec:\n  generateExisting: true\n"), operation: "EXISTING", object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source, cloneIn("shop")}, matched: true, fired: true},
		{reason: "the rule's own goes before the policy's", policy: replaced(t, replaced(t, clonePolicy, "generateExisting: true", "generateExisting: false"), "spec:\n", "spec:\n  generateExisting: true\n"), operation: "EXISTING", object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source}},
		{reason: "one that exists out of scope does not", operation: "EXISTING", object: namespaceObject("shop"),
			cluster: []string{source}, want: []string{source}},
		{reason: "nor one that exists and is excluded", operation: "EXISTING", object: namespaceObject("kube-system", on),
			cluster: []string{source}, want: []string{source}},
		{reason: "the label taken off takes the clone away", operation: "UPDATE", old: namespaceObject("shop", on), object: namespaceObject("shop"),
			cluster: []string{cloneIn("shop"), source, cloneIn("other")}, want: []string{source, cloneIn("other")}, matched: true, fired: true},
		{reason: "also where the clone was not given", operation: "UPDATE", old: namespaceObject("shop", on), object: namespaceObject("shop"),
			cluster: []string{source}, want: []string{source}, matched: true, fired: true},
		{reason: "without synchronize it stays", policy: loose, operation: "UPDATE", old: namespaceObject("shop", on), object: namespaceObject("shop"),
			cluster: []string{source}, want: []string{source, cloneIn("shop")}, matched: true},
		{reason: "the label put on brings it", operation: "UPDATE", old: namespaceObject("shop"), object: namespaceObject("shop", on),
			cluster: []string{source}, want: []string{source, cloneIn("shop")}, matched: true, fired: true},
		{reason: "another label changes nothing", operation: "UPDATE", old: namespaceObject("shop", on), object: namespaceObject("shop", on, `"a":"b"`),
			cluster: []string{source, cloneIn("shop")}, want: []string{source, cloneIn("shop")}, matched: true},
		{reason: "an update out of scope changes nothing", operation: "UPDATE", old: namespaceObject("shop"), object: namespaceObject("shop", `"a":"b"`),
			cluster: []string{source}, want: []string{source}},
		{reason: "a namespace deleted takes the clone along", operation: "DELETE", old: namespaceObject("shop", on),
			cluster: []string{source, cloneIn("shop"), namespaceObject("shop", on)}, want: []string{source}, matched: true, fired: true},
		{reason: "no source is an error, and nobody is denied for it", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{}, want: []string{}, matched: true, warns: `engine: ` + cloneRule + `: error: source resource v1/Secret/shop/mirrorgen-cn-docker-io not found: secrets "regcred" not found`},
		{reason: "no source for what exists", operation: "EXISTING", object: namespaceObject("shop", on),
			cluster: []string{cloneIn("other")}, want: []string{cloneIn("other")}, matched: true, warns: `secrets "regcred" not found`},
		{reason: "a Secret of that name that Kyverno does not manage is overwritten", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{foreign, source}, want: []string{cloneIn("shop"), source}, matched: true, fired: true},
		{reason: "unless it is of another type, which an API server does not change", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{opaque, source}, want: []string{opaque, source}, matched: true, warns: `type: Invalid value: "kubernetes.io/dockerconfigjson": field is immutable`},
		{reason: "without synchronize it is left alone, silently", policy: loose, operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{foreign, source}, want: []string{foreign, source}, matched: true},
		{reason: "one that is the clone already is only labelled", operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{cloneIn("shop"), source}, want: []string{cloneIn("shop"), source}, matched: true},
		{reason: "nothing is made in a namespace that is being deleted", operation: "EXISTING", object: terminating,
			cluster: []string{source}, want: []string{source}, matched: true, warns: "is being terminated"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			if test.policy == "" {
				test.policy = clonePolicy
			}
			request := &protocol.Admit{Operation: test.operation, Cluster: clusterOf(t, test.cluster...)}
			if test.object != "" {
				request.Object = object(t, test.object)
			}
			if test.old != "" {
				request.OldObject = object(t, test.old)
			}
			outcome := afterwards(t, load(t, test.policy), request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			if (len(outcome.Matched) > 0) != test.matched || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if warnings := strings.Join(outcome.Warnings, "\n"); !strings.Contains(warnings, test.warns) || (warnings == "") != (test.warns == "") {
				t.Errorf("warnings %v", outcome.Warnings)
			}
			if outcome.Object != nil {
				t.Errorf("the namespace was changed: %s", text(t, outcome.Object))
			}
			if !reflect.DeepEqual(request.Cluster, clusterOf(t, test.cluster...)) {
				t.Error("the caller's cluster was changed")
			}
		})
	}
}
