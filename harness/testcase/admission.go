package testcase

import (
	"context"
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// An Admission runs objects through a pipeline, or one engine, outside of any case.
type Admission struct {
	sessions       *sessions
	mutator, judge engine.Session
	judgedBy       string // the judge's engine, without its version
	// one: a single engine mutates and judges, in one request.
	one bool
}

// OpenAdmission loads policies. through is a pipeline's name, or an engine's:
// rego and gatekeeper judge, the others mutate and judge. Either may ask for
// versions; factories then has an entry for each of them, such as kyverno@1.18.
func OpenAdmission(ctx context.Context, set *PolicySet, factories map[string]Factory, through string) (*Admission, error) {
	mutate, judge, err := Through(through)
	if err != nil {
		return nil, err
	}
	a := &Admission{sessions: newSessions(factories), one: mutate == judge, judgedBy: judge.Name}
	load := func(of engine.Ref) (engine.Session, error) {
		if _, known := factories[of.String()]; !known {
			return nil, fmt.Errorf("--engine %q: must be an engine (%s) or two of them as mutator->judge", through, strings.Join(sortedKeys(factories), ", "))
		}
		if !set.has(of.Name) {
			return nil, fmt.Errorf("%s: holds nothing that %s runs", set.Name, of.Name)
		}
		if _, err := set.needs(of); err != nil {
			return nil, err
		}
		session, err := a.sessions.session(ctx, of, set)
		if err != nil {
			return nil, named(of, err)
		}
		return session, nil
	}
	if mutate.Name != "" {
		if a.mutator, err = load(mutate); err != nil {
			return nil, err
		}
	}
	if a.judge, err = load(judge); err != nil {
		return nil, err
	}
	return a, nil
}

// Close ends the engines.
func (a *Admission) Close() error { return a.sessions.close() }

// A Verdict is what came of one object.
type Verdict struct {
	engine.Outcome
	// Changes says which images became which, in the order of the Pod's lists.
	Changes []string
	// Edits are the changes as edits of the object, where nothing but images
	// changed; nil otherwise.
	Edits []document.Edit
	// PassedOver says why no policy judged an object that makes Pods; empty where
	// one did, and of any other object. In a cluster its Pods are judged when they
	// are made.
	PassedOver string
}

// Admit submits an object as a CREATE.
func (a *Admission) Admit(ctx context.Context, object map[string]any, namespaceLabels map[string]string) (Verdict, error) {
	request := engine.Request{Object: object, Operation: engine.Create, NamespaceLabels: namespaceLabels}
	var verdict Verdict
	switch {
	case a.mutator == nil:
		request.Phases = []engine.Phase{engine.Validate}
		outcome, err := a.judge.Admit(ctx, request)
		if err != nil {
			return verdict, err
		}
		verdict.Outcome = outcome
	case a.one:
		outcome, err := a.judge.Admit(ctx, request)
		if err != nil {
			return verdict, err
		}
		verdict.Outcome = outcome
	default:
		s, err := admitOne(ctx, a.mutator, a.judge, request)
		if err != nil {
			return verdict, err
		}
		verdict.Outcome = s.mutated
		if s.mutated.Allowed {
			verdict.Outcome = s.judged
			verdict.Object = s.mutated.Object
			verdict.Warnings = append(append([]string(nil), s.mutated.Warnings...), s.judged.Warnings...)
		}
	}
	verdict.Changes, verdict.Edits = changes(object, verdict.Object)
	if len(verdict.Matched) == 0 {
		verdict.PassedOver = passesOver(a.judgedBy, object)
	}
	return verdict, nil
}

// changes says what became of each image, or which fields changed where a
// policy changes something else; edits only where it does not.
func changes(before, after map[string]any) (said []string, edits []document.Edit) {
	if equal(before, after) {
		return nil, nil
	}
	paths := changedPaths(before, after, "")
	for _, path := range paths {
		if !strings.HasSuffix(path, "].image") && !strings.HasSuffix(path, "].image.reference") {
			said = append(said, path)
		}
	}
	onlyImages := len(said) == 0
	was, is := podImages(before), podImages(after)
	for i := range was {
		if i < len(is) && was[i].Text != is[i].Text {
			said = append(said, was[i].Place()+": "+mirror.Show(was[i].Text)+" -> "+mirror.Show(is[i].Text))
			edits = append(edits, document.Edit{Path: was[i].Path(), Old: was[i].Text, New: is[i].Text})
		}
	}
	if _, isPod, ok := workload.PodTemplate(before); !onlyImages || !ok || !isPod || len(edits) != len(paths) {
		edits = nil
	}
	if len(said) == 0 {
		return paths, nil
	}
	return said, edits
}

func podImages(object map[string]any) []workload.Image {
	template, _, _ := workload.PodTemplate(object)
	spec, _ := template["spec"].(map[string]any)
	return workload.Images(spec)
}
