package testcase

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/report"
)

// Options say how cases are run.
type Options struct {
	// Engines makes the engines by name. An engine that a pipeline needs and
	// that is missing here is a usage error.
	Engines map[string]Factory
	// Pipelines are the columns; never empty.
	Pipelines []Pipeline
	// Name limits the run to cases whose folder it matches; nil: all.
	Name *regexp.Regexp
	// Workers is how many cases run at once; less than 1 reads as 1.
	Workers int
	// Policies replaces what every case with a spec is run against, as built
	// from an overlay; nil: each case's own.
	Policies *PolicySet
	// Update writes the wants from what the first pipeline that can run says.
	Update bool
	// Coverage makes a rule that never fired a finding that fails the run.
	Coverage bool
	// Restricted says that Pipelines are fewer than a case is meant for: one that
	// none of them can run is then not applicable rather than a case that proves
	// nothing.
	Restricted bool
	// InCluster says that the engines are clusters: one request mutates and judges,
	// which rules looked at an object is not told, and what the API server refuses
	// of itself is not applicable.
	InCluster bool
	// Done is called after each result, from several goroutines; nil: nothing.
	Done func()
}

// Run runs the cases in folders. The error is for what keeps the whole run from
// happening; whatever is wrong with one case or engine is a result.
func Run(ctx context.Context, folders []string, options Options) (*report.Report, error) {
	start := time.Now()
	var chosen []string
	for _, folder := range folders {
		if options.Name == nil || options.Name.MatchString(folder) {
			chosen = append(chosen, folder)
		}
	}
	if len(chosen) == 0 {
		if options.Name != nil {
			return nil, fmt.Errorf("--run %q: matches none of %d test cases; nothing was tested", options.Name, len(folders))
		}
		return nil, errors.New("no test case found; nothing was tested")
	}
	r := &runner{Options: options, sessions: newSessions(options.Engines), counts: map[ruleKey]*report.RuleCount{}}
	out := &report.Report{Pipelines: pipelineNames(options.Pipelines)}

	work := make(chan string)
	var results sync.Mutex
	var workers sync.WaitGroup
	for range max(1, options.Workers) {
		workers.Go(func() {
			for folder := range work {
				found := r.runCase(ctx, folder)
				results.Lock()
				out.Results = append(out.Results, found...)
				results.Unlock()
			}
		})
	}
	for _, folder := range chosen {
		work <- folder
	}
	close(work)
	workers.Wait()

	if err := ctx.Err(); err != nil {
		// What was cut off is no finding about any case.
		return nil, errors.Join(fmt.Errorf("the run was cut off after %d passed: %w", out.Summary().Passed, err), r.sessions.close())
	}
	if r.absent != nil {
		// Said once, not once for each case.
		return nil, errors.Join(r.absent, r.sessions.close())
	}
	out.Rules = r.ruleCounts()
	out.Sort()
	if options.Coverage {
		out.Findings = out.Unproven()
	}
	out.Duration = time.Since(start)
	// An engine that does not end as it should has said nothing wrong before.
	_ = r.sessions.close()
	return out, nil
}

type runner struct {
	Options
	sessions *sessions

	mu     sync.Mutex
	counts map[ruleKey]*report.RuleCount
	// absent is the engine that is not installed, of several that of the first
	// pipeline, the one at absentAt; nil: none.
	absent   error
	absentAt int
}

// isAbsent notes an engine that is not installed.
func (r *runner) isAbsent(p Pipeline, err error) {
	at := slices.Index(r.Pipelines, p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.absent == nil || at < r.absentAt {
		r.absent, r.absentAt = err, at
	}
}

type ruleKey struct{ engine, policies, rule string }

// runCase runs one case in every pipeline. What happens to a case is always at
// least one result.
func (r *runner) runCase(ctx context.Context, folder string) []report.Result {
	c, err := Load(folder, r.Update)
	if err != nil {
		return []report.Result{{Case: c.Name, Why: c.Why, Folder: c.Folder, File: c.file(caseFile), Status: report.Broken, Messages: splitLines(err.Error())}}
	}
	set, err := r.sessions.set(c)
	if err != nil {
		file := c.Spec
		if file == "" {
			file = c.file(caseFile)
		}
		return []report.Result{{Case: c.Name, Why: c.Why, Folder: c.Folder, File: file, Status: report.Broken, Messages: splitLines(err.Error())}}
	}
	if r.Policies != nil {
		if reason := r.Policies.notFor(set); reason != "" {
			return r.notApplicable(c, reason)
		}
		set = r.Policies
	}
	if r.Update {
		if err := r.update(ctx, c, set); err != nil {
			return []report.Result{{Case: c.Name, Why: c.Why, Folder: c.Folder, File: c.file(caseFile), Status: report.Broken, Messages: splitLines(err.Error())}}
		}
	}
	var results []report.Result
	ran := false
	for _, p := range r.Pipelines {
		began := time.Now()
		result := r.runPipeline(ctx, c, set, p)
		result.Duration = time.Since(began)
		ran = ran || result.Status != report.Skipped && result.Status != report.NotApplicable
		results = append(results, result)
		if r.Done != nil {
			r.Done()
		}
	}
	if !ran && !r.Restricted {
		results[0].Status = report.Failed
		results[0].Messages = []string{"no pipeline ran the case, so it proves nothing; " + strings.Join(results[0].Messages, "; ")}
	}
	return results
}

// notApplicable is a case that the policies at hand are not about.
func (r *runner) notApplicable(c *Case, reason string) []report.Result {
	var results []report.Result
	for _, p := range r.Pipelines {
		results = append(results, report.Result{Case: c.Name, Why: c.Why, Folder: c.Folder, File: c.file(caseFile), Pipeline: p.Name,
			Status: report.NotApplicable, Messages: []string{reason}})
	}
	return results
}

func (r *runner) runPipeline(ctx context.Context, c *Case, set *PolicySet, p Pipeline) report.Result {
	result := report.Result{Case: c.Name, Why: c.Why, Folder: c.Folder, File: c.file(caseFile), Pipeline: p.Name}
	broken := func(err error) report.Result {
		result.Status = report.Broken
		result.Messages = splitLines(err.Error())
		return result
	}
	if reason, skip := p.skipReason(c); skip {
		result.Status, result.Messages = report.Skipped, []string{reason}
		return result
	}
	if reason := p.notApplicable(c); reason != "" {
		result.Status, result.Messages = report.NotApplicable, []string{reason}
		return result
	}
	for _, name := range []string{p.Mutate, p.Judge} {
		if _, ok := set.Files[name]; !ok {
			result.Status, result.Messages = report.NotApplicable, []string{"the policies hold nothing for " + name}
			return result
		}
	}
	if set.OnlyRewrites[p.Judge] {
		result.Status, result.Messages = report.NotApplicable, []string{p.Judge + " only rewrites in these policies; gatekeeper judges"}
		return result
	}
	mutates, judges := p.Engines()
	for _, of := range []engine.Ref{mutates, judges} {
		if needs, err := set.needs(of); err != nil {
			result.Needs = needs
			return broken(err)
		}
	}
	got, err := r.admit(ctx, c, set, p)
	if r.InCluster && errors.Is(err, engine.ErrUnsubmittable) {
		result.Status, result.Messages = report.NotApplicable, splitLines(err.Error())
		return result
	}
	if errors.Is(err, engine.ErrAbsent) {
		r.isAbsent(p, err)
	}
	if err != nil {
		return broken(err)
	}
	result.Images = got.images
	problems, diffs, err := judge(c, set, got, !r.InCluster)
	if err != nil {
		return broken(err)
	}
	if len(problems) == 0 && len(diffs) == 0 {
		result.Status = report.Passed
		return result
	}
	result.Status = report.Failed
	result.Messages = problems
	for _, d := range diffs {
		result.Diff += d.text
		result.File, result.Line = c.file(d.file), 1
	}
	return result
}

// admitted is what a pipeline made of a case's objects, put together.
type admitted struct {
	allowed                      bool
	objects                      []map[string]any
	messages, warnings, recorded []string
	matched, fired               []string
	images                       []report.ImageVerdict
	// cluster is what became of the case's; nil where it has none.
	cluster []map[string]any
	// problems are what the harness itself finds wrong with the admission.
	problems []string
}

// admit sends a case's objects through a pipeline.
func (r *runner) admit(ctx context.Context, c *Case, set *PolicySet, p Pipeline) (*admitted, error) {
	mutates, judges := p.Engines()
	mutator, err := r.sessions.session(ctx, mutates, set)
	if err != nil {
		return nil, named(mutates, err)
	}
	judge, err := r.sessions.session(ctx, judges, set)
	if err != nil {
		return nil, named(judges, err)
	}
	all := &admitted{allowed: true, cluster: c.Cluster}
	for i, object := range c.Objects {
		request := c.Request(i)
		if c.Operation == engine.Existing {
			if err := r.background(ctx, p, set, mutator, request, all); err != nil {
				return nil, err
			}
			continue
		}
		admit := admitOne
		if r.InCluster {
			admit = admitWhole
		}
		outcome, err := admit(ctx, mutator, judge, request)
		if err != nil {
			return nil, err
		}
		r.count(mutates.String(), set, mutator, outcome.mutated)
		r.count(judges.String(), set, judge, outcome.judged)
		if c.Spec != "" {
			all.problems = append(all.problems, r.checkMutation(ctx, mutator, request, outcome.mutated.Object)...)
		}
		all.add(object, outcome)
		if c.Cluster != nil && outcome.allowed() && c.Operation != engine.Delete {
			request.Object = outcome.mutated.Object
			if err := r.background(ctx, p, set, mutator, request, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// named says whose error it is, where it does not say so itself.
func named(of engine.Ref, err error) error {
	if strings.HasPrefix(err.Error(), of.String()+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", of, err)
}

// background lets the mutating engine do what policies do after admission, to
// the cluster as the objects before left it.
func (r *runner) background(ctx context.Context, p Pipeline, set *PolicySet, session engine.Session, request engine.Request, all *admitted) error {
	request.Phases = []engine.Phase{engine.Background}
	request.Cluster = all.cluster
	mutates, _ := p.Engines()
	outcome, err := session.Admit(ctx, request)
	if err != nil {
		return fmt.Errorf("%s: %w", mutates, err)
	}
	if outcome.Cluster == nil {
		return fmt.Errorf("%s: does not run what policies do in the background of a cluster", mutates)
	}
	r.count(mutates.String(), set, session, outcome)
	all.cluster = outcome.Cluster
	all.warnings = append(all.warnings, outcome.Warnings...)
	all.matched = append(all.matched, outcome.Matched...)
	all.fired = append(all.fired, outcome.Fired...)
	return nil
}

// staged is one object's way through the two steps of a pipeline.
type staged struct{ mutated, judged engine.Outcome }

// allowed is whether both steps let the object in; the second is not asked
// where the first did not.
func (s staged) allowed() bool { return s.mutated.Allowed && s.judged.Allowed }

// admitOne mutates, then judges what came of it, as a cluster does.
func admitOne(ctx context.Context, mutator, judge engine.Session, request engine.Request) (staged, error) {
	var s staged
	var err error
	request.Phases = []engine.Phase{engine.Mutate}
	if s.mutated, err = mutator.Admit(ctx, request); err != nil {
		return s, err
	}
	if !s.mutated.Allowed {
		return s, nil
	}
	request.Phases = []engine.Phase{engine.Validate}
	request.Object = s.mutated.Object
	s.judged, err = judge.Admit(ctx, request)
	return s, err
}

// admitWhole is admitOne where one request does both, so that there is one outcome.
func admitWhole(ctx context.Context, cluster, _ engine.Session, request engine.Request) (staged, error) {
	outcome, err := cluster.Admit(ctx, request)
	return staged{mutated: outcome, judged: engine.Outcome{Allowed: true}}, err
}

func (a *admitted) add(submitted map[string]any, s staged) {
	object := submitted
	if s.mutated.Object != nil {
		object = s.mutated.Object
	}
	a.objects = append(a.objects, object)
	allowed := true
	for _, outcome := range []engine.Outcome{s.mutated, s.judged} {
		if reflect.DeepEqual(outcome, engine.Outcome{}) {
			// The judge is not asked where the mutation was refused.
			continue
		}
		allowed = allowed && outcome.Allowed
		a.messages = append(a.messages, outcome.Messages...)
		a.warnings = append(a.warnings, outcome.Warnings...)
		a.recorded = append(a.recorded, outcome.Recorded...)
		a.matched = append(a.matched, outcome.Matched...)
		a.fired = append(a.fired, outcome.Fired...)
	}
	a.allowed = a.allowed && allowed
	a.images = append(a.images, verdicts(submitted, object, allowed)...)
}

func verdicts(before, after map[string]any, allowed bool) []report.ImageVerdict {
	was, is := podImages(before), podImages(after)
	var out []report.ImageVerdict
	for i := range was {
		verdict := report.ImageVerdict{Before: was[i].Text, Allowed: allowed}
		if i < len(is) {
			verdict.After = is[i].Text
		}
		out = append(out, verdict)
	}
	return out
}

// count notes which rules looked at an object and which acted on it.
func (r *runner) count(name string, set *PolicySet, session engine.Session, outcome engine.Outcome) {
	if name == "reference" {
		// It has no generated rule that could go untested.
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range session.Rules() {
		key := ruleKey{name, set.Name, rule}
		if r.counts[key] == nil {
			r.counts[key] = &report.RuleCount{Engine: name, Policies: set.Name, Rule: rule, Role: set.role(rule)}
		}
	}
	for _, rule := range outcome.Matched {
		if n := r.counts[ruleKey{name, set.Name, rule}]; n != nil {
			n.Matched++
		}
	}
	for _, rule := range outcome.Fired {
		if n := r.counts[ruleKey{name, set.Name, rule}]; n != nil {
			n.Fired++
		}
	}
}

// ruleCounts are in no order; the report sorts them.
func (r *runner) ruleCounts() []report.RuleCount {
	out := make([]report.RuleCount, 0, len(r.counts))
	for _, n := range r.counts {
		out = append(out, *n)
	}
	return out
}

// A fileDiff is how an outcome differs from one wanted file.
type fileDiff struct{ file, text string }

// judge holds what a pipeline made of a case against what is wanted. told: the
// pipeline says which rules looked at the objects.
func judge(c *Case, set *PolicySet, got *admitted, told bool) (problems []string, diffs []fileDiff, err error) {
	problems = append(problems, got.problems...)
	switch {
	case !told:
	case len(got.matched) == 0 && !c.Unmatched:
		problems = append(problems, "no policy looked at the object, so the case proves nothing; if that is the claim, write unmatched: true")
	case len(got.matched) > 0 && c.Unmatched:
		problems = append(problems, "unmatched: true, but "+strings.Join(unique(got.matched), ", ")+" looked at the object")
	}
	compare := func(file string, want []Line, got []string) error {
		expanded, err := expandLines(want, set.Plans)
		if err != nil {
			return fmt.Errorf("%s: %w", c.file(file), err)
		}
		if diff := diffLines(file, expanded, got); diff != "" {
			diffs = append(diffs, fileDiff{file, diff})
		}
		return nil
	}
	if c.WantsDenial() {
		if got.allowed {
			problems = append(problems, "the object is admitted, wanted is that it is denied")
		}
		if err := compare(deniedFile, c.Denied, got.messages); err != nil {
			return nil, nil, err
		}
	} else {
		if !got.allowed {
			problems = append(problems, "the object is denied, wanted is that it is admitted:")
			problems = append(problems, got.messages...)
			if len(got.messages) == 0 {
				problems = append(problems, "(the engine gave no message)")
			}
		}
		want, err := expandObjects(c.Want, set.Plans)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.file(wantFile), err)
		}
		diff, err := diffObjects(wantFile, want, got.objects)
		if err != nil {
			return nil, nil, err
		}
		if diff != "" {
			diffs = append(diffs, fileDiff{wantFile, diff})
		}
	}
	if c.WantCluster != nil {
		want, err := expandObjects(c.WantCluster, set.Plans)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.file(leftFile), err)
		}
		diff, err := diffObjects(leftFile, want, got.cluster)
		if err != nil {
			return nil, nil, err
		}
		if diff != "" {
			diffs = append(diffs, fileDiff{leftFile, diff})
		}
	}
	if err := compare(warnedFile, c.Warned, got.warnings); err != nil {
		return nil, nil, err
	}
	if err := compare(recordedFile, c.Recorded, got.recorded); err != nil {
		return nil, nil, err
	}
	return problems, diffs, nil
}

func expandLines(lines []Line, plans []*mirror.Plan) ([]Line, error) {
	out := append([]Line(nil), lines...)
	for i, line := range out {
		if line.Pattern != nil {
			continue
		}
		text, err := expand(line.Text, plans)
		if err != nil {
			return nil, err
		}
		out[i].Text = text
	}
	return out, nil
}

func expandObjects(objects []map[string]any, plans []*mirror.Plan) ([]map[string]any, error) {
	out := make([]map[string]any, len(objects))
	for i, object := range objects {
		expanded, err := expandObject(object, plans)
		if err != nil {
			return nil, err
		}
		out[i] = expanded.(map[string]any)
	}
	return out, nil
}

func splitLines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

func unique(values []string) []string {
	set := map[string]bool{}
	for _, s := range values {
		set[s] = true
	}
	return sortedKeys(set)
}
