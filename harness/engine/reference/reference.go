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

// Rules are "set/rewrite" and "set/constraint", and for what a set has beside
// them "set/image-caches", "set/pull-secrets" and "set/service-accounts".
func (s session) Rules() []string {
	var rules []string
	for _, p := range s.plans {
		rules = append(rules, p.Name+"/rewrite", p.Name+"/constraint")
		if hasImageCaches(p) {
			rules = append(rules, p.Name+"/image-caches")
		}
		if len(p.PullSecrets) > 0 {
			rules = append(rules, p.Name+"/pull-secrets")
		}
		if len(serviceAccounts(p)) > 0 {
			rules = append(rules, p.Name+"/service-accounts")
		}
	}
	sort.Strings(rules)
	return rules
}

// Admit runs the phases that are asked for, plan by plan.
func (s session) Admit(_ context.Context, request engine.Request) (engine.Outcome, error) {
	if err := request.Validate(); err != nil {
		return engine.Outcome{}, err
	}
	run := &run{request: request, matched: map[string]bool{}, fired: map[string]bool{}}
	run.outcome = engine.Outcome{Allowed: true, Object: request.Object}
	var err error
	switch {
	case request.Operation == engine.Delete || request.Operation == engine.Connect:
	case concerned(request):
		err = run.pod(s.plans)
	case request.SubResource == "" && request.Operation != engine.Existing:
		err = run.other(s.plans)
	}
	if err == nil && request.Runs(engine.Background) {
		err = run.background(s.plans)
	}
	if err != nil {
		return engine.Outcome{}, err
	}
	run.outcome.Matched, run.outcome.Fired = slices.Sorted(maps.Keys(run.matched)), slices.Sorted(maps.Keys(run.fired))
	return run.outcome, nil
}

// A run is one request on its way through the plans.
type run struct {
	request        engine.Request
	outcome        engine.Outcome
	matched, fired map[string]bool
}

// note records that a rule looked at the object and, where it acted, that it did.
func (r *run) note(rule string, acted bool) {
	r.matched[rule] = true
	if acted {
		r.fired[rule] = true
	}
}

// inScope are the plans whose scope covers the request's namespace.
func (r *run) inScope(plans []*mirror.Plan) ([]*mirror.Plan, error) {
	namespace := workload.Namespace(r.request.Object)
	var in []*mirror.Plan
	for _, p := range plans {
		covers, err := p.Scope.Covers(namespace, r.request.NamespaceLabels)
		if err != nil {
			return nil, err
		}
		if covers {
			in = append(in, p)
		}
	}
	return in, nil
}

// pod rewrites and judges a Pod, or judges a workload's template.
func (r *run) pod(plans []*mirror.Plan) error {
	plans, err := r.inScope(plans)
	if err != nil {
		return err
	}
	if r.request.Runs(engine.Mutate) {
		for _, p := range plans {
			mutated, matches := mutate(p, r.outcome.Object, r.request.OldObject)
			if matches {
				r.note(p.Name+"/rewrite", mutated != nil)
			}
			if mutated != nil {
				r.outcome.Object = mutated
			}
		}
	}
	if r.request.Runs(engine.Validate) {
		for _, p := range plans {
			findings, matches := judge(p, r.outcome.Object, r.request.OldObject)
			if matches {
				r.note(p.Name+"/constraint", len(findings) > 0)
			}
			for _, f := range findings {
				enforce(p.Enforcement, f, &r.outcome)
			}
		}
	}
	return nil
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

// mutate returns the object as the plan wants it, nil where it is so already;
// matches is false where the plan's scope leaves the object out.
func mutate(p *mirror.Plan, object, oldObject map[string]any) (mutated map[string]any, matches bool) {
	template, isPod, _ := workload.PodTemplate(object)
	if !isPod || !p.Scope.PodSelector.Matches(workload.Labels(template)) {
		return nil, false
	}
	concerned := images(template, oldObject)
	if _, excess := p.JudgeExcess(count(concerned)); excess {
		// Refused by the constraint; no engine has to be able to rewrite it.
		return nil, true
	}
	mutated = rewrite(p, object, oldObject, concerned)
	if oldObject != nil {
		return mutated, true
	}
	if mutated == nil {
		return equip(p, object), true
	}
	if equipped := equip(p, mutated); equipped != nil {
		mutated = equipped
	}
	return mutated, true
}

// rewrite returns the object with the Pod's images rewritten, nil where none is.
func rewrite(p *mirror.Plan, object, oldObject map[string]any, concerned []workload.Image) map[string]any {
	changes := false
	for _, image := range concerned {
		if image.Present && p.Rewrite(image.Text).Status == mirror.Rewritten {
			changes = true
			break
		}
	}
	if !changes {
		return nil
	}
	rewritten := clone(object)
	for _, image := range images(rewritten, oldObject) {
		if !image.Present {
			continue
		}
		if d := p.Rewrite(image.Text); d.Status == mirror.Rewritten {
			image.Set(d.Image)
		}
	}
	return rewritten
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
		findings = []placed{{finding.Message, false}}
		judged = nil
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
	if isPod {
		findings = append(findings, judgeNeeds(p, template, oldObject != nil, judged)...)
	}
	return findings, true
}
