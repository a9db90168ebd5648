package agreement

import (
	"context"
	"os"
	"path"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

const casesFolder = "../../testcases"

// without is an engine that is given all files but those whose name ends so.
type without struct {
	engine.Engine
	suffix string
}

func (w without) Load(ctx context.Context, files []artifact.File) (engine.Session, error) {
	var kept []artifact.File
	for _, file := range files {
		if !strings.HasSuffix(path.Base(file.Path), w.suffix) {
			kept = append(kept, file)
		}
	}
	return w.Engine.Load(ctx, kept)
}

// factories are the engines at hand, each without the files of one suffix; an
// empty suffix keeps all.
func factories(t *testing.T, suffix string) map[string]testcase.Factory {
	t.Helper()
	fixed := func(e engine.Engine) testcase.Factory {
		return func([]*mirror.Plan) (engine.Engine, error) {
			if suffix == "" {
				return e, nil
			}
			return without{e, suffix}, nil
		}
	}
	all := map[string]testcase.Factory{
		"reference":  func(plans []*mirror.Plan) (engine.Engine, error) { return reference.New(plans...), nil },
		"rego":       fixed(opa.NewRego()),
		"gatekeeper": fixed(opa.NewGatekeeper()),
	}
	for _, p := range programs() {
		if e := p.process(t); e != nil {
			all[p.name] = fixed(e)
		}
	}
	return all
}

func runCases(t *testing.T, suffix string, pipelines ...testcase.Pipeline) *report.Report {
	t.Helper()
	folders, err := testcase.Find([]string{casesFolder})
	if err != nil {
		t.Fatal(err)
	}
	found, err := testcase.Run(t.Context(), folders, testcase.Options{Engines: factories(t, suffix), Pipelines: pipelines, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	pureGo     = testcase.Pipeline{Name: "reference", Mutate: "reference", Judge: "reference"}
	rego       = testcase.Pipeline{Name: "reference->rego", Mutate: "reference", Judge: "rego"}
	gatekeeper = testcase.Pipeline{Name: "reference->gatekeeper", Mutate: "reference", Judge: "gatekeeper"}
)

// atHand are the pipelines of the programs whose variables are set: each engine
// mutates and judges.
func atHand() []testcase.Pipeline {
	var pipelines []testcase.Pipeline
	for _, p := range programs() {
		if os.Getenv(p.variable) != "" {
			pipelines = append(pipelines, testcase.Pipeline{Name: p.name + "->" + p.name, Mutate: p.name, Judge: p.name})
		}
	}
	return pipelines
}

// TestEveryCaseHolds runs all cases in the pipelines whose engines are at hand.
func TestEveryCaseHolds(t *testing.T) {
	pipelines := append([]testcase.Pipeline{pureGo, rego, gatekeeper}, atHand()...)
	found := runCases(t, "", pipelines...)
	if s := found.Summary(); s.Passed < 450 {
		t.Errorf("only %d passed: the cases are not what they were", s.Passed)
	}
	for _, result := range found.Results {
		if result.Status == report.Failed || result.Status == report.Broken {
			// Hand-written Kyverno policies run in Kyverno's pipeline alone.
			if strings.HasPrefix(result.Case, "upstream-sample-") || strings.HasPrefix(result.Case, "naive-patch-") {
				if os.Getenv(kyvernoVariable) == "" {
					continue
				}
			}
			t.Errorf("%s in %s: %v: %s\n%s", result.Case, result.Pipeline, result.Status, strings.Join(result.Messages, "\n"), result.Diff)
		}
	}
}

// TestEveryGeneratedPolicyIsNeeded deletes one kind of generated file at a time:
// at least one case has to turn red, or nothing would notice its absence.
func TestEveryGeneratedPolicyIsNeeded(t *testing.T) {
	rows := []struct {
		suffix   string
		pipeline testcase.Pipeline
	}{
		{"cn.yaml", gatekeeper},
		{"-templates.yaml", gatekeeper},
		{"-warnings.yaml", gatekeeper},
		{"-template-warnings.yaml", gatekeeper},
		{"expansion.yaml", gatekeeper},
		{"review.rego", rego},
		{"image.rego", rego},
		{"cn.yaml", rego},
	}
	for _, pipeline := range atHand() {
		suffixes := []string{"-rewrite.yaml", "-constraint.yaml", "-warnings.yaml", "-imagecache.yaml", "-service-accounts.yaml"}
		if pipeline.Mutate != "kubernetes" {
			suffixes = append(suffixes, "-pull-secrets.yaml", "-existing-accounts.yaml")
		}
		for _, suffix := range suffixes {
			rows = append(rows, struct {
				suffix   string
				pipeline testcase.Pipeline
			}{suffix, pipeline})
		}
	}
	for _, row := range rows {
		found := runCases(t, row.suffix, row.pipeline)
		if s := found.Summary(); s.Failed+s.Broken == 0 || found.ExitCode() == 0 {
			t.Errorf("%s without *%s: every case still passes", row.pipeline.Name, row.suffix)
		}
	}
}
