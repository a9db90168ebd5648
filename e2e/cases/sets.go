// Package cases runs the repository's test cases on a real API server: what each
// target generates is applied as a user applies it, and every case's object is
// submitted.
package cases

import (
	"context"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/generated"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

// A group is the cases that are run against the same policies.
type group struct {
	// spec is the MirrorSet's file; empty: the cases have policies of their own.
	spec     string
	policies []string
	folders  []string
	cases    []*testcase.Case
}

// name is for people.
func (g group) name() string {
	if g.spec == "" {
		return strings.Join(g.policies, ", ")
	}
	return g.spec
}

// set is what the group's cases are run against.
func (g group) set(targetName string) (*testcase.PolicySet, error) {
	if g.spec == "" {
		return testcase.HandWritten(g.policies)
	}
	return generated.Policies(g.spec, targetName)
}

// notApplicable are the group's cases, left out for a reason.
func (g group) notApplicable(p testcase.Pipeline, reason string) []report.Result {
	var all []report.Result
	for _, c := range g.cases {
		if slices.Contains(g.folders, c.Folder) {
			all = append(all, report.Result{Case: c.Name, Why: c.Why, Folder: c.Folder, Pipeline: p.Name, Status: report.NotApplicable, Messages: []string{reason}})
		}
	}
	return all
}

// instead is what the harness is to run in place of a case's own policies: nothing
// where they are the case's own.
func (g group) instead(set *testcase.PolicySet) *testcase.PolicySet {
	if g.spec == "" {
		return nil
	}
	return set
}

// asksRegistry reports whether policies look images up in their registries. There
// is none on loopback, and nothing else is ever asked.
func (g group) asksRegistry() (bool, error) {
	for _, name := range g.policies {
		text, err := os.ReadFile(name)
		if err != nil || strings.Contains(string(text), "imageRegistry") {
			return true, err
		}
	}
	return false, nil
}

// groups sorts the cases below a folder by their policies. Those about what
// controllers do after admission are left out: see background.
func groups(root string) ([]group, error) {
	folders, err := testcase.Find([]string{root})
	if err != nil {
		return nil, err
	}
	by := map[string]*group{}
	for _, folder := range folders {
		c, err := testcase.Load(folder, false)
		if err != nil {
			return nil, err
		}
		if c.Cluster != nil {
			continue
		}
		key := c.Spec + " " + strings.Join(c.Policies, " ")
		if by[key] == nil {
			by[key] = &group{spec: c.Spec, policies: c.Policies}
		}
		by[key].folders = append(by[key].folders, folder)
		by[key].cases = append(by[key].cases, c)
	}
	var all []group
	for _, key := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[key])
	}
	return all, nil
}

// reachesSystem reports whether a set's policies cover kube-system.
func reachesSystem(set *testcase.PolicySet) bool {
	return len(set.Plans) > 0 && slices.ContainsFunc(set.Plans, func(plan *mirror.Plan) bool { return !slices.Contains(plan.Scope.ExcludeNamespaces, "kube-system") })
}

// reachSystem makes Kyverno look at kube-system and its own namespace, which its
// default installation leaves out of its webhooks and of all it does.
func reachSystem(ctx context.Context, s *stack.Stack) (restore func(context.Context) error, err error) {
	return s.Settings(ctx, map[string]any{"webhooks": "{}", "resourceFilters": "[Event,*,*]"})
}

// canaries are the requests of a group that show when the policies are in force:
// those whose object is changed, refused, warned of or recorded. Only kinds that
// policies of every target look at are taken.
func (g group) canaries(p testcase.Pipeline) []cluster.Canary {
	var all []cluster.Canary
	for _, c := range g.cases {
		skipped := false
		for _, name := range []string{p.Name, p.Mutate, p.Judge} {
			_, named := c.Skip[name]
			skipped = skipped || named
		}
		if skipped {
			continue
		}
		for i, object := range c.Objects {
			canary := cluster.Canary{Request: c.Request(i), Changed: i < len(c.Want) && !reflect.DeepEqual(c.Want[i], object)}
			if len(c.Objects) == 1 {
				// Of several objects it is not said which one is meant.
				canary.Denied, canary.Warned, canary.Recorded = c.WantsDenial(), len(c.Warned) > 0, len(c.Recorded) > 0
			}
			if object["kind"] == "Pod" && (canary.Changed || canary.Denied || canary.Warned || canary.Recorded) {
				all = append(all, canary)
			}
		}
	}
	return all
}
