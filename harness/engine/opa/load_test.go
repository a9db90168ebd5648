package opa_test

import (
	"context"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
)

// The parts of a small template that a user could have written.
const (
	userTemplate = `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: nolatest}
spec:
  crd:
    spec:
      names: {kind: NoLatest}
      validation:
        openAPIV3Schema:
          type: object
          required: [words]
          properties:
            words: {type: array, minItems: 1, items: {type: string, minLength: 2, pattern: "^[a-z]+$"}}
            mode: {type: string, enum: [a, b]}
            least: {type: integer, minimum: 1, maximum: 3}
            table: {type: object, minProperties: 1, additionalProperties: {type: boolean}}
            any: {type: object, x-kubernetes-preserve-unknown-fields: true}
            none: {type: string, nullable: true}
            ratio: {type: number}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source:
        version: v1
        libs:
        - |
          package lib.words
          ends(text, words) if {
            some word in words
            endswith(text, word)
          }
        rego: |
          package nolatest
          import data.lib.words
          violation contains {"msg": msg} if {
            some container in input.review.object.spec.containers
            words.ends(container.image, input.parameters.words)
            msg := sprintf("%s in %s", [container.image, input.review.namespace])
          }
`
	userConstraint = `
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NoLatest
metadata: {name: no-latest}
spec:
  enforcementAction: dryrun
  match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}
  parameters: {words: [latest]}
`
)

func stream(documents ...string) []artifact.File {
	return []artifact.File{{Path: "policy.yaml", Data: []byte(strings.Join(documents, "\n---\n"))}}
}

func TestGatekeeperRunsTemplatesThatUsersWrote(t *testing.T) {
	session := load(t, opa.NewGatekeeper(), stream("# nothing", userConstraint, userTemplate, "apiVersion: v1\nkind: ConfigMap"))
	outcome := admit(t, session, engine.Request{Object: pod("nginx:latest", "b:latest", "c:1")})
	if !outcome.Allowed || strings.Join(outcome.Recorded, "; ") != "b:latest in default; nginx:latest in default" {
		t.Errorf("%+v", outcome)
	}
	if strings.Join(outcome.Matched, " ") != "no-latest" || strings.Join(outcome.Fired, " ") != "no-latest" {
		t.Errorf("%+v", outcome)
	}
}

func TestABuiltinThatFailsIsAnErrorAndNoVerdict(t *testing.T) {
	failing := strings.Replace(userTemplate, "endswith(text, word)", "to_number(text) > 0; word != \"\"", 1)
	session := load(t, opa.NewGatekeeper(), stream(failing, userConstraint))
	if _, err := session.Admit(context.Background(), engine.Request{Object: pod("nginx")}); err == nil {
		t.Error("to_number of an image has a verdict")
	}
}

func TestGatekeeperRefusesWhatAClusterWouldRefuseOrNeverApply(t *testing.T) {
	expansion := `
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: e}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {version: v1, kind: Pod}
`
	replaced := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for _, test := range []struct {
		why   string
		files []artifact.File
		want  string
	}{
		{"no policy", stream("apiVersion: v1\nkind: ConfigMap"), "no ConstraintTemplate"},
		{"YAML that does not parse", stream("a: ["), "policy.yaml"},
		{"a template without a constraint", stream(userTemplate), "no constraint of kind NoLatest"},
		{"a constraint without a template", stream(userConstraint), "no ConstraintTemplate for its kind"},
		{"a renamed template", stream(replaced(userTemplate, "name: nolatest", "name: x-nolatest"), userConstraint), "lower case"},
		{"a template without a kind", stream(replaced(userTemplate, "names: {kind: NoLatest}", "names: {}"), userConstraint), "kind is missing"},
		{"two templates of a kind", stream(userTemplate, userTemplate, userConstraint), "two templates"},
		{"two constraints of a name", stream(userTemplate, userConstraint, userConstraint), "two constraints"},
		{"a constraint without a name", stream(userTemplate, replaced(userConstraint, "{name: no-latest}", "{}")), "metadata.name"},
		{"legacy Rego", stream(replaced(userTemplate, "    code:", "    rego: package x\n    code:"), userConstraint), "Rego v0"},
		{"Rego without a version", stream(replaced(userTemplate, "        version: v1\n", ""), userConstraint), "v0"},
		{"CEL", stream(replaced(userTemplate, "engine: Rego", "engine: K8sNativeValidation"), userConstraint), "K8sNativeValidation"},
		{"two engines", stream(replaced(userTemplate, "    code:", "    code:\n    - engine: Rego"), userConstraint), "one engine"},
		{"another target", stream(replaced(userTemplate, "target: admission.k8s.gatekeeper.sh", "target: other"), userConstraint), "target"},
		{"no target", stream(replaced(userTemplate, "  targets:", "  other:"), userConstraint), "one target"},
		{"no source", stream(replaced(userTemplate, "        rego: |", "        other: |"), userConstraint), "source.rego is missing"},
		{"a library elsewhere", stream(replaced(userTemplate, "package lib.words", "package words"), userConstraint), "below package lib"},
		{"a library of package lib itself", stream(replaced(userTemplate, "package lib.words", "package lib"), userConstraint), "below package lib"},
		{"a library that is no text", stream(replaced(userTemplate, "        libs:\n", "        libs:\n        - 7\n"), userConstraint), "not a string"},
		{"an import of rego.v1", stream(replaced(userTemplate, "import data.lib.words", "import rego.v1"), userConstraint), "import rego.v1"},
		{"an import of input", stream(replaced(userTemplate, "import data.lib.words", "import input.review"), userConstraint), "import input"},
		{"other data", stream(replaced(userTemplate, "input.parameters.words)", "data.words)"), userConstraint), "data.words"},
		{"the inventory", stream(replaced(userTemplate, "input.parameters.words)", "data.inventory.cluster)"), userConstraint), "inventory"},
		{"http.send", stream(replaced(userTemplate, "endswith(text, word)", "http.send({\"url\": word})"), userConstraint), "http.send"},
		{"a builtin that is too new", stream(replaced(userTemplate, "endswith(text, word)", "strings.split_n(text, word, 1)"), userConstraint), "split_n"},
		{"Rego that does not parse", stream(replaced(userTemplate, "some word in words", "some word in"), userConstraint), "libs[0]"},
		{"no violation", stream(replaced(userTemplate, "violation contains", "deny contains"), userConstraint), "no rule violation"},
		{"an unknown action", stream(userTemplate, replaced(userConstraint, "dryrun", "enforce")), "enforce"},
		{"scoped actions", stream(userTemplate, replaced(userConstraint, "dryrun", "scoped")), "scoped"},
		{"an unknown field", stream(userTemplate, replaced(userConstraint, "  match:", "  mtach:")), "spec.mtach"},
		{"a spec that is no object", stream(userTemplate, userConstraint[:strings.Index(userConstraint, "spec:")]+"spec: 7"), "spec is not"},
		{"a match that is no object", stream(userTemplate, replaced(userConstraint, `{kinds: [{apiGroups: [""], kinds: [Pod]}]}`, "[]")), "spec.match"},
		{"an unknown field of a match", stream(userTemplate, replaced(userConstraint, "{kinds: [{", "{kindz: [{")), "kindz"},
		{"kinds that are no list", stream(userTemplate, replaced(userConstraint, `[{apiGroups: [""], kinds: [Pod]}]`, "Pod")), "not a list"},
		{"a kind that is no object", stream(userTemplate, replaced(userConstraint, `[{apiGroups: [""], kinds: [Pod]}]`, "[Pod]")), "not an object"},
		{"an unknown field of a kind", stream(userTemplate, replaced(userConstraint, "apiGroups", "apiGroup")), "apiGroup"},
		{"an unknown source", stream(userTemplate, replaced(userConstraint, "match: {", "match: {source: Some, ")), "Some"},
		{"an unknown scope", stream(userTemplate, replaced(userConstraint, "match: {", "match: {scope: cluster, ")), "cluster"},
		{"a name that is no text", stream(userTemplate, replaced(userConstraint, "match: {", "match: {name: 7, ")), "name"},
		{"an operator that does not exist", stream(userTemplate, replaced(userConstraint, "match: {",
			"match: {labelSelector: {matchExpressions: [{key: a, operator: Is}]}, ")), "operator"},
		{"a selector without a key", stream(userTemplate, replaced(userConstraint, "match: {",
			"match: {namespaceSelector: {matchExpressions: [{operator: Exists}]}, ")), "key is missing"},
		{"a label that is no text", stream(userTemplate, replaced(userConstraint, "match: {", "match: {labelSelector: {matchLabels: {a: 1}}, ")), "not a string"},
		{"a parameter that is required", stream(userTemplate, replaced(userConstraint, "{words: [latest]}", "{}")), "words: is required"},
		{"an unknown parameter", stream(userTemplate, replaced(userConstraint, "{words: [latest]}", "{words: [latest], other: 1}")), "other"},
		{"too few items", stream(userTemplate, replaced(userConstraint, "[latest]", "[]")), "at least"},
		{"a wrong type", stream(userTemplate, replaced(userConstraint, "[latest]", "latest")), "type array"},
		{"a wrong type inside", stream(userTemplate, replaced(userConstraint, "[latest]", "[7]")), "words[0]"},
		{"a text that is too short", stream(userTemplate, replaced(userConstraint, "[latest]", "[a]")), "at least"},
		{"a text off the pattern", stream(userTemplate, replaced(userConstraint, "[latest]", "[A1]")), "match"},
		{"no word of an enum", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], mode: c")), "one of"},
		{"a number too small", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], least: 0")), "at least"},
		{"a number too large", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], least: 4")), "at most"},
		{"a fraction for an integer", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], least: 1.5")), "integer"},
		{"an empty map", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], table: {}")), "at least"},
		{"a map with a wrong value", stream(userTemplate, replaced(userConstraint, "[latest]", "[latest], table: {a: 1}")), "boolean"},
		{"an expansion twice", stream(userTemplate, userConstraint, expansion, expansion), "two of this name"},
		{"an expansion of nothing", stream(userTemplate, userConstraint, replaced(expansion, "applyTo", "other")), "spec.other"},
		{"an expansion to nothing", stream(userTemplate, userConstraint, replaced(expansion, "kind: Pod", "group: x")), "generatedGVK"},
		{"an expansion with an unknown action", stream(userTemplate, userConstraint, replaced(expansion, "spec:", "spec:\n  enforcementAction: x")), "x"},
		{"a mutator", stream(userTemplate, userConstraint, "apiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: {name: a}"), "mutators"},
	} {
		if _, err := opa.NewGatekeeper().Load(context.Background(), test.files); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.why, err, test.want)
		}
	}
	good := replaced(userConstraint, "[latest]", "[latest], mode: a, least: 2, ratio: 0.5, none: null, table: {a: true}, any: {x: {y: 1}}")
	load(t, opa.NewGatekeeper(), stream(userTemplate, good, expansion))
}

func TestAMatchCoversWhatGatekeeperDocuments(t *testing.T) {
	for _, test := range []struct {
		why, match string
		object     map[string]any
		labels     map[string]string
		covered    bool
	}{
		{"nothing written", `{}`, pod("a:latest"), nil, true},
		{"any kind", `{kinds: [{apiGroups: ["*"], kinds: ["*"]}]}`, pod("a:latest"), nil, true},
		{"another group", `{kinds: [{apiGroups: [apps], kinds: [Pod]}]}`, pod("a:latest"), nil, false},
		{"another kind", `{kinds: [{apiGroups: [""], kinds: [Pods]}]}`, pod("a:latest"), nil, false},
		{"the second entry", `{kinds: [{kinds: [Job]}, {kinds: [Pod]}]}`, pod("a:latest"), nil, true},
		{"as submitted", `{source: Original}`, pod("a:latest"), nil, true},
		{"as expanded", `{source: Generated}`, pod("a:latest"), nil, false},
		{"in a namespace", `{scope: Namespaced}`, pod("a:latest"), nil, true},
		{"in none", `{scope: Cluster}`, pod("a:latest"), nil, false},
		{"every namespace", `{scope: "*"}`, pod("a:latest"), nil, true},
		{"the namespace", `{namespaces: [shop, default]}`, pod("a:latest"), nil, true},
		{"another namespace", `{namespaces: [shop]}`, pod("a:latest"), nil, false},
		{"a start of the namespace", `{namespaces: ["def*"]}`, pod("a:latest"), nil, true},
		{"an end of the namespace", `{excludedNamespaces: ["*ault"]}`, pod("a:latest"), nil, false},
		{"a middle of the namespace", `{excludedNamespaces: ["*fau*"]}`, pod("a:latest"), nil, false},
		{"all namespaces", `{excludedNamespaces: ["*"]}`, pod("a:latest"), nil, false},
		{"a look-alike", `{excludedNamespaces: ["default2", "efault"]}`, pod("a:latest"), nil, true},
		{"its labels", `{labelSelector: {matchLabels: {a: "1"}}}`, withMetadata(pod("a:latest"), map[string]any{"labels": map[string]any{"a": "1"}}), nil, true},
		{"other labels", `{labelSelector: {matchExpressions: [{key: a, operator: In, values: ["1"]}]}}`, pod("a:latest"), nil, false},
		{"the namespace's labels", `{namespaceSelector: {matchLabels: {a: "1"}}}`, pod("a:latest"), map[string]string{"a": "1"}, true},
		{"other labels of the namespace", `{namespaceSelector: {matchLabels: {a: "1"}}}`, pod("a:latest"), map[string]string{"a": "2"}, false},
		{"the namespace's name", `{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}`, pod("a:latest"), map[string]string{}, true},
		{"its name", `{name: "x*"}`, pod("a:latest"), nil, true},
		{"another name", `{name: other}`, pod("a:latest"), nil, false},
		{"a name to be made", `{name: "web-*"}`, withMetadata(pod("a:latest"), map[string]any{"name": "", "generateName": "web-"}), nil, true},
		{"a Namespace by its name", `{namespaces: [shop]}`, namespaceObject("shop"), nil, true},
		{"a Namespace by its own labels", `{namespaceSelector: {matchLabels: {kind: web}}}`, namespaceObject("shop"), nil, true},
		{"a Namespace lies in no other", `{scope: Namespaced}`, namespaceObject("shop"), nil, false},
		{"an object of no namespace is not disqualified", `{excludedNamespaces: [default], namespaces: [a], namespaceSelector: {matchLabels: {a: b}}}`,
			map[string]any{"apiVersion": "example.com/v1", "kind": "Cluster", "metadata": map[string]any{"name": "c"}}, nil, true},
	} {
		constraint := strings.Replace(userConstraint, `{kinds: [{apiGroups: [""], kinds: [Pod]}]}`, test.match, 1)
		session := load(t, opa.NewGatekeeper(), stream(userTemplate, constraint))
		outcome := admit(t, session, engine.Request{Object: test.object, NamespaceLabels: test.labels})
		if covered := len(outcome.Matched) > 0; covered != test.covered {
			t.Errorf("%s: %s: covered %v", test.why, test.match, covered)
		}
	}
}

func namespaceObject(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": map[string]any{"kind": "web"}}}
}

func TestExpansionMakesThePodThatAWorkloadStandsFor(t *testing.T) {
	expansion := `
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: e}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  enforcementAction: warn
  generatedGVK: {group: "", version: v1, kind: Pod}
`
	template := strings.Replace(userTemplate, `[container.image, input.review.namespace]`,
		`[container.image, concat(" ", [input.review.name, input.review.object.metadata.namespace, input.review.object.metadata.ownerReferences[0].kind])]`, 1)
	session := load(t, opa.NewGatekeeper(), stream(template, userConstraint, expansion))
	outcome := admit(t, session, engine.Request{Object: withMetadata(deployment("a:latest"), map[string]any{"namespace": "shop"})})
	if got := strings.Join(outcome.Warnings, "; "); got != "a:latest in x-pod shop Deployment" || !outcome.Allowed {
		t.Errorf("%+v", outcome)
	}
	if _, err := session.Admit(context.Background(), engine.Request{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}); err == nil {
		t.Error("a Deployment without a template has a verdict")
	}
}

func TestAnExpansionOfItselfEnds(t *testing.T) {
	expansion := `
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: e}
spec:
  applyTo: [{groups: [""], versions: [v1], kinds: [Pod]}]
  templateSource: spec
  generatedGVK: {group: "", version: v1, kind: Pod}
`
	object := pod("a")
	for range 40 {
		object = map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"}, "spec": object}
	}
	session := load(t, opa.NewGatekeeper(), stream(userTemplate, userConstraint, expansion))
	if _, err := session.Admit(context.Background(), engine.Request{Object: object}); err == nil || !strings.Contains(err.Error(), "deeper") {
		t.Errorf("%v", err)
	}
}
