package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - {name: a, image: nginx}
`

func TestCostsArePrintedAndHeldToAShare(t *testing.T) {
	folder := t.TempDir()
	object := filepath.Join(folder, "pod.yaml")
	if err := os.WriteFile(object, []byte(pod), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(folder, "broken.yaml")
	if err := os.WriteFile(broken, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	const policy = "../admission/testdata/rewrite.yaml"
	for _, test := range []struct {
		reason    string
		arguments []string
		code      int
		says      string
	}{
		{"a table", []string{"-object", object, policy}, 0, "of 10000000  mirrors: spec.mutations[0], all of it"},
		{"an update", []string{"-object", object, "-old", object, "-subresource", "ephemeralcontainers", policy}, 0, "spec.variables[3] slots"},
		{"more than the share that is fine", []string{"-object", object, "-most", "0.01", policy}, 1, "spec.variables[4] refs"},
		{"no object", []string{policy}, 2, "-object and the files of policies are needed"},
		{"no policy", []string{"-object", object}, 2, "-object and the files of policies are needed"},
		{"an object that is not there", []string{"-object", object + "x", policy}, 2, "no such file"},
		{"an old object that is not there", []string{"-object", object, "-old", object + "x", policy}, 2, "no such file"},
		{"a policy that is not there", []string{"-object", object, policy + "x"}, 2, "no such file"},
		{"an object that is none", []string{"-object", broken, policy}, 2, "broken.yaml: "},
		{"a policy that is none", []string{"-object", object, broken}, 2, "broken.yaml: "},
		{"an unknown flag", []string{"-size", "3"}, 2, "flag provided but not defined"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			var out, errors strings.Builder
			code := run(test.arguments, &out, &errors)
			if all := out.String() + errors.String(); code != test.code || !strings.Contains(all, test.says) {
				t.Errorf("%d: %s", code, all)
			}
		})
	}
}
