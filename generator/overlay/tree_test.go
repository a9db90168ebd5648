package overlay

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder writes files, path to text, and returns their folder. Text that begins
// with "-> " makes a symbolic link.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const configMap = `apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
data: {key: value}
`

func TestATextFieldIsNeverTakenForAnAddress(t *testing.T) {
	const url = "https://example.com/x"
	for _, row := range []struct{ reason, kustomization string }{
		{"a label's value is data", "resources: [x.yaml]\nlabels: [{pairs: {at: " + url + "}}]"},
		{"so is an annotation's", "resources: [x.yaml]\ncommonAnnotations: {at: " + url + "}"},
		{"and a generated literal", "configMapGenerator: [{name: a, literals: ['at=" + url + "']}]"},
		{"and the annotations of what is generated", "configMapGenerator: [{name: a, literals: [a=b], options: {annotations: {at: " + url + "}}}]"},
		{"a replacement may write an address", "resources: [x.yaml]\nreplacements: [{sourceValue: " + url + ", targets: [{select: {kind: ConfigMap}, fieldPaths: [data.key]}]}]"},
		{"an inline patch holds what it holds", "resources: [x.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{\"op\": \"replace\", \"path\": \"/data/key\", \"value\": \"" + url + "\"}]'}]"},
		{"an inline transformer's value is data too", "resources: [x.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: AnnotationsTransformer\n  metadata: {name: a}\n  annotations: {at: " + url + "}\n  fieldSpecs: [{path: metadata/annotations, create: true}]\n"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			dir := folder(t, map[string]string{"x.yaml": configMap, "kustomization.yaml": row.kustomization})
			if objects, err := Build(dir, Options{}); err != nil || len(objects) != 1 {
				t.Errorf("got %v, %v", objects, err)
			}
		})
	}
}
