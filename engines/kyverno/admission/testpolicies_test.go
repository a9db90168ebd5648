package admission

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	kjson "sigs.k8s.io/json"

	"mirrorgen.dev/gen/engines/protocol"
)

// object decodes JSON as the wire does.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var made map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &made); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return made
}

func text(t testing.TB, value any) string {
	t.Helper()
	made, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

// shared spares every test the half second of reading Kyverno's schemas.
var shared = sync.OnceValue(New)

func load(t testing.TB, policies ...string) *Session {
	t.Helper()
	session, err := shared().Load(context.Background(), []protocol.File{{Path: "p.yaml", Data: strings.Join(policies, "\n---\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func admit(t testing.TB, session *Session, request *protocol.Admit) *protocol.Outcome {
	t.Helper()
	if request.Phases == nil {
		request.Phases = []string{"mutate", "validate"}
	}
	outcome, err := session.Admit(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// pod has two containers and an init container.
const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},` +
	`"spec":{"initContainers":[{"name":"i","image":"busybox"}],"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":80}]},{"name":"b","image":"quay.io/a/b:1"}]}}`

// policy is a ClusterPolicy with the lines of its spec.
func policyOf(name, spec string) string {
	return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: " + name + "}\nspec:\n  " + strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n"
}

// label is a mutate policy that sets the label key to value.
func label(name, more, match, key, value string) string {
	return policyOf(name, more+`
rules:
- name: set
  match: {any: [{resources: {kinds: [Pod]`+match+`}}]}
  mutate:
    patchStrategicMerge: {metadata: {labels: {`+key+`: "`+value+`"}}}`)
}

// deny is a validate policy that refuses every Pod.
func deny(name, more, rule, message string) string {
	return policyOf(name, more+`
rules:
- name: never
  match: {any: [{resources: {kinds: [Pod]}}]}
  `+rule+`
  validate:
    message: "`+message+`"
    deny: {conditions: {all: [{key: "{{ request.object.metadata.name || 'x' }}", operator: NotEquals, value: other}]}}`)
}

// rewrite prefixes every image of containers and initContainers.
const rewrite = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: rewrite
  annotations: {pod-policies.kyverno.io/autogen-controllers: none}
spec:
  rules:
  - name: images
    match: {any: [{resources: {kinds: [Pod], operations: [CREATE, UPDATE]}}]}
    mutate:
      foreach:
      - list: "request.object.spec.containers || ` + "`[]`" + `"
        preconditions: {all: [{key: "{{ starts_with(element.image, 'm.example.com/') }}", operator: Equals, value: false}]}
        patchesJson6902: |-
          - {op: replace, path: "/spec/containers/{{elementIndex}}/image", value: "m.example.com/{{ element.image }}"}
      - list: "request.object.spec.initContainers || ` + "`[]`" + `"
        preconditions: {all: [{key: "{{ starts_with(element.image, 'm.example.com/') }}", operator: Equals, value: false}]}
        patchesJson6902: |-
          - {op: replace, path: "/spec/initContainers/{{elementIndex}}/image", value: "m.example.com/{{ element.image }}"}
      - list: "request.object.spec.ephemeralContainers || ` + "`[]`" + `"
        preconditions: {all: [{key: "{{ starts_with(element.image, 'm.example.com/') }}", operator: Equals, value: false}]}
        patchesJson6902: |-
          - {op: replace, path: "/spec/ephemeralContainers/{{elementIndex}}/image", value: "m.example.com/{{ element.image }}"}
`
