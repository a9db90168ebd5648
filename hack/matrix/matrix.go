package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/hack/results"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/testcase"
)

// A matrix is what a run showed, by target and version.
type matrix struct {
	pipelines []*pipeline
	rows      []*row
}

// A pipeline is a column of the run.
type pipeline struct {
	name string
	// mutate and judge are the engines with their versions: "Kyverno 1.18.2".
	mutate, judge string
	counts
	// reasons counts the cases that are not applicable, by why they are not; needs those
	// whose policies need a later version, by which.
	reasons, needs map[string]int
	// left are the cases left out, with the reason that each gives.
	left []left
}

// counts of cases; needing are those whose policies need a later version.
type counts struct{ passed, notApplicable, needing, skipped int }

type left struct{ name, reason string }

// A row is a target on an engine of one version.
type row struct {
	target  *target
	version string
	// statuses maps a case, by its folder, to the worst of what became of it in the target's pipelines.
	statuses map[string]string
	// needs is what policies need that the version is too old for; empty: nothing.
	needs string
	// cluster is what a real API server with this version showed; nil: not run.
	cluster *clusterRow
}

func newMatrix(shown *results.Results, linked versions) (*matrix, error) {
	m := &matrix{}
	byName := map[string]*pipeline{}
	rows := map[string][]*row{} // by pipeline
	var problems []error
	for _, c := range shown.Cases {
		if c.Pipeline == "" {
			problems = append(problems, fmt.Errorf("case %s is %s: %s", c.Name, c.Status, strings.Join(c.Messages, " ")))
			continue
		}
		p := byName[c.Pipeline]
		if p == nil {
			var err error
			if p, rows[c.Pipeline], err = m.column(c.Pipeline, linked); err != nil {
				return nil, err
			}
			byName[c.Pipeline] = p
		}
		if err := p.take(c); err != nil {
			problems = append(problems, err)
		}
		for _, r := range rows[c.Pipeline] {
			r.take(c)
		}
	}
	for _, p := range m.pipelines {
		if p.passed == 0 {
			problems = append(problems, fmt.Errorf("%s: no case passed, so that it proves nothing", p.name))
		}
	}
	slices.SortStableFunc(m.rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(slices.Index(targets, a.target), slices.Index(targets, b.target)), -compareVersions(a.version, b.version))
	})
	return m, errors.Join(problems...)
}

// column adds a pipeline of the run, and the rows that it is about.
func (m *matrix) column(name string, linked versions) (*pipeline, []*row, error) {
	selected, err := testcase.Select([]string{name})
	if err != nil || len(selected) != 1 {
		return nil, nil, fmt.Errorf("pipeline %q of the report: gen test knows no such one", name)
	}
	mutate, judge := selected[0].Engines()
	p := &pipeline{name: name, reasons: map[string]int{}, needs: map[string]int{}}
	var rows []*row
	add := func(ref engine.Ref) (title string, err error) {
		t := targetOf(ref.Name)
		if t == nil {
			return "the reference", nil
		}
		version, err := linked.of(ref)
		if err != nil {
			return "", err
		}
		if r := m.row(t, version); !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
		return t.engine + " " + version, nil
	}
	if p.mutate, err = add(mutate); err != nil {
		return nil, nil, err
	}
	if p.judge, err = add(judge); err != nil {
		return nil, nil, err
	}
	m.pipelines = append(m.pipelines, p)
	return p, rows, nil
}

func (m *matrix) row(t *target, version string) *row {
	for _, r := range m.rows {
		if r.target == t && r.version == version {
			return r
		}
	}
	r := &row{target: t, version: version, statuses: map[string]string{}}
	m.rows = append(m.rows, r)
	return r
}

// take counts a case. One that failed is no matter of counting.
func (p *pipeline) take(c results.Case) error {
	reason := strings.Join(c.Messages, " ")
	switch status(c) {
	case "passed":
		p.passed++
	case "needs":
		p.needing++
		p.needs[c.Needs]++
	case "not applicable":
		p.notApplicable++
		p.reasons[reason]++
	case "skipped":
		p.skipped++
		p.left = append(p.left, left{c.Name, reason})
	default:
		return fmt.Errorf("case %s is %s in %s: mend it, or leave it out there with skip and a reason", c.Name, c.Status, p.name)
	}
	return nil
}

// status is what became of a case; needs: nothing, as its policies say themselves that
// they need a later version.
func status(c results.Case) string {
	if c.Needs != "" {
		return "needs"
	}
	return c.Status
}

// rank orders what may become of a case, the worst last: what passed in one
// pipeline of a target and is not applicable in another is proven.
var rank = []string{"", "not applicable", "needs", "passed", "skipped"}

func (r *row) take(c results.Case) {
	// Two folders may hold cases of one name.
	key := c.Folder + "\n" + c.Name
	if slices.Index(rank, status(c)) > slices.Index(rank, r.statuses[key]) {
		r.statuses[key] = status(c)
	}
	// Of the engine that is too old, not of the one beside it.
	if strings.HasPrefix(c.Needs, r.target.engine+" ") {
		r.needs = max(r.needs, c.Needs)
	}
}

func (r *row) counts() counts {
	var n counts
	for _, status := range r.statuses {
		switch status {
		case "passed":
			n.passed++
		case "not applicable":
			n.notApplicable++
		case "needs":
			n.needing++
		case "skipped":
			n.skipped++
		}
	}
	return n
}

// complete is an error where the run did not show a target at all.
func (m *matrix) complete() error {
	var problems []error
	for _, t := range targets {
		if !slices.ContainsFunc(m.rows, func(r *row) bool { return r.target == t }) {
			problems = append(problems, fmt.Errorf("target %s: no pipeline of the run is about it", t.name))
		}
	}
	return errors.Join(problems...)
}

// compareVersions compares 1.9.0 and 1.10.0 by their numbers.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		an, aErr := strconv.Atoi(as[i])
		bn, bErr := strconv.Atoi(bs[i])
		order := cmp.Compare(an, bn)
		if aErr != nil || bErr != nil {
			order = cmp.Compare(as[i], bs[i])
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}
