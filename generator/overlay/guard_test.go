package overlay

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// A witness sees what a build would otherwise do in secret: run git, or any
// other program of $PATH, and ask a server.
type witness struct {
	url     string
	asked   atomic.Int64
	started string
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{}
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		w.asked.Add(1)
		fmt.Fprint(response, configMap)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	bin := t.TempDir()
	w.started = filepath.Join(bin, "started")
	for _, program := range []string{"git", "helm", "docker"} {
		script := "#!/bin/sh\n: > " + w.started + "\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	return w
}

// saw reports whether anything was asked or started, and forgets it.
func (w *witness) saw() bool {
	ran := os.Remove(w.started) == nil
	return w.asked.Swap(0) > 0 || ran
}

func TestNothingRemoteIsAskedOrStarted(t *testing.T) {
	w := newWitness(t)
	inline := func(kind, field string) string {
		return "resources: [x.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: " + kind + "\n  metadata: {name: a}\n  " + field + "\n"
	}
	for _, row := range []struct {
		reason string
		// files beside x.yaml; URL is the server's address.
		files map[string]string
		// want stands in the error: the file, the field and the value.
		want []string
		// harmless rows are such that kustomize itself does nothing remote with.
		harmless bool
	}{
		{"a file by http", map[string]string{"kustomization.yaml": "resources: [URL/x.yaml]"}, []string{"kustomization.yaml: resources[0]: \"http://127.0.0.1"}, false},
		{"a repository", map[string]string{"kustomization.yaml": "resources: [x.yaml, 'git@example.com:org/repo']"}, []string{"resources[1]: \"git@example.com:org/repo\" is remote"}, false},
		{"a repository on this disk", map[string]string{"kustomization.yaml": "resources: ['file:///nowhere/repo']"}, []string{"resources[0]"}, false},
		{"GitHub without a scheme", map[string]string{"kustomization.yaml": "resources: ['github.com/org/repo?ref=v1']"}, []string{"resources[0]"}, false},
		{"the old field", map[string]string{"kustomization.yaml": "bases: ['git@example.com:org/repo']"}, []string{"bases[0]"}, false},
		{"the field in another case, which JSON allows", map[string]string{"kustomization.yaml": "Resources: ['git@example.com:org/repo']"}, []string{"resources[0]"}, false},
		{"a component", map[string]string{"kustomization.yaml": "components: ['git@example.com:org/repo']"}, []string{"components[0]"}, false},
		{"a configuration", map[string]string{"kustomization.yaml": "resources: [x.yaml]\nconfigurations: [URL/c]"}, []string{"configurations[0]"}, false},
		{"a CRD", map[string]string{"kustomization.yaml": "resources: [x.yaml]\ncrds: [URL/c]"}, []string{"crds[0]"}, false},
		{"a schema", map[string]string{"kustomization.yaml": "resources: [x.yaml]\nopenapi: {path: URL/c}"}, []string{"openapi.path"}, false},
		{"a generator", map[string]string{"kustomization.yaml": "generators: [URL/c]"}, []string{"generators[0]"}, false},
		{"a transformer", map[string]string{"kustomization.yaml": "resources: [x.yaml]\ntransformers: ['git@example.com:org/repo']"}, []string{"transformers[0]"}, false},
		{"a validator", map[string]string{"kustomization.yaml": "resources: [x.yaml]\nvalidators: [URL/c]"}, []string{"validators[0]"}, false},
		{"a patch", map[string]string{"kustomization.yaml": "resources: [x.yaml]\npatches: [{path: URL/c}]"}, []string{"patches[0].path"}, false},
		{"a JSON patch of the old field", map[string]string{"kustomization.yaml": "resources: [x.yaml]\npatchesJson6902: [{target: {kind: ConfigMap, name: plain, version: v1}, path: URL/c}]"}, []string{"patchesJson6902[0].path"}, false},
		{"a strategic merge of the old field", map[string]string{"kustomization.yaml": "resources: [x.yaml]\npatchesStrategicMerge: [URL/c]"}, []string{"patchesStrategicMerge[0]"}, false},
		{"a replacement's file", map[string]string{"kustomization.yaml": "resources: [x.yaml]\nreplacements: [{path: URL/c}]"}, []string{"replacements[0].path"}, false},
		{"a generated ConfigMap's file", map[string]string{"kustomization.yaml": "configMapGenerator: [{name: a, files: [URL/c]}]"}, []string{"configMapGenerator[0].files[0]"}, false},
		{"a file under a key", map[string]string{"kustomization.yaml": "configMapGenerator: [{name: a, files: [key=URL/c]}]"}, []string{"configMapGenerator[0].files[0]"}, false},
		{"a Secret's environment", map[string]string{"kustomization.yaml": "secretGenerator: [{name: a, envs: [URL/c]}]"}, []string{"secretGenerator[0].envs[0]"}, false},
		{"an inline transformer's path", map[string]string{"kustomization.yaml": inline("PatchTransformer", "path: URL/c")}, []string{"transformers[0]: path:"}, false},
		{"a transformer's file", map[string]string{"kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]", "t.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: URL/c\n"}, []string{"t.yaml: path:"}, false},
		{"a generator in a folder", map[string]string{"kustomization.yaml": "generators: [g]", "g/kustomization.yaml": "resources: [g.yaml]", "g/g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: [k=URL/c]\n"}, []string{"g/g.yaml: files[0]:"}, false},
		{"a generator that only a patch makes remote", map[string]string{"kustomization.yaml": "generators: [g]", "g/kustomization.yaml": "resources: [g.yaml]\npatches: [{target: {kind: ConfigMapGenerator}, patch: '[{\"op\": \"replace\", \"path\": \"/files/0\", \"value\": \"URL/c\"}]'}]", "g/g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: [k]\n"}, []string{"g/kustomization.yaml: ", "may only list resources"}, false},
		{"a base's base", map[string]string{"kustomization.yaml": "resources: [b]", "b/kustomization.yaml": "resources: [c]", "b/c/kustomization.yaml": "resources: ['git@example.com:org/repo']"}, []string{"b/c/kustomization.yaml: resources[0]"}, false},
		{"a kustomization behind a symbolic link", map[string]string{"kustomization.yaml": "resources: [b]", "b/kustomization.yaml": "-> real.txt", "b/real.txt": "resources: ['git@example.com:org/repo']"}, []string{"b/real.txt: resources[0]"}, false},
		{"a transformer behind a symbolic link", map[string]string{"kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]", "t.yaml": "-> t.txt", "t.txt": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: URL/c\n"}, []string{"t.txt: path:"}, false},
		{"a Helm chart's repository", map[string]string{"kustomization.yaml": "helmCharts: [{name: a, repo: URL}]"}, []string{"kustomization.yaml: helmCharts: Helm charts are not rendered here"}, true},
		{"a Helm chart of the old field", map[string]string{"kustomization.yaml": "helmChartInflationGenerator: [{chartName: a}]"}, []string{"Helm charts are not rendered here"}, true},
		{"a Helm chart by generator", map[string]string{"kustomization.yaml": "generators: [g.yaml]", "g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\nname: a\n"}, []string{"Helm charts are not rendered here"}, true},
		{"a function that is a program", map[string]string{"kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]", "t.yaml": "apiVersion: example.com/v1\nkind: Run\nmetadata:\n  name: a\n  annotations: {config.kubernetes.io/function: \"exec: {path: git}\"}\n"}, []string{"Run, named by the kustomization", "is a plugin or function"}, true},
		{"a function in a container", map[string]string{"kustomization.yaml": "generators: [t.yaml]", "t.yaml": "apiVersion: example.com/v1\nkind: Run\nmetadata:\n  name: a\n  annotations: {config.kubernetes.io/function: \"container: {image: a}\"}\n"}, []string{"is a plugin or function"}, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			files := map[string]string{"x.yaml": configMap}
			for name, text := range row.files {
				files[name] = strings.ReplaceAll(text, "URL", w.url)
			}
			dir := folder(t, files)
			for _, build := range []func() error{
				func() error { _, err := Build(dir, Options{}); return err },
				func() error { _, _, err := MirrorSets(dir, Options{}); return err },
			} {
				err := build()
				if err == nil {
					t.Fatal("was not refused")
				}
				if w.saw() {
					t.Errorf("something was asked or started before: %v", err)
				}
				if !strings.HasPrefix(err.Error(), dir+": ") || strings.Contains(err.Error(), "\n") {
					t.Errorf("the overlay does not come first, or the sentence has lines: %q", err)
				}
				for _, want := range row.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q lacks %q", err, want)
					}
				}
			}
			// The witness would have seen it: the same build, allowed.
			_, err := Build(dir, Options{AllowRemote: true})
			if saw := w.saw(); saw == row.harmless {
				t.Errorf("allowed, the witness saw %v (%v)", saw, err)
			}
		})
	}
}

func TestARemoteFileIsBuiltWhenAllowed(t *testing.T) {
	w := newWitness(t)
	dir := folder(t, map[string]string{"kustomization.yaml": "resources: [" + w.url + "/x.yaml]"})
	objects, err := Build(dir, Options{AllowRemote: true})
	if err != nil || len(objects) != 1 || !w.saw() {
		t.Errorf("got %v, %v", objects, err)
	}
}

func TestATransformersFolderOfLocalFilesIsAllowed(t *testing.T) {
	dir := folder(t, map[string]string{
		"x.yaml":               configMap,
		"kustomization.yaml":   "resources: [x.yaml]\ntransformers: [t]",
		"t/kustomization.yaml": "resources: [t.yaml]",
		"t/t.yaml":             "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\nprefix: a-\nfieldSpecs: [{path: metadata/name}]\n",
	})
	objects, err := Build(dir, Options{})
	if err != nil || names(objects) != "ConfigMap a-plain" {
		t.Errorf("got %v, %v", objects, err)
	}
}

func TestARelativeOverlayIsNeverTakenForAHost(t *testing.T) {
	w := newWitness(t)
	t.Chdir(folder(t, map[string]string{"github.com/org/repo/kustomization.yaml": "resources: [x.yaml]", "github.com/org/repo/x.yaml": configMap}))
	objects, err := Build("github.com/org/repo", Options{})
	if err != nil || len(objects) != 1 || w.saw() {
		t.Errorf("got %v, %v", objects, err)
	}
}

func TestTheGuardKnowsAKustomizationByNameAlone(t *testing.T) {
	dir := folder(t, map[string]string{"kustomization.yaml": "resources: ['git@example.com:org/repo']"})
	at, err := locate(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Read without having been resolved first, which no kustomize does so far.
	g := newGuard(diskForTest(), at, Options{}, nil)
	if _, err := g.ReadFile(filepath.Join(at.root, "kustomization.yaml")); err == nil || g.refusal == nil {
		t.Errorf("was handed out: %v", err)
	}
}
