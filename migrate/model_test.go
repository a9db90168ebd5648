package migrate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
)

// What a policy does to an image is worked out here without its engine. Where the
// engine's program is at hand (make test names it) it has to say the same.
func TestAPolicyDoesWhatItsEngineSaysItDoes(t *testing.T) {
	for _, row := range []struct{ folder, engine, variable string }{
		{"looks-registries-up", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"every-registry", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"image-variables", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"literal-prefix", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"variables", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"several-registries", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"three-rules", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"conditions", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"cel-configuration", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"cel-patches", "kyverno", "MIRRORGEN_ENGINE_KYVERNO"},
		{"admission-policy", "kubernetes", "MIRRORGEN_ENGINE_KUBERNETES"},
	} {
		t.Run(row.folder, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "policies", row.folder, "in", "policy.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := document.NewReader("policy.yaml", bytes.NewReader(data)).Next()
			if err != nil {
				t.Fatal(err)
			}
			node, err := doc.Node()
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{hosts: map[string]*hostSetting{}, text: data}
			top := root("policy.yaml", follow(node))
			parts := []*rewriter{}
			if strings.HasPrefix(top.get("apiVersion").text(), "kyverno.io/") {
				parts = r.kyvernoParts(top)
			} else {
				parts = append(parts, r.mutatingPart(top))
			}
			if len(parts) != 1 || parts[0] == nil {
				t.Fatalf("%d parts", len(parts))
			}
			path := os.Getenv(row.variable)
			if path == "" {
				t.Logf("%s is not set: the policy is not run", row.variable)
				return
			}
			e := engine.NewProcess(engine.ProcessConfig{Name: row.engine, Program: "gen-engine-" + row.engine, Path: path})
			defer e.Close()
			text := doc.Data
			if row.engine == "kubernetes" {
				text = append(bytes.Clone(text), "---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: x}\nspec: {policyName: by-the-api-server}\n"...)
			}
			session, err := e.Load(t.Context(), []artifact.File{{Path: "policy.yaml", Data: text}})
			if err != nil {
				t.Fatal(err)
			}
			f := parts[0].on("containers")
			moved := 0
			for _, image := range tried() {
				want, failed := f(image)
				pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "a", "namespace": "shop"},
					"spec": map[string]any{"containers": []any{map[string]any{"name": "probe", "image": image}}}}
				request := engine.Request{Object: pod, Operation: engine.Create, Phases: []engine.Phase{engine.Mutate}, NamespaceLabels: map[string]string{"cache": "on"}, RegistryImages: []string{image}}
				outcome, err := session.Admit(t.Context(), request)
				if err != nil && strings.Contains(err.Error(), "registryImages") {
					request.RegistryImages = nil
					outcome, err = session.Admit(t.Context(), request)
				}
				if err != nil {
					t.Fatalf("%s: %v", image, err)
				}
				got := image
				if outcome.Allowed {
					got = imageOf(outcome.Object)
				}
				broke := !outcome.Allowed || strings.Contains(strings.Join(outcome.Warnings, " "), "error: ")
				if broke != (failed != nil) || failed == nil && got != want {
					t.Errorf("%s: the engine makes %q of it (allowed: %v, %v, %v), the model %q (%v)", image, got, outcome.Allowed, outcome.Messages, outcome.Warnings, want, failed)
				}
				if got != image {
					moved++
				}
			}
			if moved == 0 {
				t.Error("no image was rewritten: nothing was compared")
			}
		})
	}
}

func imageOf(object map[string]any) string {
	podSpec, _ := object["spec"].(map[string]any)
	containers, _ := podSpec["containers"].([]any)
	container, _ := containers[0].(map[string]any)
	return fmt.Sprint(container["image"])
}

// tried are images of every look, below the sources of the test data and elsewhere.
func tried() []string {
	digest := "@sha256:" + strings.Repeat("e", 64)
	images := []string{"NGINX", "nginx:", "a//b", " nginx", "https://docker.io/a", "x", "docker.io/x:1", "[::1]:5000/ab/c:1", "10.0.0.1:5000/ab:1", "my-registry.example:5000/a_b/c__d:1",
		"QUAY.IO/acme/web:1", "Library/nginx", "localhost/a-b:1", "quay.io/acme/tool:1", "quay.io.example/a/b:1", "gcr.io/a/b", "sha256:" + strings.Repeat("e", 64)}
	for _, source := range []string{"", "docker.io/", "index.docker.io/", "registry-1.docker.io/", "quay.io/", "ghcr.io/", "registry.vendor.example/", "registry.vendor.example/pro/", "proxy.corp.example/docker.io/"} {
		for _, rest := range []string{"nginx", "library/nginx", "acme/web", "a/b/c"} {
			for _, end := range []string{"", ":1.2", digest, ":1.2" + digest} {
				images = append(images, source+rest+end)
			}
		}
	}
	return images
}
