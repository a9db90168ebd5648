package testcase

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/workload"
)

// A Pipeline is a column: one engine mutates, one judges what came of it, as a
// cluster's admission does.
type Pipeline struct {
	// Name is "mutator->judge", or the one engine's name where both are the
	// reference.
	Name string
	// Mutate and Judge are engine names.
	Mutate, Judge string
}

// Pipelines are the columns, in their order.
func Pipelines() []Pipeline {
	return []Pipeline{
		{"reference", "reference", "reference"},
		{"kyverno->rego", "kyverno", "rego"},
		{"kyverno->kyverno", "kyverno", "kyverno"},
		{"kyverno->gatekeeper", "kyverno", "gatekeeper"},
		{"reference->gatekeeper", "reference", "gatekeeper"},
	}
}

// DefaultPipelines are run where none is named. kyverno->gatekeeper is left
// out: its two halves are proven against each other's partners already. Policies
// that were built are run in every pipeline instead, as they may hold no partner.
func DefaultPipelines() []string {
	return []string{"reference", "kyverno->rego", "kyverno->kyverno", "reference->gatekeeper"}
}

// Select picks pipelines: by their own names, or every one whose engines are
// all among the names. No name picks the defaults.
func Select(names []string) ([]Pipeline, error) {
	if len(names) == 0 {
		names = DefaultPipelines()
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	used := map[string]bool{}
	var picked []Pipeline
	for _, p := range Pipelines() {
		byEngines := wanted[p.Mutate] && wanted[p.Judge] && p.Name != "kyverno->gatekeeper"
		if wanted[p.Name] || byEngines {
			picked = append(picked, p)
			used[p.Name] = true
			if byEngines {
				used[p.Mutate], used[p.Judge] = true, true
			}
		}
	}
	for _, name := range names {
		if !used[name] {
			return nil, fmt.Errorf("engine %q: no pipeline is made of the engines named; name pipelines (%s) or engines that make one (reference, kyverno, rego, gatekeeper)",
				name, strings.Join(pipelineNames(Pipelines()), ", "))
		}
	}
	return picked, nil
}

func pipelineNames(pipelines []Pipeline) []string {
	names := make([]string, len(pipelines))
	for i, p := range pipelines {
		names[i] = p.Name
	}
	return names
}

// skipReason finds the case's reason for leaving a pipeline out, by the
// pipeline's name or either engine's.
func (p Pipeline) skipReason(c *Case) (string, bool) {
	for _, name := range []string{p.Name, p.Mutate, p.Judge} {
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
	if p.Judge == "kyverno" {
		for _, object := range c.Objects {
			if _, isPod, ok := workload.PodTemplate(object); ok && !isPod {
				return "kyverno's policies look at Pods; workload templates are judged by gatekeeper and rego"
			}
		}
	}
	return ""
}
