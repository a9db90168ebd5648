package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// richPlan uses what changes the shape of the generated constraints.
func richPlan(enforcement string) *mirror.Plan {
	return mirror.Compile(&spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "hub", Source: "docker.io", Mirror: "m.example.com:8443/hub", Except: []string{"library/registry"}},
			{Name: "quay", Source: "quay.io", Mirror: "m.example.com/quay", Only: []string{"acme", "123"}, Aliases: []string{"q.example.com"}},
		},
		Scope: spec.Scope{
			ExcludeNamespaces: []string{"build"},
			NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "yes"}},
			PodSelector: &spec.Selector{MatchExpressions: []spec.Requirement{
				{Key: "opt-out", Operator: "DoesNotExist"}, {Key: "tier", Operator: "In", Values: []string{"a"}}, {Key: "on", Operator: "Exists"}}},
		},
		Constraint: spec.Constraint{Enforcement: enforcement, AllowRegistries: []string{"registry.corp.example"}, HonourPodSelector: true},
	}})
}

func renderedBy(t *testing.T, target Target, plan *mirror.Plan) map[string]string {
	t.Helper()
	files, err := target.Render(plan)
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]string{}
	for _, file := range files {
		if _, twice := byPath[file.Path]; twice {
			t.Errorf("%s is rendered twice", file.Path)
		}
		byPath[file.Path] = string(file.Data)
	}
	return byPath
}

func objectsOf(t *testing.T, name, data string) []map[string]any {
	t.Helper()
	reader := document.NewReader(name, strings.NewReader(data))
	var objects []map[string]any
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object, err := doc.Object()
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
}

func TestGatekeeperEmitsTheConstraintsThatAnEnforcementNeeds(t *testing.T) {
	holdsAll := richPlan("deny")
	for prefix, row := range holdsAll.Table {
		if row.To == "" && row.Mirror != "" {
			delete(holdsAll.Table, prefix)
		}
	}
	for _, test := range []struct {
		why  string
		plan *mirror.Plan
		want string
	}{
		{"denials and warnings need a constraint each", richPlan("deny"),
			"cn:deny:Original:denials cn-templates:deny:Generated:denials cn-warnings:warn:Original:warnings cn-template-warnings:warn:Generated:warnings"},
		{"where nothing can be warned about there are no warnings", holdsAll, "cn:deny:Original:denials cn-templates:deny:Generated:denials"},
		{"where nothing denies, one reports all in order", richPlan("warn"), "cn:warn:Original:all cn-templates:warn:Generated:all"},
		{"dryrun records all", richPlan("dryrun"), "cn:dryrun:Original:all cn-templates:dryrun:Generated:all"},
	} {
		var got []string
		for _, c := range gatekeeperConstraints(test.plan) {
			got = append(got, strings.Join([]string{c.name, c.action, c.source, c.findings}, ":"))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s", test.why, strings.Join(got, " "))
		}
	}
}

func TestEveryConstraintCarriesThePlan(t *testing.T) {
	plan := richPlan("deny")
	for name, data := range renderedBy(t, Gatekeeper(), plan) {
		if path.Dir(name) != "gatekeeper/constraints" {
			continue
		}
		object := objectsOf(t, name, data)[0]
		spec := object["spec"].(map[string]any)
		parameters := spec["parameters"].(map[string]any)
		encoded, err := json.Marshal(parameters["plan"])
		if err != nil {
			t.Fatal(err)
		}
		read, err := mirror.ReadParameters(encoded)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(read); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the plan reads back as %s (%v), not %s", name, got, err, want)
		}
		match := spec["match"].(map[string]any)
		if match["source"] != parameters["source"] {
			t.Errorf("%s: match.source %v, parameters.source %v", name, match["source"], parameters["source"])
		}
		if !reflect.DeepEqual(match["namespaceSelector"], map[string]any{"matchLabels": map[string]any{"mirror": "yes"}}) {
			t.Errorf("%s: namespaceSelector %v", name, match["namespaceSelector"])
		}
		if excluded := match["excludedNamespaces"].([]any); len(excluded) != 6 || excluded[0] != "build" {
			t.Errorf("%s: excludedNamespaces %v", name, excluded)
		}
		if base := strings.TrimSuffix(path.Base(name), ".yaml"); object["metadata"].(map[string]any)["name"] != base {
			t.Errorf("%s: the name is not the file's", name)
		}
	}
}

func TestTheTemplateIsNamedAsItsKindAndHoldsItsRegoAsLiteralBlocks(t *testing.T) {
	data := renderedBy(t, Gatekeeper(), richPlan("deny"))["gatekeeper/templates/template.yaml"]
	object := objectsOf(t, "template.yaml", data)[0]
	if name := object["metadata"].(map[string]any)["name"]; name != "mirroredimages" {
		t.Errorf("name %v", name)
	}
	code := object["spec"].(map[string]any)["targets"].([]any)[0].(map[string]any)["code"].([]any)[0].(map[string]any)["source"].(map[string]any)
	texts := append([]any{code["rego"]}, code["libs"].([]any)...)
	if len(texts) != 6 || code["version"] != "v1" {
		t.Fatalf("%d Rego sources of version %v", len(texts), code["version"])
	}
	for _, text := range texts {
		for i, line := range strings.Split(text.(string), "\n") {
			// kustomize would turn the block into one quoted line.
			if strings.Contains(line, "\t") || strings.TrimRight(line, " ") != line {
				t.Errorf("line %d holds a tab or ends in a blank: %q", i+1, line)
			}
		}
	}
	if strings.Contains(data, "\\n") && strings.Contains(data, "rego: \"") {
		t.Error("the Rego is quoted")
	}
}

func TestNothingThatIsGeneratedReadsAsAVariable(t *testing.T) {
	for _, target := range []Target{Gatekeeper(), Rego()} {
		for name, data := range renderedBy(t, target, richPlan("deny")) {
			if strings.Contains(data, "${") {
				t.Errorf("%s holds ${, which Flux substitutes", name)
			}
			if !artifact.IsGenerated([]byte(data)) || !strings.HasSuffix(data, "\n") || strings.HasSuffix(data, "\n\n") {
				t.Errorf("%s: needs the header, and one newline at the end", name)
			}
		}
	}
}

func TestTheSuiteHasACaseForEachClaim(t *testing.T) {
	files := renderedBy(t, Gatekeeper(), richPlan("deny"))
	suite := objectsOf(t, "suite.yaml", files["gatekeeper/tests/cn/suite.yaml"])[0]
	tests := suite["tests"].([]any)
	if len(tests) != 4 {
		t.Fatalf("%d tests, want one for each constraint", len(tests))
	}
	wanted := map[string]string{
		"cn/upstream": "must be", "cn/mirrored": "", "cn/invalid": "not a valid reference",
		"cn/delete-invalid": "", "cn/label-change": "", "cn/registry-not-allowed": "not allowed", "cn/not-held": "not served by mirror quay",
		"cn/workload-invalid": "", "cn-templates/workload-upstream": "", "cn-templates/workload-invalid": "not a valid reference",
		"cn-templates/workload-not-held": "not served", "cn-templates/invalid": "", "cn-warnings/not-held": "",
	}
	for _, item := range tests {
		test := item.(map[string]any)
		for _, item := range test["cases"].([]any) {
			one := item.(map[string]any)
			if _, ok := files[path.Join("gatekeeper/tests/cn", one["object"].(string))]; !ok {
				t.Errorf("%v is not rendered", one["object"])
			}
			key := test["name"].(string) + "/" + one["name"].(string)
			want, ok := wanted[key]
			if !ok {
				continue
			}
			delete(wanted, key)
			assertions := one["assertions"].([]any)
			message, _ := assertions[len(assertions)-1].(map[string]any)["message"].(string)
			if (want == "") != (message == "") || !strings.Contains(message, want) {
				t.Errorf("%s expects %q, want %q", key, message, want)
			}
		}
	}
	if len(wanted) > 0 {
		t.Errorf("no case for %v", wanted)
	}
}

func TestTheSamplesOfManyMirrorsAreAFewFiles(t *testing.T) {
	set := &spec.MirrorSet{Name: "many"}
	for i := range 200 {
		set.Spec.Mirrors = append(set.Spec.Mirrors, spec.Mirror{Name: fmt.Sprintf("m%d", i),
			Source: fmt.Sprintf("host%d.example.net", i), Mirror: fmt.Sprintf("m.example.com/host%d", i)})
	}
	files := renderedBy(t, Gatekeeper(), mirror.Compile(set))
	if len(files) > 15 {
		t.Errorf("%d files", len(files))
	}
}

func TestASuiteExpectsNothingOfPodsThatNoOneJudges(t *testing.T) {
	plan := richPlan("deny")
	plan.Scope.PodSelector = &spec.Selector{
		MatchLabels:      map[string]string{"a": "b"},
		MatchExpressions: []spec.Requirement{{Key: "a", Operator: "DoesNotExist"}},
	}
	s := sample{images: []string{"nginx"}}
	if got := expected(plan, gatekeeperConstraints(plan)[0], s); got != nil {
		t.Errorf("a podSelector that takes no Pod and is honoured expects %q", got)
	}
	plan.HonourPodSelector = false
	if got := expected(plan, gatekeeperConstraints(plan)[0], s); !strings.Contains(strings.Join(got, "\n"), "must be") {
		t.Errorf("not honoured, it expects %q", got)
	}
	s.template = true
	if got := expected(plan, gatekeeperConstraints(plan)[1], s); !strings.Contains(strings.Join(got, "\n"), "not allowed") {
		t.Errorf("a template that opted out expects %q", got)
	}
}

func TestARegoTargetIsThePolicyAsItStandsAndThePlanAsData(t *testing.T) {
	files := renderedBy(t, Rego(), richPlan("warn"))
	if len(files) != 13 {
		t.Errorf("%d files", len(files))
	}
	data := objectsOf(t, "cn.yaml", files["rego/data/cn.yaml"])[0]
	set := data["mirrorgen"].(map[string]any)["sets"].(map[string]any)["cn"].(map[string]any)
	if set["enforcement"] != "warn" || set["set"] != "cn" {
		t.Errorf("set %v, enforcement %v", set["set"], set["enforcement"])
	}
	delete(set, "enforcement")
	encoded, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mirror.ReadParameters(encoded); err != nil {
		t.Error(err)
	}
	for name, text := range files {
		if path.Ext(name) == ".rego" && !strings.HasPrefix(text, artifact.Header("")+"\n") {
			t.Errorf("%s: the header has to stand apart from the metadata", name)
		}
	}
}

func TestRenderingIsTheSameEachTime(t *testing.T) {
	for _, target := range []Target{Gatekeeper(), Rego()} {
		first, second := renderedBy(t, target, richPlan("deny")), renderedBy(t, target, richPlan("deny"))
		if !reflect.DeepEqual(first, second) {
			t.Errorf("%s differs", target.Name)
		}
	}
}
