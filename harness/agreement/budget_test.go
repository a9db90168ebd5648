package agreement

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/testcase"
)

// TestNoPodIsTooDearToBeJudged: past an engine's cost limit failurePolicy Ignore lets a
// Pod by. Each set is as large, in one way, as one may be; each Pod is within the
// limits, and every image of it is refused.
func TestNoPodIsTooDearToBeJudged(t *testing.T) {
	names := func(count int, format string) string {
		var all []string
		for i := range count {
			all = append(all, fmt.Sprintf(format, i))
		}
		return strings.Join(all, ", ")
	}
	deep, wide := "", ""
	for at := range 16 {
		deep += fmt.Sprintf("  - {name: m%d, source: up.example.net%s, mirror: m.example.com/p%d}\n", at, strings.Repeat("/b", at), at)
	}
	for i := range 400 {
		wide += fmt.Sprintf("  - {name: m%d, source: up%d.example.net, mirror: mirror%d.registry.example.com/proxy}\n", i, i, i)
	}
	for _, row := range []struct{ why, body, image string }{
		{"a long list of what a mirror holds", "  constraint: {allowRegistries: [corp.example.com]}\n  mirrors:\n  - {source: docker.io, mirror: m.example.com/hub, only: [" + names(600, "organization%d/repository") + "]}\n", "xbbbbbbbbbbb"},
		{"a long list of what is allowed", "  constraint: {allowRegistries: [corp.example.com]}\n  mirrors:\n" + wide, "zz.example.net/x"},
		{"as many depths as may be", "  mirrors:\n" + deep, "up.example.net/c" + strings.Repeat("/d", 29) + ":1"},
	} {
		sets, err := spec.Parse("mirrors.yaml", []byte("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n"+row.body))
		if err != nil {
			t.Fatal(err)
		}
		plans, err := generator.Plans(sets)
		if err != nil {
			t.Fatal(err)
		}
		policies, err := testcase.FromPlans("mirrors.yaml", plans)
		if err != nil {
			t.Fatal(err)
		}
		var containers []any
		for i := range 500 {
			containers = append(containers, map[string]any{"name": fmt.Sprintf("c%d", i), "image": row.image})
		}
		pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "a", "namespace": "default"},
			"spec": map[string]any{"containers": containers}}
		for _, p := range programs() {
			if p.name != "kyverno-cel" && p.name != "kubernetes" {
				continue
			}
			process := p.process(t)
			if process == nil {
				continue
			}
			session, err := process.Load(t.Context(), policies.Files[p.name])
			if err != nil {
				t.Fatalf("%s: %s: %v", row.why, p.name, err)
			}
			judged := create(pod)
			judged.Phases = []engine.Phase{engine.Validate}
			outcome, err := session.Admit(t.Context(), judged)
			if err != nil || outcome.Allowed || len(outcome.Warnings) > 0 {
				t.Errorf("%s: %s: allowed %v, warnings %.300q, error %v", row.why, p.name, outcome.Allowed, outcome.Warnings, err)
			}
			rewritten := create(pod)
			rewritten.Phases = []engine.Phase{engine.Mutate}
			if outcome, err := session.Admit(t.Context(), rewritten); err != nil || len(outcome.Warnings) > 0 {
				t.Errorf("%s: %s: mutation: warnings %.300q, error %v", row.why, p.name, outcome.Warnings, err)
			}
			if err := process.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
