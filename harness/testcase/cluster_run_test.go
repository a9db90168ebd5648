package testcase_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

func TestAnEngineThatKnowsNoClusterIsBrokenAndNotPassed(t *testing.T) {
	pipeline := []testcase.Pipeline{{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"}}
	for _, row := range []struct {
		why   string
		admit func(engine.Request) (engine.Outcome, error)
		said  string
	}{
		{"it leaves the phase out", allow, "kyverno: does not run what policies do in the background of a cluster"},
		{"it refuses the phase", func(r engine.Request) (engine.Outcome, error) {
			if r.Runs(engine.Background) {
				return engine.Outcome{}, errors.New("runs none of the phases asked for")
			}
			return allow(r)
		}, "kyverno: runs none of the phases asked for"},
		{"it breaks in it", func(r engine.Request) (engine.Outcome, error) {
			if r.Runs(engine.Background) {
				return engine.Outcome{Allowed: true, Cluster: r.Cluster}, engine.ErrBroken
			}
			return allow(r)
		}, "engine broke"},
	} {
		for _, operation := range []string{"", "operation: EXISTING\n"} {
			dir := clusterCase(t, map[string]string{"case.yaml": head + operation})
			if operation != "" {
				if err := os.Remove(filepath.Join(dir, "claim/want.yaml")); err != nil {
					t.Fatal(err)
				}
			}
			found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: row.admit}, fake{name: "rego", admit: allow}), Pipelines: pipeline})
			got := found.Results[0]
			if got.Status != report.Broken || found.ExitCode() != 2 || !strings.Contains(strings.Join(got.Messages, "\n"), row.said) {
				t.Errorf("%s (%s): %v (exit %d): %q, want broken with %q", row.why, operation, got.Status, found.ExitCode(), got.Messages, row.said)
			}
		}
	}
}

func TestTheBackgroundSeesWhatWasAdmittedAndTheClusterSoFar(t *testing.T) {
	var asked []engine.Request
	records := func(r engine.Request) (engine.Outcome, error) {
		if !r.Runs(engine.Background) {
			o, _ := allow(r)
			if reflect.DeepEqual(r.Phases, []engine.Phase{engine.Mutate}) {
				changed := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": r.Object["metadata"].(map[string]any)["name"], "labels": map[string]any{"mirror": "yes", "seen": "x"}}}
				o.Object = changed
			}
			return o, nil
		}
		asked = append(asked, r)
		return engine.Outcome{Allowed: true, Object: r.Object, Matched: []string{"rule"}, Cluster: append(append([]map[string]any{}, r.Cluster...), map[string]any{"apiVersion": "v1", "kind": "Made", "metadata": map[string]any{"name": "m"}, "count": int64(len(asked))})}, nil
	}
	made := func(n string) string {
		return "---\napiVersion: v1\nkind: Made\nmetadata: {name: m}\ncount: " + n + "\n"
	}
	seen := strings.NewReplacer("'yes'", "'yes', seen: x")
	dir := clusterCase(t, map[string]string{"case.yaml": head + "namespaceLabels: {a: b}\n", "object.yaml": shop + "---\n" + lab, "want.yaml": seen.Replace(shop + "---\n" + lab), "want-cluster.yaml": source + made("1") + made("2")})
	found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: records}, fake{name: "rego", admit: allow}),
		Pipelines: []testcase.Pipeline{{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"}}})
	if found.Results[0].Status != report.Passed {
		t.Fatalf("%v %s", found.Results[0].Messages, found.Results[0].Diff)
	}
	if len(asked) != 2 || len(asked[0].Cluster) != 1 || len(asked[1].Cluster) != 2 {
		t.Fatalf("asked %+v", asked)
	}
	for i, request := range asked {
		labels := request.Object["metadata"].(map[string]any)["labels"].(map[string]any)
		if labels["seen"] != "x" || !reflect.DeepEqual(request.Phases, []engine.Phase{engine.Background}) || request.NamespaceLabels["a"] != "b" || request.Operation != engine.Create {
			t.Errorf("request %d: %+v: it is not what was admitted", i, request)
		}
	}
	for _, rule := range found.Rules {
		if rule.Rule == "rule" && rule.Engine == "kyverno" && rule.Matched != 4 {
			t.Errorf("the rule matched %d times: two admissions and two backgrounds are wanted", rule.Matched)
		}
	}
}

func TestWhatIsDeniedLeadsToNothing(t *testing.T) {
	adds := func(r engine.Request) (engine.Outcome, error) {
		o, _ := allow(r)
		if r.Runs(engine.Background) {
			o.Cluster = append(append([]map[string]any{}, r.Cluster...), map[string]any{"apiVersion": "v1", "kind": "Made"})
		}
		return o, nil
	}
	denies := func(r engine.Request) (engine.Outcome, error) {
		if r.Object["metadata"].(map[string]any)["name"] == "lab" {
			return engine.Outcome{Messages: []string{"not the lab"}, Object: r.Object, Matched: []string{"rule"}}, nil
		}
		return allow(r)
	}
	const made = "---\napiVersion: v1\nkind: Made\n"
	for _, row := range []struct{ why, objects, left string }{
		{"a denied object alone", lab, source},
		{"a denied object beside one that is admitted", shop + "---\n" + lab, source + made},
	} {
		dir := clusterCase(t, map[string]string{"object.yaml": row.objects, "want-denied.txt": "not the lab\n", "want-cluster.yaml": row.left})
		if err := os.Remove(filepath.Join(dir, "claim/want.yaml")); err != nil {
			t.Fatal(err)
		}
		found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: adds}, fake{name: "rego", admit: denies}),
			Pipelines: []testcase.Pipeline{{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"}}})
		if got := found.Results[0]; got.Status != report.Passed {
			t.Errorf("%s: %v %q %s", row.why, got.Status, got.Messages, got.Diff)
		}
	}
}

func TestUpdateWritesWhatBecomesOfTheCluster(t *testing.T) {
	read := func(dir, name string) string {
		text, err := os.ReadFile(filepath.Join(dir, "claim", name))
		if errors.Is(err, os.ErrNotExist) {
			return "absent"
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, row := range []struct {
		why     string
		files   map[string]string
		removed []string // before the run
		cluster string   // a part of want-cluster.yaml after it; absent: it is not there
		want    string   // the same of want.yaml
	}{
		{"it is written", nil, []string{"want-cluster.yaml"}, "name: mirrorgen-s-docker-io\n  namespace: shop", "name: shop"},
		{"a stale one is written anew", nil, nil, "name: mirrorgen-s-docker-io\n  namespace: shop", "name: shop"},
		{"one that comes of no cluster is deleted", nil, []string{"cluster.yaml"}, "absent", "name: shop"},
		{"what exists has no want", map[string]string{"case.yaml": head + "operation: EXISTING\n"}, []string{"want-cluster.yaml"}, "name: mirrorgen-s-docker-io\n  namespace: shop", "absent"},
	} {
		dir := clusterCase(t, row.files)
		for _, name := range row.removed {
			if err := os.Remove(filepath.Join(dir, "claim", name)); err != nil {
				t.Fatal(err)
			}
		}
		options := testcase.Options{Update: true}
		if row.cluster == "absent" {
			// The reference has nothing to say of a Namespace without a cluster.
			options.Engines = factories(fake{name: "kyverno", admit: allow})
			options.Pipelines = []testcase.Pipeline{{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}
		}
		if found := run(t, dir, options); found.ExitCode() != 0 {
			t.Errorf("%s: after the update %+v", row.why, found.Results)
		}
		for name, part := range map[string]string{"want-cluster.yaml": row.cluster, "want.yaml": row.want} {
			if got := read(dir, name); !strings.Contains(got, part) {
				t.Errorf("%s: %s is %s, want %s", row.why, name, got, part)
			}
		}
		options.Update = false
		if found := run(t, dir, options); found.ExitCode() != 0 {
			t.Errorf("%s: what was written is not what is wanted: %+v", row.why, found.Results)
		}
	}
}

func TestAnUpdateThatCouldNotBeReadAgainIsRefused(t *testing.T) {
	empties := func(r engine.Request) (engine.Outcome, error) {
		o, _ := allow(r)
		if r.Runs(engine.Background) {
			o.Cluster = []map[string]any{}
		}
		return o, nil
	}
	dir := clusterCase(t, nil)
	found := run(t, dir, testcase.Options{Update: true, Engines: factories(fake{name: "kyverno", admit: empties}),
		Pipelines: []testcase.Pipeline{{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}})
	if said := strings.Join(found.Results[0].Messages, "\n"); found.Results[0].Status != report.Broken ||
		!strings.Contains(said, "nothing is left of the cluster, which want-cluster.yaml cannot say; put an object that stays into cluster.yaml") {
		t.Errorf("%v: %s", found.Results[0].Status, said)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "claim/want-cluster.yaml")); err != nil || string(text) != source {
		t.Errorf("the wants were touched: %s, %v", text, err)
	}
}
