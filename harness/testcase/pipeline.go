package testcase

import (
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// A Pipeline is a column: one engine mutates, one judges what came of it, as a
// cluster's admission does.
type Pipeline struct {
	// Name is "mutator->judge", or the one engine's name where both are the
	// reference; with the versions that were asked for: "kyverno@1.18->rego".
	Name string
	// Mutate and Judge are engine names.
	Mutate, Judge string
	// MutateVersion and JudgeVersion are the minor versions of the two that were asked
	// for, such as 1.18. Unset: whichever is at hand.
	MutateVersion, JudgeVersion string
}

// Engines are the two engines, the one that mutates first.
func (p Pipeline) Engines() (mutate, judge engine.Ref) {
	return engine.Ref{Name: p.Mutate, Version: p.MutateVersion}, engine.Ref{Name: p.Judge, Version: p.JudgeVersion}
}

// at is the pipeline with versions of its engines; its name says them.
func (p Pipeline) at(mutate, judge string) Pipeline {
	p.MutateVersion, p.JudgeVersion = mutate, judge
	if first, second, both := strings.Cut(p.Name, "->"); both {
		p.Name = engine.Ref{Name: first, Version: mutate}.String() + "->" + engine.Ref{Name: second, Version: judge}.String()
	}
	return p
}

// unversioned is the pipeline's name without versions.
func (p Pipeline) unversioned() string { return versions.ReplaceAllString(p.Name, "") }

var versions = regexp.MustCompile(`@[0-9.]+`)

// Pipelines are the columns, in their order.
func Pipelines() []Pipeline {
	return []Pipeline{
		{Name: "reference", Mutate: "reference", Judge: "reference"},
		{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"},
		{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"},
		{Name: "mpol->vpol", Mutate: "kyverno-cel", Judge: "kyverno-cel"},
		{Name: "map->vap", Mutate: "kubernetes", Judge: "kubernetes"},
		{Name: "kyverno->gatekeeper", Mutate: "kyverno", Judge: "gatekeeper"},
		{Name: "mpol->gatekeeper", Mutate: "kyverno-cel", Judge: "gatekeeper"},
		{Name: "map->gatekeeper", Mutate: "kubernetes", Judge: "gatekeeper"},
		{Name: "reference->gatekeeper", Mutate: "reference", Judge: "gatekeeper"},
	}
}

// DefaultPipelines are run where none is named. Those of another engine and
// gatekeeper are left out: their two halves are proven against other partners
// already. Policies that were built are run in every pipeline instead, as they may
// hold no partner.
func DefaultPipelines() []string {
	return []string{"reference", "kyverno->rego", "kyverno->kyverno", "mpol->vpol", "map->vap", "reference->gatekeeper"}
}

// pipelineNamed is the pipeline of that name; nil where there is none.
func pipelineNamed(name string) *Pipeline {
	for _, p := range Pipelines() {
		if p.Name == name {
			return &p
		}
	}
	return nil
}

func pipelineNames(pipelines []Pipeline) []string {
	names := make([]string, len(pipelines))
	for i, p := range pipelines {
		names[i] = p.Name
	}
	return names
}

// skipReason finds the case's reason for leaving a pipeline out, by the
// pipeline's name or either engine's, with its version or without.
func (p Pipeline) skipReason(c *Case) (string, bool) {
	mutate, judge := p.Engines()
	for _, name := range []string{p.Name, p.unversioned(), mutate.String(), judge.String(), p.Mutate, p.Judge} {
		if reason, ok := c.Skip[name]; ok {
			return reason, true
		}
	}
	return "", false
}

// notApplicable says why a pipeline cannot do what the case is about; empty
// where it can.
func (p Pipeline) notApplicable(c *Case) string {
	if len(c.Policies) > 0 {
		if p.Mutate == "reference" || p.Judge == "reference" {
			return "hand-written policies have no reference"
		}
		return ""
	}
	for _, object := range c.Objects {
		if reason := passesOver(p.Judge, object); reason != "" {
			return reason
		}
	}
	if p.Mutate == "kubernetes" && c.Cluster != nil {
		return "an API server clones no Secrets and changes nothing that is stored"
	}
	return ""
}

// passesOver says why the policies that are generated for an engine do not look at
// an object that holds images; empty where they do.
func passesOver(judge string, object map[string]any) string {
	if _, isPod, ok := workload.PodTemplate(object); !ok || isPod || !slices.Contains(generator.Rewriters(), judge) {
		return ""
	}
	return judge + "'s policies look at Pods; workload templates are judged by gatekeeper and rego"
}
