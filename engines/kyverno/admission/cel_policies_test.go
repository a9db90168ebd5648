package admission

import (
	"os"
	"strings"
	"testing"
)

// policyFile reads a policy of testdata/cel.
func policyFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/cel/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// celOf is a policy of policies.kyverno.io/v1 with the lines of its spec.
func celOf(kind, name, spec string) string {
	return "apiVersion: policies.kyverno.io/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:\n  " + strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n"
}

// pods matches Pods and ephemeral containers, so that Kyverno derives nothing.
const pods = `
matchConstraints:
  resourceRules:
  - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [pods, pods/ephemeralcontainers]}`

// annotates is a MutatingPolicy that sets the annotation key to what expression says,
// with spec lines before.
func annotates(name, more, key, expression string) string {
	return celOf("MutatingPolicy", name, more+"\n"+strings.TrimPrefix(pods, "\n")+`
mutations:
- patchType: JSONPatch
  jsonPatch:
    expression: >-
      (has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {'made': 'up'}}])
      + [JSONPatch{op: 'add', path: '/metadata/annotations/`+key+`', value: string(`+expression+`)}]`)
}

// validates is a ValidatingPolicy with one validation and spec lines before it.
func validates(name, more, validation string) string {
	return celOf("ValidatingPolicy", name, more+"\n"+strings.TrimPrefix(pods, "\n")+`
validations:
- `+strings.ReplaceAll(strings.TrimSpace(validation), "\n", "\n  "))
}

// annotation is one of the object.
func annotation(object map[string]any, key string) any {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations[key]
}
