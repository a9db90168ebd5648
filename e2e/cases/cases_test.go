package cases

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/e2e/stack/stacktest"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

// runVariable is a regular expression: only cases whose folder it matches are run.
const runVariable = "MIRRORGEN_E2E_RUN"

var update = flag.Bool("update", false, "write the list of cases that cannot be submitted")

// atOnce is how many cases are submitted at the same time.
const atOnce = 8

func TestMain(m *testing.M) {
	// The cases name their MirrorSets relative to the repository.
	flag.Parse()
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

func TestEveryCaseHoldsOnARealAPIServerWithKubernetesOwnPolicies(t *testing.T) {
	prove(t, startStack(t, stack.Options{}), testcase.Pipeline{Name: "map->vap", Mutate: "kubernetes", Judge: "kubernetes"})
}

func TestEveryCaseHoldsOnARealAPIServerWithKyverno(t *testing.T) {
	s := startStack(t, stack.Options{Kyverno: true})
	t.Run("kyverno-cel", func(t *testing.T) {
		prove(t, s, testcase.Pipeline{Name: "mpol->vpol", Mutate: "kyverno-cel", Judge: "kyverno-cel"})
	})
	t.Run("kyverno", func(t *testing.T) {
		prove(t, s, testcase.Pipeline{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"})
	})
}

func startStack(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	s := stacktest.Start(t, o)
	for _, kind := range kinds() {
		if _, err := s.Back.Apply(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
	if err := stack.Until(t.Context(), "the kinds of cases", time.Minute, s.Established); err != nil {
		t.Fatal(err)
	}
	return s
}

// prove runs every case of the repository in one pipeline.
func prove(t *testing.T, s *stack.Stack, p testcase.Pipeline) {
	all, err := groups("testcases")
	if err != nil {
		t.Fatal(err)
	}
	total := &report.Report{Pipelines: []string{p.Name}}
	only, err := regexp.Compile(os.Getenv(runVariable))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		g.folders = slices.DeleteFunc(g.folders, func(folder string) bool { return !only.MatchString(folder) })
		if len(g.folders) == 0 {
			continue
		}
		if asks, err := g.asksRegistry(); err != nil {
			t.Fatal(err)
		} else if asks {
			total.Results = append(total.Results, g.notApplicable(p, "the policies ask registries, and there is none on loopback")...)
			continue
		}
		set, err := g.set(p.Mutate)
		if err != nil {
			t.Fatalf("%s: %v", g.name(), err)
		}
		restore := func(context.Context) error { return nil }
		if strings.HasPrefix(p.Mutate, "kyverno") && reachesSystem(set) {
			if restore, err = reachSystem(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		e := cluster.New(p.Mutate, s, g.canaries(p))
		found, err := testcase.Run(t.Context(), g.folders, testcase.Options{
			Engines:   map[string]testcase.Factory{p.Mutate: func([]*mirror.Plan) (engine.Engine, error) { return e, nil }},
			Pipelines: []testcase.Pipeline{p}, Workers: atOnce, Policies: g.instead(set), Restricted: true, InCluster: true,
		})
		if err != nil {
			t.Fatalf("%s: %v", g.name(), err)
		}
		if err := errors.Join(e.Problem(), restore(t.Context())); err != nil {
			t.Fatalf("%s: %v", g.name(), err)
		}
		total.Results = append(total.Results, found.Results...)
		total.Duration += found.Duration
		t.Logf("%-40s %3d cases in %s", g.name(), len(g.folders), found.Duration.Round(time.Millisecond))
	}
	if len(total.Results) == 0 {
		t.Fatalf("%s=%s: matches no case; nothing was tested", runVariable, only)
	}
	total.Sort()
	check(t, total)
	if folder := os.Getenv(reportVariable); folder != "" {
		file := filepath.Join(folder, p.Mutate+".json")
		if err := report.Write([]report.Format{{Name: "json", File: file}}, io.Discard, total, report.Options{}); err != nil {
			t.Error(err)
		}
	}
}

// reportVariable names a folder that takes the report of each pipeline as JSON.
const reportVariable = "MIRRORGEN_E2E_REPORT"

// check demands that every case passes, but those that cannot be submitted and
// those that are known to differ.
func check(t *testing.T, total *report.Report) {
	var refused []string
	for i := range total.Results {
		result := total.Results[i]
		why, said := known(result), strings.Join(result.Messages, "; ")
		reason, unsubmittable := strings.CutPrefix(said, engine.ErrUnsubmittable.Error()+": ")
		switch {
		case why != "":
			if err := leavesOut(result); err != nil {
				t.Errorf("%s: is known to differ (%s): %v\n%s", result.Case, why, err, result.Diff)
			}
			t.Logf("differs: %s: %s", result.Case, why)
			total.Results[i].Status, total.Results[i].Messages = report.Skipped, []string{"differs: " + why}
		case result.Status == report.NotApplicable && unsubmittable:
			refused = append(refused, result.Case+": "+short(reason))
		case result.Status == report.Passed:
		case result.Status == report.NotApplicable, result.Status == report.Skipped:
			t.Logf("%s: %s: %s", result.Status, result.Case, said)
		default:
			t.Errorf("%s: %s\n%s\n%s", result.Status, result.Case, strings.Join(result.Messages, "\n"), result.Diff)
		}
	}
	t.Logf("%s: %+v in %s", total.Pipelines[0], total.Summary(), total.Duration.Round(time.Millisecond))
	if os.Getenv(runVariable) == "" {
		golden(t, strings.Join(refused, "\n")+"\n")
	}
}

// short is a reason on one line that is fit to be read. Whole objects that the
// server repeats are cut off.
func short(reason string) string {
	reason = strings.ReplaceAll(reason, "\n", " ")
	if runes := []rune(reason); len(runes) > 160 {
		return string(runes[:160]) + "..."
	}
	return reason
}

// golden compares what the API server takes from nobody with what is known: a case
// that comes to it by mistake would prove nothing from then on.
func golden(t *testing.T, got string) {
	const file = "e2e/cases/testdata/unsubmittable.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: the cases that cannot be submitted are others; look at each, then run with -update:\n%s", file, udiff.Unified("known", "found", string(want), got))
	}
}

// kinds are those that cases are about and that no API server has of itself: the
// ImageCaches of Alibaba Cloud's elastic containers, and a kind of somebody's that
// looks like a Deployment.
func kinds() []map[string]any {
	return []map[string]any{
		definition("eci.alibabacloud.com", "ImageCache", "imagecaches", "Cluster"),
		definition("apps.example.com", "Deployment", "deployments", "Namespaced"),
	}
}

func definition(group, kind, plural, scope string) map[string]any {
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": plural + "." + group},
		"spec": map[string]any{
			"group": group, "scope": scope,
			"names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind)},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}},
		},
	}
}
