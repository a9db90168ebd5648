package admission

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// accountPolicy is the shape that is generated: a pull secret added to the
// ServiceAccounts that exist. Its trigger is the ServiceAccount itself.
const accountPolicy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: cn-service-accounts-1a2b3c4d}
spec:
  rules:
  - name: docker-io
    match: {any: [{resources: {kinds: [ServiceAccount], names: [default], namespaceSelector: {matchLabels: {mirror: "on"}}}}]}
    mutate:
      mutateExistingOnPolicyUpdate: true
      targets:
      - apiVersion: v1
        kind: ServiceAccount
        name: "{{ request.object.metadata.name }}"
        namespace: "{{ request.object.metadata.namespace }}"
        preconditions:
          all:
          - {key: mirrorgen-cn-docker-io, operator: AnyNotIn, value: "{{ target.imagePullSecrets[].name || ` + "`[]`" + ` }}"}
      patchesJson6902: |-
        - op: add
          path: /imagePullSecrets/-
          value: {name: mirrorgen-cn-docker-io}
`

// namespacePolicy does the same for the accounts of a Namespace that comes into scope.
const namespacePolicy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: cn-namespace-accounts-1a2b3c4d}
spec:
  rules:
  - name: docker-io
    match: {any: [{resources: {kinds: [Namespace], selector: {matchLabels: {mirror: "on"}}}}]}
    mutate:
      mutateExistingOnPolicyUpdate: true
      targets:
      - apiVersion: v1
        kind: ServiceAccount
        namespace: "{{ request.object.metadata.name }}"
        preconditions:
          all:
          - {key: "{{ target.metadata.name }}", operator: AnyIn, value: [default, builder]}
          - {key: mirrorgen-cn-docker-io, operator: AnyNotIn, value: "{{ target.imagePullSecrets[].name || ` + "`[]`" + ` }}"}
      patchesJson6902: |-
        - op: add
          path: /imagePullSecrets/-
          value: {name: mirrorgen-cn-docker-io}
`

func account(namespace, name string, secrets ...string) string {
	made := `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"` + name + `","namespace":"` + namespace + `"},"automountServiceAccountToken":false`
	if len(secrets) > 0 {
		made += `,"imagePullSecrets":[{"name":"` + strings.Join(secrets, `"},{"name":"`) + `"}]`
	}
	return made + "}"
}

const secret = "mirrorgen-cn-docker-io"

func TestAServiceAccountGetsAPullSecretBesideItsOwn(t *testing.T) {
	inScope, outOfScope := map[string]string{"mirror": "on"}, map[string]string{}
	cases := []struct {
		reason, policy         string
		operation, object, old string
		labels                 map[string]string
		cluster, want          []string
		changed                string
		matched, fired         bool
		warns                  string
	}{
		{reason: "the list is made where there is none", operation: "CREATE", object: account("shop", "default"), labels: inScope,
			changed: account("shop", "default", secret), matched: true, fired: true},
		{reason: "entries stay and come first", operation: "CREATE", object: account("shop", "default", "own", "other"), labels: inScope,
			changed: account("shop", "default", "own", "other", secret), matched: true, fired: true},
		{reason: "it is added once", operation: "CREATE", object: account("shop", "default", secret, "own"), labels: inScope,
			matched: true},
		{reason: "an account of another name is left alone", operation: "CREATE", object: account("shop", "builder"), labels: inScope},
		{reason: "and one of a namespace out of scope", operation: "CREATE", object: account("shop", "default"), labels: outOfScope},
		{reason: "an update is as good an occasion", operation: "UPDATE", old: account("shop", "default", "own"), object: account("shop", "default"), labels: inScope,
			changed: account("shop", "default", secret), matched: true, fired: true},
		{reason: "a deletion is none", operation: "DELETE", old: account("shop", "default"), labels: inScope, matched: true},
		{reason: "one that exists gets it when the policy is applied", operation: "EXISTING", object: account("shop", "default", "own"), labels: inScope,
			changed: account("shop", "default", "own", secret), matched: true, fired: true},
		{reason: "but not without mutateExistingOnPolicyUpdate", policy: without(t, accountPolicy, "      mutateExistingOnPolicyUpdate: true\n"),
			operation: "EXISTING", object: account("shop", "default", "own"), labels: inScope},
		{reason: "that of the policy counts as well", policy: replaced(t, without(t, accountPolicy, "      mutateExistingOnPolicyUpdate: true\n"), "spec:\n", "spec:\n  mutateExistingOnPolicyUpdate: true\n"),
			operation: "EXISTING", object: account("shop", "default", "own"), labels: inScope, changed: account("shop", "default", "own", secret), matched: true, fired: true},
		{reason: "one that exists out of scope does not", operation: "EXISTING", object: account("shop", "default"), labels: outOfScope},
		{reason: "the labels may come with the cluster's Namespace", operation: "CREATE", object: account("shop", "default"),
			cluster: []string{namespaceObject("shop", on)}, want: []string{namespaceObject("shop", on)},
			changed: account("shop", "default", secret), matched: true, fired: true},
		{reason: "where it is among the cluster's objects it is changed there", operation: "EXISTING", object: account("shop", "default"), labels: inScope,
			cluster: []string{account("shop", "default"), account("other", "default")}, want: []string{account("shop", "default", secret), account("other", "default")},
			changed: account("shop", "default", secret), matched: true, fired: true},
		{reason: "a namespace brings its accounts, and no other's", policy: namespacePolicy, operation: "CREATE", object: namespaceObject("shop", on),
			cluster: []string{account("shop", "default", "own"), account("other", "default"), account("shop", "builder"), account("shop", "deployer")},
			want:    []string{account("shop", "default", "own", secret), account("other", "default"), account("shop", "builder", secret), account("shop", "deployer")}, matched: true, fired: true},
		{reason: "a namespace without accounts is no error", policy: namespacePolicy, operation: "CREATE", object: namespaceObject("shop", on), matched: true},
		{reason: "a target by its full name that is not there is one", policy: replaced(t, namespacePolicy, "kind: ServiceAccount\n", "kind: ServiceAccount\n        name: default\n"),
			operation: "CREATE", object: namespaceObject("shop", on), matched: true, warns: `serviceaccounts "default" not found`},
		{reason: "a namespace that comes into scope", policy: namespacePolicy, operation: "UPDATE", old: namespaceObject("shop"), object: namespaceObject("shop", on),
			cluster: []string{account("shop", "default")}, want: []string{account("shop", "default", secret)}, matched: true, fired: true},
		{reason: "one that leaves it keeps what it has", policy: namespacePolicy, operation: "UPDATE", old: namespaceObject("shop", on), object: namespaceObject("shop"),
			cluster: []string{account("shop", "default", secret)}, want: []string{account("shop", "default", secret)}},
		{reason: "a second policy sees what the first one left", policy: accountPolicy + "---" + replaced(t, replaced(t, accountPolicy, "cn-service", "us-service"), secret, "mirrorgen-us"),
			operation: "CREATE", object: account("shop", "default"), labels: inScope,
			changed: account("shop", "default", secret, "mirrorgen-us"), matched: true, fired: true},
		{reason: "and so does a second rule", policy: accountPolicy + replaced(t, replaced(t, accountPolicy[strings.Index(accountPolicy, "  - name"):], "name: docker-io", "name: quay-io"), secret, "mirrorgen-cn-quay-io"),
			operation: "CREATE", object: account("shop", "default"), labels: inScope,
			changed: account("shop", "default", secret, "mirrorgen-cn-quay-io"), matched: true, fired: true},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			if test.policy == "" {
				test.policy = accountPolicy
			}
			session := load(t, test.policy)
			request := &protocol.Admit{Operation: test.operation, NamespaceLabels: test.labels, Cluster: clusterOf(t, test.cluster...)}
			if test.object != "" {
				request.Object = object(t, test.object)
			}
			if test.old != "" {
				request.OldObject = object(t, test.old)
			}
			outcome := afterwards(t, session, request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			var changed map[string]any
			if test.changed != "" {
				changed = object(t, test.changed)
			}
			if !reflect.DeepEqual(outcome.Object, changed) {
				t.Errorf("object %s\nwant   %s", text(t, outcome.Object), test.changed)
			}
			if (len(outcome.Matched) > 0) != test.matched || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if warnings := strings.Join(outcome.Warnings, "\n"); !strings.Contains(warnings, test.warns) || (warnings == "") != (test.warns == "") {
				t.Errorf("warnings %v", outcome.Warnings)
			}
			if changed == nil || test.operation == "UPDATE" {
				return
			}
			request.Object, request.Cluster = outcome.Object, outcome.Cluster
			if again := afterwards(t, session, request); again.Object != nil || len(again.Fired) > 0 || !reflect.DeepEqual(again.Cluster, outcome.Cluster) {
				t.Errorf("the second time: %s", text(t, again))
			}
		})
	}
}

func TestAtAdmissionRulesOfTheBackgroundDoNothing(t *testing.T) {
	mixed := accountPolicy + `  - name: label
    match: {any: [{resources: {kinds: [ServiceAccount]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}
`
	for _, test := range []struct {
		reason, policy, object string
		matched                []string
		changed                bool
	}{
		{"a generate rule", clonePolicy, namespaceObject("shop", on), nil, false},
		{"a mutate rule with targets", accountPolicy, account("shop", "default"), nil, false},
		{"beside one without", mixed, account("shop", "default"), []string{"cn-service-accounts-1a2b3c4d/label"}, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			// Without labels: no rule that is run asks for them.
			outcome := admit(t, load(t, test.policy), &protocol.Admit{Object: object(t, test.object), Cluster: clusterOf(t, source)})
			if !outcome.Allowed || !slices.Equal(outcome.Matched, test.matched) || (outcome.Object != nil) != test.changed || outcome.Warnings != nil {
				t.Errorf("got %s", text(t, outcome))
			}
			if outcome.Object["imagePullSecrets"] != nil {
				t.Error("the trigger was mutated at admission")
			}
			if outcome.Cluster != nil {
				t.Error("a phase that was not run has no outcome")
			}
		})
	}
	outcome := afterwards(t, load(t, mixed), &protocol.Admit{Object: object(t, account("shop", "default")), NamespaceLabels: map[string]string{"mirror": "on"}, Cluster: clusterOf(t)})
	if want := object(t, account("shop", "default", secret)); !reflect.DeepEqual(outcome.Object, want) || outcome.Warnings != nil {
		t.Errorf("afterwards the others do nothing: %s", text(t, outcome))
	}
}
