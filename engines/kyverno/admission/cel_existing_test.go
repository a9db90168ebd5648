package admission

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// labelling is a MutatingPolicy that mutates what exists, with the lines of its spec.
func labelling(spec string) string {
	return `
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {name: l}
spec:
  evaluation: {mutateExisting: {enabled: true}}
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps]}
  ` + strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + `
  mutations:
  - patchType: JSONPatch
    jsonPatch: {expression: "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a': 'b'} }]"}
`
}

func TestWhatExistsIsMutatedAsKyvernoFindsIt(t *testing.T) {
	trigger := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"shop"}}`
	labelled := func(object string) string { return strings.Replace(object, `"name"`, `"labels":{"a":"b"},"name"`, 1) }
	shop, lab := namespaceObject("shop", on), namespaceObject("lab")
	inShop, inLab := account("shop", "default"), account("lab", "default")
	cluster := []string{shop, lab, inShop, inLab}
	accounts := "targetMatchConstraints: {%s resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: ['*'], resources: [serviceaccounts]%s}]}"
	expressed := "targetMatchConstraints: {expression: \"resource.List('v1', 'serviceaccounts', object.metadata.namespace)\"}"
	for _, test := range []struct {
		reason, policy, operation string
		want                      []string
		after                     string
		matched, fired            bool
		warns                     string
	}{
		{reason: "every target of a kind", policy: labelling(fmt.Sprintf(accounts, "", "")), want: []string{shop, lab, labelled(inShop), labelled(inLab)}, matched: true, fired: true},
		{reason: "by the selector of their namespace", policy: labelling(fmt.Sprintf(accounts, "namespaceSelector: {matchLabels: {mirror: \"on\"}},", "")), want: []string{shop, lab, labelled(inShop), inLab}, matched: true, fired: true},
		{reason: "by name", policy: labelling(fmt.Sprintf(accounts, "", ", resourceNames: [other]")), want: cluster, matched: true},
		{reason: "by an expression", policy: labelling(expressed), want: []string{shop, lab, labelled(inShop), inLab}, matched: true, fired: true},
		{reason: "when the policy comes", policy: labelling(expressed), operation: "EXISTING", want: []string{shop, lab, labelled(inShop), inLab}, matched: true, fired: true},
		{reason: "when the policy comes, without an expression", policy: labelling(fmt.Sprintf(accounts, "", "")), operation: "EXISTING", want: []string{shop, lab, labelled(inShop), labelled(inLab)}, matched: true, fired: true},
		{reason: "a condition on targets", policy: labelling(expressed + "\ntargetMatchConditions: [{name: c, expression: \"object.metadata.name == 'other'\"}]"), want: cluster, matched: true},
		{reason: "a condition on the trigger", policy: labelling(expressed + "\nmatchConditions: [{name: c, expression: \"object.metadata.name == 'other'\"}]"), want: cluster},
		{reason: "a condition on the trigger, when the policy comes", policy: labelling(expressed + "\nmatchConditions: [{name: c, expression: \"object.metadata.name == 'other'\"}]"), operation: "EXISTING", want: cluster},
		{reason: "the trigger itself, where no target is named", policy: labelling("matchConditions: []"), operation: "EXISTING", want: cluster, after: labelled(trigger), matched: true, fired: true},
		{reason: "an expression that fails", policy: labelling("targetMatchConstraints: {expression: \"resource.List('v1', 'serviceaccounts', object.metadata.labels.x)\"}"), want: cluster, matched: true, warns: "engine: l: error: no such key: labels"},
		{reason: "a mutation that fails", policy: replaced(t, labelling(expressed), "{'a': 'b'}", "{'a': object.metadata.labels.x}"), want: cluster, matched: true, warns: "engine: l: error: failed to evaluate policy: no such key: labels"},
		{reason: "a policy of another namespace", policy: strings.NewReplacer("kind: MutatingPolicy", "kind: NamespacedMutatingPolicy", "name: l}", "name: l, namespace: lab}").Replace(labelling(fmt.Sprintf(accounts, "", ""))), want: cluster},
		{reason: "a policy of this one", policy: strings.NewReplacer("kind: MutatingPolicy", "kind: NamespacedMutatingPolicy", "name: l}", "name: l, namespace: shop}").Replace(labelling(fmt.Sprintf(accounts, "", ""))), want: []string{shop, lab, labelled(inShop), inLab}, matched: true, fired: true},
		{reason: "a deletion is a trigger as well", policy: labelling(fmt.Sprintf(accounts, "", "")), operation: "DELETE", want: []string{shop, lab, labelled(inShop), labelled(inLab)}, matched: true, fired: true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Operation: test.operation, Object: object(t, trigger), Cluster: clusterOf(t, cluster...)}
			if test.operation == "DELETE" {
				request.OldObject, request.Object = request.Object, nil
			}
			outcome := afterwards(t, load(t, test.policy), request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			var after map[string]any
			if test.after != "" {
				after = object(t, test.after)
			}
			if !reflect.DeepEqual(outcome.Object, after) {
				t.Errorf("the trigger became %s", text(t, outcome.Object))
			}
			if (len(outcome.Matched) > 0) != test.matched || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if warnings := strings.Join(outcome.Warnings, "\n"); !strings.Contains(warnings, test.warns) || (warnings == "") != (test.warns == "") {
				t.Errorf("warnings %v", outcome.Warnings)
			}
		})
	}
}
