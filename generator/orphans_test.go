package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/target"
)

func TestWhatATargetDoesNotGenerateAnyMoreIsAnOrphan(t *testing.T) {
	for _, each := range target.All() {
		dir := t.TempDir()
		name := filepath.Join(dir, each.Name, "old-rewrite.yaml")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(artifact.Header("mirrors.yaml")+"kind: Old\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		changes, err := artifact.Compare(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) != 1 || changes[0].Kind != artifact.Orphaned || changes[0].Path != each.Name+"/old-rewrite.yaml" {
			t.Errorf("target %s: a file of an earlier run is no orphan: %+v", each.Name, changes)
		}
	}
}

func TestTheTopKustomizationSpeaksOfWhatIsThere(t *testing.T) {
	plans, err := generator.Plans(setsOf(t, "metadata: {name: cn}\nspec: {mirrors: [{source: docker.io, mirror: m.example.com}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ targets, want, why string }{
		{"kyverno,kyverno-cel,kubernetes,gatekeeper", "# kyverno/ rewrites, Gatekeeper refuses. Without Gatekeeper apply kyverno/, which does both.\n# kyverno/, kyverno-cel/ and kubernetes/ say the same to three engines: apply one of them.\n", "all of them"},
		{"kyverno-cel,kubernetes,gatekeeper", "# kyverno-cel/ rewrites, Gatekeeper refuses. Without Gatekeeper apply kyverno-cel/, which does both.\n# kyverno-cel/ and kubernetes/ say the same to two engines: apply one of them.\n", "two"},
		{"kubernetes,gatekeeper", "# kubernetes/ rewrites, Gatekeeper refuses. Without Gatekeeper apply kubernetes/, which does both.\n", "one"},
		{"gatekeeper", "# Gatekeeper refuses; nothing here rewrites.\n", "Gatekeeper alone"},
		{"kubernetes", "", "no Gatekeeper, of which there is something to say"},
	} {
		targets, err := target.Named(strings.Split(row.targets, ","))
		if err != nil {
			t.Fatal(err)
		}
		files, err := generator.Generate(plans, targets)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			found = found || file.Path == "kustomization.yaml"
			if want := artifact.Header("") + row.want + "apiVersion: "; file.Path == "kustomization.yaml" && !strings.HasPrefix(string(file.Data), want) {
				t.Errorf("%s:\n%swant\n%s", row.why, file.Data, want)
			}
		}
		if !found {
			t.Errorf("%s: no top kustomization", row.why)
		}
	}
}
