package testcase_test

import (
	"reflect"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

func TestEachVersionIsAnEngineOfItsOwn(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": pod, "claim/want.yaml": podAfter,
		"other/case.yaml": head + "skip: {kyverno@1.18: it has a fault there}\n", "other/object.yaml": pod, "other/want.yaml": podAfter})
	pipelines, err := testcase.Select([]string{"kyverno@1.18", "kyverno"})
	if err != nil {
		t.Fatal(err)
	}
	// The older one forgets to rewrite.
	rewrites := fake{name: "kyverno", admit: func(r engine.Request) (engine.Outcome, error) {
		outcome, err := allow(r)
		if container := r.Object["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any); container["image"] == "nginx" {
			container = map[string]any{"name": "c", "image": "m.example.com/hub/library/nginx:latest"}
			outcome.Object = map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": r.Object["metadata"],
				"spec": map[string]any{"containers": []any{container}}}
		}
		return outcome, err
	}}
	found := run(t, dir, testcase.Options{Engines: factories(rewrites, fake{name: "kyverno@1.18", admit: allow}), Pipelines: pipelines})
	if want := []string{"kyverno@1.18->kyverno@1.18", "kyverno->kyverno"}; !reflect.DeepEqual(found.Pipelines, want) {
		t.Errorf("columns %v", found.Pipelines)
	}
	got := map[string]report.Status{}
	for _, result := range found.Results {
		got[result.Case+" "+result.Pipeline] = result.Status
	}
	if want := map[string]report.Status{
		"claim kyverno@1.18->kyverno@1.18": report.Failed, "claim kyverno->kyverno": report.Passed,
		"other kyverno@1.18->kyverno@1.18": report.Skipped, "other kyverno->kyverno": report.Passed,
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("results %v", got)
	}
	engines := map[string]int{}
	for _, rule := range found.Rules {
		engines[rule.Engine]++
	}
	if want := map[string]int{"kyverno": 2, "kyverno@1.18": 2}; !reflect.DeepEqual(engines, want) {
		t.Errorf("the rules of each version are counted apart: %v", engines)
	}
}

func TestAVersionThatNoEngineIsMadeForBreaksItsCases(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": pod, "claim/want.yaml": podAfter})
	pipelines, err := testcase.Select([]string{"kyverno@1.18"})
	if err != nil {
		t.Fatal(err)
	}
	found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: allow}), Pipelines: pipelines})
	if found.ExitCode() != 2 || found.Results[0].Status != report.Broken {
		t.Errorf("exit %d, %+v", found.ExitCode(), found.Results)
	}
}

func TestACaseWhosePoliciesNeedALaterVersionSaysSo(t *testing.T) {
	policies := "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\n  annotations:\n    policies.kyverno.io/minversion: 1.19.0\n"
	dir := write(t, map[string]string{"policies.yaml": policies, "claim/case.yaml": "why: it proves something\npolicies: [../policies.yaml]\n", "claim/object.yaml": pod, "claim/want.yaml": pod})
	pipelines, err := testcase.Select([]string{"kyverno@1.18", "kyverno"})
	if err != nil {
		t.Fatal(err)
	}
	found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: allow}, fake{name: "kyverno@1.18", admit: allow}), Pipelines: pipelines})
	older, atHand := found.Results[0], found.Results[1]
	if older.Status != report.Broken || older.Needs != "Kyverno 1.19" || len(older.Messages) != 1 || found.ExitCode() != 2 {
		t.Errorf("on the older version: %+v", older)
	}
	if atHand.Status != report.Passed || atHand.Needs != "" {
		t.Errorf("on the one at hand: %+v", atHand)
	}
}
