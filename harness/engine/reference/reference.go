// Package reference runs plans themselves as an engine: the pure-Go meaning of
// a MirrorSet, to which the generated policies are held.
package reference

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// Name is the engine's name.
const Name = "reference"

// Engine runs the plans it was made with; the files it is asked to load are
// what the same plans were rendered to and are not read.
type Engine struct{ plans []*mirror.Plan }

// New makes an engine of plans, which are run in the order of their names.
func New(plans ...*mirror.Plan) *Engine {
	sorted := append([]*mirror.Plan(nil), plans...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	return &Engine{plans: sorted}
}

// Name is "reference".
func (*Engine) Name() string { return Name }

// Load refuses an engine without plans: nothing to judge by is not a pass.
func (e *Engine) Load(context.Context, []artifact.File) (engine.Session, error) {
	if len(e.plans) == 0 {
		return nil, fmt.Errorf("%s: no plan to run", Name)
	}
	return session{e.plans}, nil
}

// Close has nothing to give back.
func (*Engine) Close() error { return nil }

type session struct{ plans []*mirror.Plan }

func (session) Close() error { return nil }

// Rules are "set/rewrite" and "set/constraint".
func (s session) Rules() []string {
	var rules []string
	for _, p := range s.plans {
		rules = append(rules, p.Name+"/rewrite", p.Name+"/constraint")
	}
	sort.Strings(rules)
	return rules
}

// Admit rewrites and judges.
func (s session) Admit(_ context.Context, request engine.Request) (engine.Outcome, error) {
	outcome := engine.Outcome{Allowed: true, Object: request.Object}
	if err := request.Validate(); err != nil {
		return engine.Outcome{}, err
	}
	if !concerned(request) {
		return outcome, nil
	}
	namespace := workload.Namespace(request.Object)
	matched, fired := map[string]bool{}, map[string]bool{}
	var inScope []*mirror.Plan
	for _, p := range s.plans {
		in, err := p.Scope.Covers(namespace, request.NamespaceLabels)
		if err != nil {
			return engine.Outcome{}, err
		}
		if in {
			inScope = append(inScope, p)
		}
	}
	if request.Runs(engine.Mutate) {
		for _, p := range inScope {
			rewritten, matches := rewrite(p, outcome.Object, request.OldObject)
			if matches {
				matched[p.Name+"/rewrite"] = true
			}
			if rewritten != nil {
				outcome.Object = rewritten
				fired[p.Name+"/rewrite"] = true
			}
		}
	}
	if request.Runs(engine.Validate) {
		for _, p := range inScope {
			findings, matches := judge(p, outcome.Object, request.OldObject)
			if matches {
				matched[p.Name+"/constraint"] = true
			}
			for _, f := range findings {
				fired[p.Name+"/constraint"] = true
				enforce(p.Enforcement, f, &outcome)
			}
		}
	}
	outcome.Matched, outcome.Fired = slices.Sorted(maps.Keys(matched)), slices.Sorted(maps.Keys(fired))
	return outcome, nil
}

// concerned reports whether a plan has anything to say of such a request, the
// namespace aside.
func concerned(request engine.Request) bool {
	switch request.Operation {
	case "", engine.Create, engine.Update:
	default:
		return false
	}
	if request.SubResource != "" && request.SubResource != "ephemeralcontainers" {
		return false
	}
	template, _, ok := workload.PodTemplate(request.Object)
	return ok && !workload.IsStaticPodMirror(template)
}

// enforce puts a finding where the enforcement says.
func enforce(enforcement string, f placed, outcome *engine.Outcome) {
	switch {
	case enforcement == "dryrun":
		outcome.Recorded = append(outcome.Recorded, f.message)
	case enforcement == "warn" || f.warning:
		outcome.Warnings = append(outcome.Warnings, f.message)
	default:
		outcome.Allowed = false
		outcome.Messages = append(outcome.Messages, f.message)
	}
}

// images lists what of a Pod spec a request is about: everything, or on an
// UPDATE of a Pod what differs.
func images(template map[string]any, oldObject map[string]any) []workload.Image {
	spec, _ := template["spec"].(map[string]any)
	if oldObject == nil {
		return workload.Images(spec)
	}
	old, _, _ := workload.PodTemplate(oldObject)
	oldSpec, _ := old["spec"].(map[string]any)
	return workload.Changed(spec, oldSpec)
}

// count counts images, and the characters of them together.
func count(images []workload.Image) (references, characters int) {
	for _, image := range images {
		characters += utf8.RuneCountInString(image.Text)
	}
	return len(images), characters
}

// rewrite returns the object with the Pod's images rewritten, nil where none
// is; matches is false where the plan's scope leaves the object out.
func rewrite(p *mirror.Plan, object, oldObject map[string]any) (rewritten map[string]any, matches bool) {
	template, isPod, _ := workload.PodTemplate(object)
	if !isPod || !p.Scope.PodSelector.Matches(workload.Labels(template)) {
		return nil, false
	}
	concerned := images(template, oldObject)
	if _, excess := p.JudgeExcess(count(concerned)); excess {
		// Refused by the constraint; no engine has to be able to rewrite it.
		return nil, true
	}
	changes := false
	for _, image := range concerned {
		if image.Present && p.Rewrite(image.Text).Status == mirror.Rewritten {
			changes = true
			break
		}
	}
	if !changes {
		return nil, true
	}
	rewritten = clone(object)
	for _, image := range images(rewritten, oldObject) {
		if !image.Present {
			continue
		}
		if d := p.Rewrite(image.Text); d.Status == mirror.Rewritten {
			image.Set(d.Image)
		}
	}
	return rewritten, true
}

// A placed finding is a finding with the place in front of its message.
type placed struct {
	message string
	warning bool
}

// judge returns what the constraint finds; matches is false where the plan's
// scope leaves the object out.
func judge(p *mirror.Plan, object, oldObject map[string]any) (findings []placed, matches bool) {
	template, isPod, _ := workload.PodTemplate(object)
	optedOut := !p.Scope.PodSelector.Matches(workload.Labels(template))
	if optedOut && p.HonourPodSelector {
		return nil, false
	}
	view := mirror.AsAdmitted
	switch {
	case !isPod && optedOut:
		view = mirror.AsOptedOutTemplate
	case !isPod:
		view = mirror.AsTemplate
	}
	if !isPod {
		// A template is judged whole: changing it makes new Pods.
		oldObject = nil
	}
	judged := images(template, oldObject)
	if finding, excess := p.JudgeExcess(count(judged)); excess {
		return []placed{{finding.Message, false}}, true
	}
	for _, image := range judged {
		finding, found := mirror.JudgeMissing(), true
		if image.Present {
			finding, found = p.Judge(image.Text, view)
		}
		if found {
			findings = append(findings, placed{image.Place() + ": " + finding.Message, finding.Warning})
		}
	}
	return findings, true
}

// clone copies maps and lists, so that a request's object stays as it was.
func clone(object map[string]any) map[string]any { return cloneValue(object).(map[string]any) }

func cloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = cloneValue(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cloneValue(item)
		}
		return out
	}
	return value
}
