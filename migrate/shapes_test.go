package migrate

import (
	"strings"
	"testing"
)

// imagePatch is a patch that makes an image of a text.
func imagePatch(text string) string {
	return `{spec: {containers: [{name: "{{element.name}}", image: "` + text + `"}]}}`
}

func TestPoliciesOfManyShapesAreCarriedOver(t *testing.T) {
	for _, row := range []struct {
		why   string
		parts map[string]string
		// want is in the MirrorSet, say in what is said; "": nothing is left out.
		want, say string
	}{
		{"the first component replaced, which loses the repository where no host is written", map[string]string{"patch": imagePatch(`{{ regex_replace_all_literal('^[^/]+', '{{element.image}}', 'm.example:5000') }}`)},
			"- source: docker.io\n    mirror: m.example:5000\n", "left out: p.yaml:15:66: spec.rules[0].mutate.foreach[0].patchStrategicMerge.spec.containers[0].image: rewrites the images of every registry"},
		{"a host without the slash behind it", map[string]string{"patch": imagePatch(`{{ regex_replace_all('^quay.io', element.image, 'm.example') }}`)},
			"- source: quay.io\n    mirror: m.example\n", `note: p.yaml:15:66: spec.rules[0].mutate.foreach[0].patchStrategicMerge.spec.containers[0].image: "quay.iox.example/pa/pb-p:1.2" becomes "m.examplex.example/pa/pb-p:1.2", with the MirrorSet "quay.iox.example/pa/pb-p:1.2" (old: takes a part of the host quay.iox.example for the host quay.io)`},
		{"a host anywhere in the text", map[string]string{"patch": imagePatch(`{{ replace_all(element.image, 'docker.io/', 'm.example/hub/') }}`)},
			"- source: docker.io\n    mirror: m.example/hub\n", "takes a part of the host index.docker.io for the host docker.io"},
		{"a list with a filter", map[string]string{"list": `"request.object.spec.containers[?starts_with(image, 'quay.io/') && !contains(image, 'xyz')]"`}, "- source: quay.io\n", `the policy leaves "quay.io/pa/xyz`},
		{"a user of Docker Hub that is named by itself", map[string]string{
			"entry": `preconditions: {all: [{key: '{{ images.containers."{{element.name}}".path | contains(@,''acme/'') }}', operator: Equals, value: True}, {key: '{{ images.containers."{{element.name}}".registry }}', operator: Equals, value: docker.io}]}`,
			"patch": imagePatch(`docker.io/acmeold/{{ images.containers.{{element.name}}.path | split(@,'/')[1] }}:{{ images.containers.{{element.name}}.tag }}`)},
			"- source: docker.io/acme\n    mirror: docker.io/acmeold\n", ""},
		{"one repository by itself", map[string]string{"patch": imagePatch(`{{ regex_replace_all('^quay.io/acme/tool:', element.image, 'm.example/tool:') }}`)}, "- source: quay.io/acme/tool\n    mirror: m.example/tool\n", `left out: p.yaml:15:66: spec.rules[0].mutate.foreach[0].patchStrategicMerge.spec.containers[0].image: "quay.io/acme/tool": is rewritten, but not what lies below it`},
		{"namespaces of several matches", map[string]string{"match": "{any: [{resources: {kinds: [Pod], namespaces: [b]}}, {resources: {kinds: [v1/Pod], namespaces: [a]}}]}"}, "        - a\n        - b\n", ""},
		{"operations of which one is enough", map[string]string{"rule": `preconditions: {any: [{key: "{{ request.operation }}", operator: Equals, value: UPDATE}, {key: "{{request.operation || 'BACKGROUND'}}", operator: NotIn, value: [DELETE]}]}`}, "- source: quay.io\n", ""},
		{"a condition on all images of a Pod", map[string]string{"rule": `preconditions: {all: [{key: "{{ request.object.spec.containers[*].image }}", operator: AllNotIn, value: ["m.example/*"]}]}`}, "- source: quay.io\n", "asks for all images of a Pod at once"},
		{"one of several conditions on all images of a Pod", map[string]string{"rule": `preconditions: {any: [{key: "{{ images.containers.*.registry || 'x' }}", operator: AnyIn, value: [quay.io]}, {key: "{{ images.containers.*.registry }}", operator: AnyIn, value: [ghcr.io]}]}`}, "- source: quay.io\n", "asks for all images of a Pod at once"},
		{"leaving out what is updated", map[string]string{"rule": "exclude: {any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}"}, "- source: quay.io\n", ""},
	} {
		result := read(t, "p.yaml", policyWith(row.parts), Options{})
		if !strings.Contains(string(result.Text), row.want) || !strings.Contains(talk(result), row.say) || row.say == "" && len(result.LeftOut) > 0 {
			t.Errorf("%s:\n%s%swant\n%s\n%s", row.why, result.Text, talk(result), row.want, row.say)
		}
	}
}

func TestConditionsThatCannotBeToldAreNamed(t *testing.T) {
	for _, row := range []struct {
		why   string
		parts map[string]string
		want  string
	}{
		{"an expression that matches nothing", map[string]string{"patch": imagePatch(`{{ regex_replace_all('^quay\\\\.io/', element.image, 'm.example/') }}`)}, "leaves every image alone that was tried"},
		{"a condition that is never met", map[string]string{"entry": `preconditions: {all: [{key: "{{ starts_with(element.image, 'quay.io/') }}", operator: Equals, value: "true"}]}`}, "leaves every image alone that was tried"},
		{"Pods of several containers alone", map[string]string{"rule": `preconditions: {all: [{key: "{{ length(request.object.spec.containers) }}", operator: GreaterThan, value: 1}]}`}, "is a condition of the rule that is not read here"},
		{"a condition on a piece of any text", map[string]string{"entry": `preconditions: {all: [{key: "{{ contains(element.image, 'a/') }}", operator: NotEquals, value: true}]}`}, `"quay.io/pa.pb/pc" is rewritten, and "quay.io/pa/pb/pc" is not`},
		{"another list than that of the condition", map[string]string{"rule": `preconditions: {all: [{key: "{{ images.initContainers.*.registry }}", operator: AnyIn, value: [quay.io]}]}`}, "the rule changes containers where the images of initContainers meet a condition"},
		{"a list of something else", map[string]string{"rule": `preconditions: {all: [{key: "{{ images.volumes.*.registry }}", operator: AnyIn, value: [quay.io]}]}`}, "is a condition of the rule that is not read here"},
		{"conditions on different things, of which one is enough", map[string]string{"rule": `preconditions: {any: [{key: "{{ images.containers.*.registry }}", operator: AnyIn, value: [quay.io]}, {key: "{{ request.namespace }}", operator: Equals, value: a}]}`}, "one of several conditions of a rule"},
		{"a filter that is not read", map[string]string{"list": `"request.object.spec.containers[?securityContext.privileged]"`}, "does to the containers that meet this condition is not carried over"},
		{"leaving out every Pod", map[string]string{"rule": "exclude: {any: [{resources: {kinds: [Pod]}}]}"}, "leaves out every Pod, so that the rule does nothing"},
	} {
		result := read(t, "p.yaml", policyWith(row.parts), Options{})
		if result.Text != nil || !strings.Contains(talk(result), row.want) {
			t.Errorf("%s:\n%s%swant %s", row.why, result.Text, talk(result), row.want)
		}
	}
	result := read(t, "p.yaml", policyWith(map[string]string{"rule": "exclude: {any: [{resources: {kinds: [Job], namespaces: [a]}}]}"}), Options{})
	if strings.Contains(string(result.Text), "excludeNamespaces") || !strings.Contains(talk(result), `"Job": leaves out objects that are no Pods`) {
		t.Errorf("what leaves out Jobs leaves out no Pod:\n%s%s", result.Text, talk(result))
	}
}

func TestABindingLimitsItsPolicy(t *testing.T) {
	policy := `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: p}
spec:
  failurePolicy: Ignore
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    namespaceSelector: {matchLabels: {a: b}}
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: |
        object.spec.containers.map(c, c.image.startsWith("quay.io/") ? JSONPatch{op: "replace", path: "/spec/containers/" + string(object.spec.containers.indexOf(c)) + "/image", value: c.image.replace("quay.io/", "m.example/")} : null).filter(p, p != null)
`
	binding := func(name, matchResources string) string {
		return "---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: x}\nspec: {policyName: " + name + matchResources + "}\n"
	}
	for _, row := range []struct{ why, bindings, want, say string }{
		{"none at all", "", "failurePolicy: Ignore", "no binding of MutatingAdmissionPolicy p is among the inputs"},
		{"one without limits", binding("p", ""), "        a: b\n", ""},
		{"one with selectors", binding("p", ", matchResources: {namespaceSelector: {matchLabels: {mirror: 'yes'}}, objectSelector: {matchLabels: {c: d}}}"), "        a: b\n      matchExpressions:\n      - key: mirror\n        operator: \"In\"\n        values:\n        - \"yes\"\n    podSelector:\n      matchLabels:\n        c: d\n  rewrite:\n    failurePolicy: Ignore", ""},
		{"one of other resources", binding("p", ", matchResources: {excludeResourceRules: [{resources: [pods]}]}"), "        a: b\n", "limits the policy by its binding in a way that a MirrorSet has no word for"},
		{"one by a variable", binding("p", ", matchResources: {namespaceSelector: {matchLabels: {a: '{{x}}'}}}"), "        a: b\n", "selects by a wildcard or a variable"},
		{"several", binding("p", "") + binding("p", ", matchResources: {namespaceSelector: {matchLabels: {c: d}}}"), "        a: b\n", "is one of several bindings"},
		{"parameters", binding("p", ", paramRef: {name: x}"), "        a: b\n", "gives the policy parameters of the cluster"},
		{"another policy's", binding("p", "") + binding("q", ""), "        a: b\n", `binds "q", which is no policy among the inputs`},
	} {
		result := read(t, "p.yaml", policy+row.bindings, Options{})
		if !strings.Contains(string(result.Text), row.want) || !strings.Contains(talk(result), row.say) || row.say == "" && len(result.LeftOut) > 0 {
			t.Errorf("%s:\n%s%swant\n%s\n%s", row.why, result.Text, talk(result), row.want, row.say)
		}
	}
}

func TestAliasesAndMergeKeysAreFollowed(t *testing.T) {
	result := read(t, "r.yaml", `mirrors:
  quay.io: &m
    endpoint: &e [https://m.example]
  ghcr.io:
    <<: [{rewrite: {"^(.*)$": "g/$1"}}, *m]
  gcr.io:
    <<: *m
    endpoint: [https://n.example]
  docker.io: {endpoint: *e}
`, Options{})
	want := []string{"- source: docker.io\n    mirror: m.example\n", "- source: gcr.io\n    mirror: n.example\n", "- source: ghcr.io\n    mirror: m.example/g\n", "- source: quay.io\n    mirror: m.example\n", "# k3s, docker.io: r.yaml:3\n"}
	for _, w := range want {
		if !strings.Contains(string(result.Text), w) {
			t.Errorf("lacks %q:\n%s%s", w, result.Text, talk(result))
		}
	}
}

func TestAVariableThatIsNoCELIsToldOf(t *testing.T) {
	result := read(t, "p.yaml", `apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {name: p}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  variables: [{name: strip, expression: "string(img) => img"}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: 'Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, image: c.image.replace("quay.io/", "m.example/")})}}'
`, Options{})
	if !strings.Contains(talk(result), `note: p.yaml:6:41: spec.variables[0].expression: "strip": `) || !strings.Contains(talk(result), "refuses the whole policy") {
		t.Errorf("said\n%s", talk(result))
	}
}
