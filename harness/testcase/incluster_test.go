package testcase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

// rewrites is a cluster that rewrites nginx and denies NGINX, and like every
// cluster does not tell which rules looked.
func rewrites(r engine.Request) (engine.Outcome, error) {
	text := fmt.Sprint(r.Object)
	after := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "m.example.com/hub/library/nginx:latest"}}}}
	if strings.Contains(text, "NGINX") {
		return engine.Outcome{Messages: []string{strings.TrimSpace(badSaid)}}, nil
	}
	return engine.Outcome{Allowed: true, Object: after}, nil
}

func inCluster(admit func(engine.Request) (engine.Outcome, error)) testcase.Options {
	return testcase.Options{Engines: factories(fake{name: "kyverno", admit: admit}), InCluster: true, Restricted: true,
		Pipelines: []testcase.Pipeline{{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}}
}

func TestOneRequestToAClusterMutatesAndJudges(t *testing.T) {
	for _, row := range []struct {
		why    string
		files  map[string]string
		asked  int
		status report.Status
	}{
		{"one request, and a second pass over what it changed", map[string]string{"object.yaml": pod, "want.yaml": podAfter}, 2, report.Passed},
		{"a denial", map[string]string{"object.yaml": badPod, "want-denied.txt": badSaid}, 1, report.Passed},
		{"a denial that is not wanted", map[string]string{"object.yaml": badPod, "want.yaml": podAfter}, 1, report.Failed},
		{"an admission that is not wanted", map[string]string{"object.yaml": pod, "want-denied.txt": badSaid}, 2, report.Failed},
	} {
		files := map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head}
		for name, text := range row.files {
			files["claim/"+name] = text
		}
		var asked []engine.Request
		found := run(t, write(t, files), inCluster(func(r engine.Request) (engine.Outcome, error) {
			asked = append(asked, r)
			return rewrites(r)
		}))
		if got := found.Results[0]; got.Status != row.status || len(asked) != row.asked {
			t.Errorf("%s: %v after %d requests, want %v after %d; %q\n%s", row.why, got.Status, len(asked), row.status, row.asked, got.Messages, got.Diff)
		}
		if slices.ContainsFunc(asked[:1], func(r engine.Request) bool { return r.Phases != nil }) {
			t.Errorf("%s: the request is for some phases alone: %v", row.why, asked[0].Phases)
		}
	}
}

func TestWhatAnAPIServerTakesFromNobodyIsNotApplicable(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": pod, "claim/want.yaml": podAfter})
	for _, row := range []struct {
		why     string
		err     error
		cluster bool
		status  report.Status
	}{
		{"a cluster says so", fmt.Errorf("%w: spec.containers[0].image: Required value", engine.ErrUnsubmittable), true, report.NotApplicable},
		{"an engine has nothing to refuse", engine.ErrUnsubmittable, false, report.Broken},
		{"a cluster that breaks is broken", errors.New("connection refused"), true, report.Broken},
	} {
		options := inCluster(func(engine.Request) (engine.Outcome, error) { return engine.Outcome{}, row.err })
		options.InCluster = row.cluster
		got := run(t, dir, options).Results[0]
		if got.Status != row.status || !strings.Contains(strings.Join(got.Messages, "\n"), row.err.Error()) {
			t.Errorf("%s: %v: %q, want %v", row.why, got.Status, got.Messages, row.status)
		}
	}
}
