package migrate

import (
	"strings"
	"testing"
)

// policyWith is a policy whose parts can be put in the place of the usual ones.
func policyWith(parts map[string]string) string {
	text := `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  $spec
  rules:
  - name: r
    match: $match
    $rule
    mutate:
      foreach:
      - list: $list
        $entry
        patchStrategicMerge:
          $patch
`
	usual := map[string]string{
		"spec": "failurePolicy: Ignore", "match": "{any: [{resources: {kinds: [Pod], operations: [CREATE]}}]}", "rule": "skipBackgroundRequests: true",
		"list": "request.object.spec.containers", "entry": "order: Ascending",
		"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/', element.image, 'm.example/') }}"}]}}`,
	}
	for name, part := range usual {
		if other, ok := parts[name]; ok {
			part = other
		}
		text = strings.ReplaceAll(text, "$"+name, part)
	}
	return text
}

// read reads one file and wants no error.
func read(t *testing.T, name, text string, o Options) *Result {
	t.Helper()
	result, err := Read([]File{{Name: name, Data: []byte(text)}}, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return result
}

func TestWhatAPolicySaysBeyondMirrorsIsNamed(t *testing.T) {
	for _, row := range []struct {
		why   string
		parts map[string]string
		// carried says whether the mirror is there all the same.
		carried bool
		want    string
	}{
		{"a plain policy leaves nothing out", nil, true, ""},
		{"one that admission does not ask", map[string]string{"spec": "admission: false"}, false, "p.yaml:5:14: spec.admission: \"false\": the policy is asked for nothing at admission"},
		{"one of several rules alone", map[string]string{"spec": "applyRules: One"}, true, "spec.applyRules: \"One\": of several rules"},
		{"what exists already", map[string]string{"spec": "mutateExistingOnPolicyUpdate: true"}, true, "restart the workloads"},
		{"a field of another version", map[string]string{"spec": "mystery: x"}, true, "spec.mystery: is no field of a policy that is read here"},
		{"conditions of the webhook", map[string]string{"spec": "webhookConfiguration: {matchConditions: [{name: a, expression: 'true'}]}"}, false, "limits what Kyverno is asked for"},
		{"conditions in CEL", map[string]string{"rule": "celPreconditions: [{name: a, expression: 'true'}]"}, false, "celPreconditions: is not read here"},
		{"targets", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: x}]}}` + "\n      targets: [{apiVersion: v1, kind: Pod}]"}, false, "what stands in the cluster already"},
		{"no Pod", map[string]string{"match": "{any: [{resources: {kinds: [Service]}}]}"}, false, "about no Pod and no workload"},
		{"namespaces by a wildcard", map[string]string{"match": `{any: [{resources: {kinds: [Pod], namespaces: ["team-*"]}}]}`}, false, `"team-*": names namespaces by a wildcard`},
		{"namespaces by a variable", map[string]string{"match": `{any: [{resources: {kinds: [Pod], namespaces: ["{{ x }}"]}}]}`}, false, "by a wildcard or a variable"},
		{"names of Pods", map[string]string{"match": "{any: [{resources: {kinds: [Pod], names: [web]}}]}"}, false, "limits the rule in a way that a MirrorSet has no word for"},
		{"users", map[string]string{"match": "{any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: x}]}]}"}, false, "would do it everywhere"},
		{"updates alone", map[string]string{"match": "{any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}"}, false, "not about the creation of Pods"},
		{"labels by a wildcard", map[string]string{"match": `{any: [{resources: {kinds: [Pod], selector: {matchLabels: {a: "*"}}}}]}`}, false, "selects by a wildcard"},
		{"a selector of nothing", map[string]string{"match": "{any: [{resources: {kinds: [Pod], namespaceSelector: {}}}]}"}, false, "no selector that is read here"},
		{"several matches with limits of their own", map[string]string{"match": "{any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Pod], namespaces: [a]}}]}"}, true, "one of several matches"},
		{"several matches that all have to hold", map[string]string{"match": "{all: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Pod], namespaces: [a]}}]}"}, false, "several blocks that all have to match"},
		{"leaving out by a wildcard", map[string]string{"rule": `exclude: {any: [{resources: {namespaces: [a, "b-*"]}}]}`}, true, `"b-*": leaves out namespaces by a wildcard`},
		{"leaving out by a user", map[string]string{"rule": "exclude: {any: [{subjects: [{kind: User, name: x}]}]}"}, true, "leaves out in a way that a MirrorSet has no word for"},
		{"leaving out by two things at once", map[string]string{"rule": "exclude: {any: [{resources: {namespaces: [a], selector: {matchLabels: {a: b}}}}]}"}, true, "several conditions at once"},
		{"leaving out by two labels at once", map[string]string{"rule": "exclude: {any: [{resources: {selector: {matchLabels: {a: b, c: d}}}}]}"}, true, "several labels at once"},
		{"leaving out what lacks a value", map[string]string{"rule": "exclude: {any: [{resources: {selector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}}]}"}, true, "whatever lacks a label"},
		{"leaving out by several blocks that all have to hold", map[string]string{"rule": "exclude: {all: [{resources: {namespaces: [a]}}, {resources: {namespaces: [b]}}]}"}, true, "several blocks that all have to match"},
		{"a condition of the rule", map[string]string{"rule": `preconditions: {all: [{key: "{{ request.object.metadata.labels.x }}", operator: Equals, value: y}]}`}, false, "a condition of the rule that is not read here"},
		{"one of several conditions of the rule", map[string]string{"rule": `preconditions: {any: [{key: "{{ request.namespace }}", operator: Equals, value: y}, {key: a, operator: Equals, value: b}]}`}, false, "one of several conditions of a rule"},
		{"a list that is none of containers", map[string]string{"list": "request.object.spec.volumes"}, false, `"request.object.spec.volumes": is no list of containers`},
		{"no list", map[string]string{"list": "''"}, false, "is no list of containers"},
		{"a foreach within", map[string]string{"entry": "foreach: [{list: x}]"}, false, "a foreach within another"},
		{"something else in an entry", map[string]string{"entry": "mystery: x"}, true, "mystery: is not read here"},
		{"an operator", map[string]string{"entry": `preconditions: {all: [{key: "{{ element.image }}", operator: GreaterThan, value: 1}]}`}, false, `the operator "GreaterThan"`},
		{"a condition on something else", map[string]string{"entry": `preconditions: {all: [{key: "{{ element.command }}", operator: Equals, value: x}]}`}, false, `"element.command" is not read here`},
		{"a side that is missing", map[string]string{"entry": `preconditions: {all: [{key: "{{ element.image }}", operator: Equals}]}`}, false, "a side of the comparison is missing"},
		{"a side that is a mapping", map[string]string{"entry": `preconditions: {any: [{key: "{{ element.image }}", operator: Equals, value: {}}]}`}, false, "a mapping is not compared here"},
		{"what the cluster says", map[string]string{"entry": "context: [{name: m, configMap: {name: x}}]", "patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ m.data.host }}/{{element.image}}"}]}}`}, false, "m: comes from the cluster"},
		{"a jmesPath over a value", map[string]string{"entry": "context: [{name: m, variable: {value: {a: b}, jmesPath: a}}]", "patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ m }}/{{element.image}}"}]}}`}, false, "a jmesPath over a value"},
		{"a variable that is no text", map[string]string{"entry": "context: [{name: m, variable: {value: {a: b}}}]", "patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ m }}/{{element.image}}"}]}}`}, false, "a value that is no text"},
		{"one image for all", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "m.example/a:1"}]}}`}, false, "one image for every container"},
		{"one container by its name", map[string]string{"patch": `{spec: {containers: [{name: web, image: "m/{{element.image}}"}]}}`}, false, `"web": is about containers of one name`},
		{"no prefix in the place of another", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('/', element.image, '-') }}"}]}}`}, false, "no address before the same repository"},
		{"no address", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/', element.image, 'Mirror/') }}"}]}}`}, false, `"Mirror"`},
		{"what leads back to itself", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/', element.image, 'quay.io/mirror/') }}"}]}}`}, false, "would be rewritten again"},
		{"a part of a source", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/([a-m].*)$', element.image, 'm.example/$1') }}"}]}}`}, false, "a source is all that lies below it"},
		{"a prefix that ends within a component", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/(a.*)$', element.image, 'm.example/$1') }}"}]}}`}, true, `"quay.io/ax.example/pa/pb-p:1.2" becomes`},
		{"two places for one source", map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/([a-m])', regex_replace_all('^quay\\.io/([n-z0-9])', element.image, 'n.example/$1'), 'm.example/$1') }}"}]}}`}, false, "a source has one mirror"},
		{"more steps than are read", map[string]string{"patch": `{spec: {containers: [` + strings.Repeat(`{(name): "{{element.name}}", image: "m/{{element.image}}"},`, 301) + `]}}`}, false, "at most 300 are read"},
	} {
		result := read(t, "p.yaml", policyWith(row.parts), Options{})
		if carried := result.Text != nil; carried != row.carried {
			t.Errorf("%s: carried over: %v\n%s%s", row.why, carried, result.Text, talk(result))
		}
		if row.want == "" {
			if len(result.LeftOut) > 0 {
				t.Errorf("%s: left out %v", row.why, result.LeftOut)
			}
			continue
		}
		found := false
		for _, p := range result.LeftOut {
			found = found || strings.Contains(p.String(), row.want)
			if p.Line == 0 || p.File != "p.yaml" {
				t.Errorf("%s: %s: has no place", row.why, p)
			}
		}
		if !found {
			t.Errorf("%s: left out\n%swant %s", row.why, talk(result), row.want)
		}
	}
}

func TestAnExceptionFromPoliciesIsNamed(t *testing.T) {
	result := read(t, "p.yaml", policyWith(nil)+"---\napiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: legacy}\nspec: {}\n", Options{})
	if !strings.Contains(talk(result), `left out: p.yaml:17:1: "legacy": excepts objects from policies`) {
		t.Errorf("said\n%s", talk(result))
	}
}

func TestRulesAndPatchesOfOtherFormsAreNamed(t *testing.T) {
	rule := func(mutate string) string {
		return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n    match: {resources: {kinds: [Pod]}}\n    mutate:\n" + mutate
	}
	for _, row := range []struct{ why, mutate, want string }{
		{"without a foreach", "      patchStrategicMerge: {spec: {containers: [{(name): '*', image: 'm/x'}]}}\n", "p.yaml:9:70: spec.rules[0].mutate.patchStrategicMerge.spec.containers[0].image: \"m/x\": is one image for every container"},
		{"one image for all, by a variable", "      patchStrategicMerge: {spec: {containers: [{(name): '*', image: 'm/{{ element.image }}'}]}}\n", "without a foreach this gives every container one image"},
		{"a pattern of an anchor that is not read", "      foreach:\n      - list: request.object.spec.containers\n        patchStrategicMerge: {spec: {containers: [{(image): '<5', image: 'm/{{ element.image }}'}]}}\n", "\"<5\": is a pattern that is not read here"},
		{"a template of Helm's", "      foreach:\n      - list: request.object.spec.containers\n        patchStrategicMerge: {spec: {containers: [{image: '{{`{{ element.image }}`}}'}]}}\n", "is a template of Helm's that was not rendered"},
		{"a container by its number", "      patchesJson6902: |-\n        - op: replace\n          path: /spec/containers/0/image\n          value: m/x\n", "p.yaml:11:17: spec.rules[0].mutate.patchesJson6902[0].path: \"/spec/containers/0/image\": is one container by its number"},
		{"something else in a patch", "      foreach:\n      - list: request.object.spec.containers\n        patchesJson6902: |-\n          - {op: add, path: /metadata/labels/a, value: b}\n          - {op: replace, path: \"/spec/containers/{{elementIndex}}/image\", value: \"{{ regex_replace_all('^quay[.]io/', element.image, 'm.example/') }}\"}\n", "patchesJson6902[0].path: \"/metadata/labels/a\": changes something else"},
		{"removing an image", "      foreach:\n      - list: request.object.spec.containers\n        patchesJson6902: |-\n          - {op: remove, path: \"/spec/containers/{{elementIndex}}/image\"}\n", "is not read here"},
		{"a patch that is no list", "      foreach:\n      - list: request.object.spec.containers\n        patchesJson6902: '{{ element.image }}/image'\n", "is no list of JSON Patch operations"},
		{"a patch without a value", "      foreach:\n      - list: request.object.spec.containers\n        patchesJson6902: |-\n          - {op: replace, path: \"/spec/containers/{{elementIndex}}/image\"}\n", "one image for every container"},
	} {
		result := read(t, "p.yaml", rule(row.mutate), Options{})
		if !strings.Contains(talk(result), row.want) {
			t.Errorf("%s: said\n%swant %s", row.why, talk(result), row.want)
		}
	}
	result := read(t, "p.yaml", rule("      patchStrategicMerge: {spec: {containers: [{(name): '*', image: m/x}]}}\n    generate: {kind: Secret}\n  - name: other\n    match: {resources: {kinds: [Pod]}}\n    mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}\n"), Options{})
	for _, want := range []string{"spec.rules[0].generate: \"r\": the rule does something else than rewriting", "spec.rules[1].mutate: \"other\": the rule changes something else than images"} {
		if !strings.Contains(talk(result), want) {
			t.Errorf("said\n%swant %s", talk(result), want)
		}
	}
}

func TestWhatAPolicyInCELSaysBeyondMirrorsIsNamed(t *testing.T) {
	const body = `Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, image: c.image.replace('quay.io/', 'm.example/')})}}`
	const pods = `[{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]`
	for _, row := range []struct {
		why, rules, spec, expression string
		carried                      bool
		want                         string
	}{
		{"a plain policy", pods, "", body, true, ""},
		{"no Pod", `[{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [services]}]`, "", body, false, "about no Pod"},
		{"updates alone", `[{apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [pods]}]`, "", body, false, "not about the creation of Pods"},
		{"names", `[{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods], resourceNames: [x]}]`, "", body, false, "no word for"},
		{"a condition", pods, "matchConditions: [{name: x, expression: \"request.userInfo.username != 'x'\"}]", body, false, "a condition of the policy that is not read here"},
		{"a condition that always holds", pods, "matchConditions: [{name: x, expression: has(object.spec.containers)}]", body, true, ""},
		{"existing objects", pods, "evaluation: {mutateExisting: {enabled: true}}", body, true, "restart the workloads"},
		{"no admission", pods, "evaluation: {admission: {enabled: false}}", body, false, "asked for nothing at admission"},
		{"broken CEL", pods, "", `Object{image: `, false, "ends where a value has to stand"},
		{"no object", pods, "", `{'image: ': 1}`, false, "is no Object{...}"},
		{"the object as a whole", pods, "", `true ? ` + body + ` : Object{}`, false, "depends on the object as a whole"},
		{"something beside the spec", pods, "", strings.Replace(body, "Object{", "Object{metadata: Object.metadata{labels: {'a': 'b'}}, ", 1), true, `"metadata": changes something else`},
		{"something beside containers", pods, "", strings.Replace(body, "Object.spec{", "Object.spec{hostNetwork: false, ", 1), true, `"hostNetwork": changes something else`},
		{"something beside the image", pods, "", strings.Replace(body, "name: c.name,", "name: c.name, imagePullPolicy: 'Always',", 1), true, `"imagePullPolicy": changes something else`},
		{"no map", pods, "", `Object{spec: Object.spec{containers: [Object.spec.containers{image: 'x'}]}}`, false, "is no containers.map(c, ...)"},
		{"another list", pods, "", strings.Replace(body, "containers: object", "initContainers: object", 1), true, ""},
		{"no container", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.map(image, 'image: ')}}`, false, "is no container"},
		{"no container in a conditional", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.map(c, c.name == 'image: ' ? c : c)}}`, false, "is no container"},
		{"a condition on something else", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.map(c, c.command == '' ? Object.spec.containers{image: c.image} : Object.spec.containers{name: c.name})}}`, false, `"c.command"`},
		{"an image of something else", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.map(c, true ? Object.spec.containers{image: c.command} : Object.spec.containers{name: c.name})}}`, false, `"c.command"`},
		{"one image for all", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{image: 'm.example/a'})}}`, false, "one image for every container"},
		{"a filter that is not read", pods, "", `Object{spec: Object.spec{containers: object.spec.containers.filter(c, c.tty).map(c, Object.spec.containers{image: 'm/' + c.image})}}`, false, `"c.tty"`},
		{"a spec that is none", pods, "", `Object{spec: 'image: '}`, false, "is no Object.spec{...}"},
		{"parameters", pods, "paramKind: {apiVersion: v1, kind: ConfigMap}", body, true, "spec.paramKind: is no field of a policy that is read here"},
		{"conditions of the webhook", pods, "webhookConfiguration: {matchConditions: [{name: a, expression: 'true'}]}", body, false, "limits what Kyverno is asked for"},
	} {
		text := "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: p}\nspec:\n  failurePolicy: Ignore\n  matchConstraints: {resourceRules: " + row.rules + "}\n  " + row.spec +
			"\n  mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: " + `"` + strings.ReplaceAll(strings.ReplaceAll(row.expression, `\`, `\\`), `"`, `\"`) + `"}}]` + "\n"
		result := read(t, "p.yaml", text, Options{})
		if carried := result.Text != nil; carried != row.carried || (row.want == "") != (len(result.LeftOut) == 0) || !strings.Contains(talk(result), row.want) {
			t.Errorf("%s: carried over: %v, said\n%swant %v and %q", row.why, carried, talk(result), row.carried, row.want)
		}
	}
}

func TestPatchesInCELOfOtherFormsAreNamed(t *testing.T) {
	for _, row := range []struct{ why, expression, want string }{
		{"one container", `[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'x'}]`, "no map over containers"},
		{"something else than a patch", `object.spec.containers.map(c, {'path': '/image'})`, "no map over containers"},
		{"another path", `object.spec.containers.map(c, JSONPatch{op: 'replace', path: '/image' + '/x', value: c.image})`, "something else than the image"},
		{"no path at all", `object.spec.containers.map(c, JSONPatch{op: 'replace', path: '/image', value: c.image})`, "something else than the image"},
		{"a condition of the whole", `request.operation == 'CREATE' ? object.spec.containers.map(c, JSONPatch{op: 'replace', path: 'a' + '/image', value: c.image}) : []`, "no map over containers"},
		{"another list", `object.spec.volumes.map(c, JSONPatch{op: 'replace', path: 'a' + '/image', value: c.image})`, "no map over containers"},
	} {
		text := "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: p}\nspec:\n  matchConstraints: {resourceRules: [{operations: [CREATE], resources: [pods]}]}\n  mutations:\n  - jsonPatch:\n      expression: |\n        " + row.expression + "\n"
		result := read(t, "p.yaml", text, Options{})
		if result.Text != nil || !strings.Contains(talk(result), row.want) || !strings.Contains(talk(result), "p.yaml:9:") {
			t.Errorf("%s: said\n%swant %q on line 9", row.why, talk(result), row.want)
		}
	}
	lists := `object.spec.containers.map(c, JSONPatch{op: 'replace', path: '/a' + '/image', value: c.image.replace('quay.io/', 'm.example/')}) + (has(object.spec.initContainers) ? object.spec.initContainers.map(c, c.image != '', JSONPatch{op: 'replace', path: '/a' + '/image', value: c.image.replace('quay.io/', 'm.example/')}) : [])`
	text := "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: p}\nspec:\n  failurePolicy: Ignore\n  matchConstraints: {resourceRules: [{operations: [CREATE], resources: [pods]}]}\n  mutations:\n  - jsonPatch:\n      expression: |\n        " + lists + "\n"
	if result := read(t, "p.yaml", text, Options{}); len(result.LeftOut) > 0 || !strings.Contains(string(result.Text), "source: quay.io") || !strings.Contains(talk(result), "leaves ephemeralContainers and image volumes alone") {
		t.Errorf("two lists with + between them:\n%s%s", result.Text, talk(result))
	}
}
