package testcase_test

import (
	"context"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/harness/testcase"
)

const builtSpec = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example.com/hub, only: [library, bitnami]}
  - {source: quay.io, mirror: m.example.com/quay}
`

// built are the Gatekeeper objects of a set, as an overlay would yield them.
func built(t *testing.T) []map[string]any {
	t.Helper()
	sets, err := spec.Parse("mirrors.yaml", []byte(builtSpec))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(sets)
	if err != nil {
		t.Fatal(err)
	}
	files, err := generator.Generate(plans, []target.Target{target.Gatekeeper()})
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	for _, file := range files {
		if !strings.HasPrefix(file.Path, "gatekeeper/constraints/") && !strings.HasPrefix(file.Path, "gatekeeper/templates/") || strings.HasSuffix(file.Path, "kustomization.yaml") {
			continue
		}
		reader := document.NewReader(file.Path, strings.NewReader(string(file.Data)))
		for {
			doc, err := reader.Next()
			if err != nil {
				break
			}
			object, err := doc.Object()
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, object)
		}
	}
	if len(objects) < 5 {
		t.Fatalf("%d objects", len(objects))
	}
	return objects
}

// plans visits the plan of every constraint whose name passes.
func plans(objects []map[string]any, named func(string) bool, change func(plan map[string]any)) {
	for _, object := range objects {
		if object["kind"] != "MirroredImages" || !named(object["metadata"].(map[string]any)["name"].(string)) {
			continue
		}
		change(object["spec"].(map[string]any)["parameters"].(map[string]any)["plan"].(map[string]any))
	}
}

func TestWhatAnOverlayBuildsIsHeldToWhatASpecIs(t *testing.T) {
	every := func(string) bool { return true }
	mirrors := func(plan map[string]any, name string) map[string]any {
		return plan["mirrors"].(map[string]any)[name].(map[string]any)
	}
	for _, row := range []struct {
		why    string
		named  func(string) bool
		change func(plan map[string]any)
		want   string // a part of the error; empty: accepted
	}{
		{"as generated", every, func(map[string]any) {}, ""},
		{"another address everywhere, in both parts", every, func(plan map[string]any) {
			mirrors(plan, "quay-io")["address"] = "n.example.com/quay"
			plan["table"].(map[string]any)["quay.io"].(map[string]any)["to"] = "n.example.com/quay"
		}, ""},
		{"one constraint of the set alone", func(name string) bool { return name == "s-templates" }, func(plan map[string]any) {
			mirrors(plan, "quay-io")["address"] = "n.example.com/quay"
			plan["table"].(map[string]any)["quay.io"].(map[string]any)["to"] = "n.example.com/quay"
		}, "MirroredImages s-templates: spec.parameters.plan: differs from that of MirroredImages"},
		{"the mirrors without the table", every, func(plan map[string]any) { mirrors(plan, "quay-io")["address"] = "n.example.com/quay" },
			"spec.parameters.plan.table: does not say what spec.parameters.plan.mirrors says"},
		{"what is held without the table", every, func(plan map[string]any) { mirrors(plan, "docker-io")["only"] = []any{"library"} },
			"spec.parameters.plan.table: does not say"},
		{"no address at all", every, func(plan map[string]any) { mirrors(plan, "quay-io")["address"] = "Docker.io/x y" },
			`spec.parameters.plan.mirrors.quay-io.address: "Docker.io/x y": `},
		{"a mirror below a source", every, func(plan map[string]any) {
			mirrors(plan, "docker-io")["address"] = "quay.io/hub"
			for prefix, row := range plan["table"].(map[string]any) {
				if row := row.(map[string]any); row["to"] != nil {
					row["to"] = strings.Replace(row["to"].(string), "m.example.com/hub", "quay.io/hub", 1)
				}
				_ = prefix
			}
		}, `spec.parameters.plan.mirrors.docker-io.address: "quay.io/hub": what is rewritten to`},
		{"a number where there is none", every, func(plan map[string]any) { plan["limits"].(map[string]any)["references"] = "many" },
			"spec.parameters.plan.limits.references: a string: must be of another type"},
		{"a field that nobody reads", every, func(plan map[string]any) { plan["mirorrs"] = "x" }, `unknown field "mirorrs"`},
	} {
		objects := built(t)
		plans(objects, row.named, row.change)
		_, err := testcase.FromObjects("overlay", objects)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.why, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.why, err, row.want)
		}
	}
}

func TestACaseAboutAnotherSetIsNotApplicable(t *testing.T) {
	dir := write(t, map[string]string{
		"mirrors.yaml":    strings.Replace(specText, "name: s", "name: other", 1),
		"own.yaml":        builtSpec,
		"other/case.yaml": head, "other/object.yaml": pod, "other/want.yaml": podAfter,
		"own/case.yaml": "why: x\nspec: ../own.yaml\n", "own/object.yaml": pod, "own/want.yaml": podAfter,
	})
	set, err := testcase.FromObjects("overlay", built(t))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := testcase.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	found, err := testcase.Run(context.Background(), folders, testcase.Options{Engines: factories(), Policies: set,
		Pipelines: []testcase.Pipeline{{Name: "reference", Mutate: "reference", Judge: "reference"}}})
	if err != nil {
		t.Fatal(err)
	}
	if s := found.Summary(); s.NotApplicable != 1 || s.Passed != 1 {
		t.Errorf("%+v: %+v", s, found.Results)
	}
}
