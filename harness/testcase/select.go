package testcase

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/harness/engine"
)

// Select picks pipelines: by their own names, or every one whose engines are
// all among the names. No name picks the defaults. A name may ask for a version,
// kyverno@1.18 or kyverno@1.18->rego; each version asked for has columns of its own.
func Select(names []string) ([]Pipeline, error) {
	if len(names) == 0 {
		names = DefaultPipelines()
	}
	asked := make([]*request, len(names))
	for i, name := range names {
		var err error
		if asked[i], err = parseRequest(name); err != nil {
			return nil, err
		}
	}
	var picked []Pipeline
	pick := func(p Pipeline) {
		if !slices.Contains(picked, p) {
			picked = append(picked, p)
		}
	}
	for _, p := range Pipelines() {
		for _, r := range asked {
			if r.pipeline == p.Name {
				pick(p.at(r.mutate.Version, r.judge.Version))
				r.used = true
			}
		}
		if !slices.Contains(DefaultPipelines(), p.Name) {
			continue
		}
		for _, mutate := range asked {
			for _, judge := range asked {
				// Of one engine a cluster has one version.
				if mutate.engine() != p.Mutate || judge.engine() != p.Judge || p.Mutate == p.Judge && mutate.mutate != judge.mutate {
					continue
				}
				pick(p.at(mutate.mutate.Version, judge.mutate.Version))
				mutate.used, judge.used = true, true
			}
		}
	}
	for _, r := range asked {
		if !r.used {
			return nil, fmt.Errorf("engine %q: no pipeline is made of the engines named; name pipelines (%s) or engines that make one (reference, kyverno, kyverno-cel, kubernetes, rego, gatekeeper)",
				r.text, strings.Join(pipelineNames(Pipelines()), ", "))
		}
	}
	return picked, nil
}

// Engines are those of pipelines, each once.
func Engines(pipelines []Pipeline) []engine.Ref {
	var all []engine.Ref
	for _, p := range pipelines {
		mutate, judge := p.Engines()
		for _, ref := range []engine.Ref{mutate, judge} {
			if !slices.Contains(all, ref) {
				all = append(all, ref)
			}
		}
	}
	return all
}

// A request is one name that a user gave, taken apart.
type request struct {
	text string
	// pipeline is the name of the pipeline that is asked for, without versions; empty:
	// an engine is.
	pipeline string
	// mutate and judge are the pipeline's halves, or both the engine.
	mutate, judge engine.Ref
	used          bool
}

// engine is the name of the engine that is asked for; empty: a pipeline is.
func (r *request) engine() string {
	if r.pipeline != "" && r.pipeline != r.mutate.Name {
		return ""
	}
	return r.mutate.Name
}

func parseRequest(text string) (*request, error) {
	first, second, both := strings.Cut(text, "->")
	mutate, err := engine.ParseRef(first)
	if err != nil {
		return nil, err
	}
	r := &request{text: text, mutate: mutate, judge: mutate}
	if both {
		if r.judge, err = engine.ParseRef(second); err != nil {
			return nil, err
		}
	}
	for _, half := range []engine.Ref{r.mutate, r.judge} {
		if half.Name == "reference" && half.Version != "" {
			return nil, fmt.Errorf("engine %q: the reference is gen's own and has no versions; name it without one", text)
		}
	}
	switch {
	case both:
		r.pipeline = r.mutate.Name + "->" + r.judge.Name
	case pipelineNamed(mutate.Name) != nil:
		r.pipeline = mutate.Name
	}
	if p := pipelineNamed(r.pipeline); p != nil && p.Mutate == p.Judge && r.mutate.Version != r.judge.Version {
		return nil, fmt.Errorf("engine %q: of %s a cluster has one version; name the same one twice", text, p.Mutate)
	}
	return r, nil
}

// Through is what gen admit's --engine names: a pipeline, two engines as
// mutator->judge, or one engine, which is both. rego and gatekeeper judge alone:
// mutate is then empty. Whether there are such engines is not looked at.
func Through(text string) (mutate, judge engine.Ref, err error) {
	r, err := parseRequest(text)
	if err != nil {
		return mutate, judge, fmt.Errorf("--engine: %w", err)
	}
	mutate, judge = r.mutate, r.judge
	if p := pipelineNamed(r.pipeline); p != nil {
		mutate, judge = p.at(mutate.Version, judge.Version).Engines()
	}
	if mutate.Name == "rego" || mutate.Name == "gatekeeper" {
		if r.pipeline != "" {
			return mutate, judge, fmt.Errorf("--engine %q: %q does not mutate; reference, kyverno, kyverno-cel and kubernetes do", text, mutate)
		}
		mutate = engine.Ref{}
	}
	return mutate, judge, nil
}
