// Package report holds what a test run found and writes it in the formats that
// people, pipelines and forges read.
package report

import (
	"fmt"
	"sort"
	"time"
)

// A Status is what became of one case in one pipeline.
type Status int

// The zero value is no status: a result that nobody decided is never a pass.
const (
	_ Status = iota
	// Passed: the pipeline ran and the outcome is the wanted one.
	Passed
	// Failed: the pipeline ran and the outcome is another, or proved nothing.
	Failed
	// Broken: there is no outcome; the case, the policies or the engine is at fault.
	Broken
	// Skipped: the case names the pipeline and the reason for leaving it out.
	Skipped
	// NotApplicable: the pipeline cannot do what the case is about.
	NotApplicable
)

// String is the status as printed.
func (s Status) String() string {
	switch s {
	case Passed:
		return "passed"
	case Failed:
		return "failed"
	case Broken:
		return "broken"
	case Skipped:
		return "skipped"
	case NotApplicable:
		return "not applicable"
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// A Result is one case in one pipeline.
type Result struct {
	// Case is the folder's name: the claim.
	Case string
	// Why is the case's sentence; empty where the case could not be read.
	Why string
	// Folder is the case's folder as given, with slashes; File and Line are what
	// a finding points at, the wanted file as a rule. Line 0: the file as a whole.
	Folder, File string
	Line         int
	// Pipeline is the column, such as kyverno->rego; empty where the case could
	// not be read and so ran in none.
	Pipeline string
	Status   Status
	// Images are the image rewrites that the pipeline made or left: what the
	// table shows.
	Images []ImageVerdict
	// Diff is a unified diff from the wanted to the actual outcome; empty where
	// they agree or where there is none.
	Diff string
	// Messages say why the status is not Passed, one finding each; for a Passed
	// case they are empty.
	Messages []string
	// Needs is what the policies say that they need where the pipeline is of an older
	// version, such as Kyverno 1.19; the status is then Broken. Empty: nothing.
	Needs    string
	Duration time.Duration
}

// An ImageVerdict is one image on its way through a pipeline.
type ImageVerdict struct {
	// Before is the image as submitted, After as admitted.
	Before, After string
	// Allowed is the verdict on the object that holds it.
	Allowed bool
}

// A Report is a whole run.
type Report struct {
	// Results are sorted by case, then pipeline; Sort does it.
	Results []Result
	// Pipelines are the columns in their fixed order.
	Pipelines []string
	// Rules is how often each generated rule was tried, sorted by name.
	Rules []RuleCount
	// Findings are failures of the run as a whole, such as a rule that no case
	// ever fired under --coverage; empty: none.
	Findings []string
	Duration time.Duration
}

// A RuleCount says how often a rule looked at an object and how often it
// changed, refused or warned.
type RuleCount struct {
	// Engine and Rule name it, such as kyverno and cn-rewrite/images; Policies is
	// the spec or folder the rule was made from.
	Engine, Policies, Rule string
	// Role is Rule without the set's name: what the rule is for, in whichever set.
	Role           string
	Matched, Fired int
}

// roleKey is what a rule is for, in its engine; a rule without a Role is its own.
func (c RuleCount) roleKey() string {
	if c.Role == "" {
		return c.Engine + " " + c.Policies + " " + c.Rule
	}
	return c.Engine + " " + c.Role
}

// provenRoles says which roles matched and which fired in any set: a rule that
// one set proves needs no case of its own in every other.
func (r *Report) provenRoles() (matched, fired map[string]bool) {
	matched, fired = map[string]bool{}, map[string]bool{}
	for _, count := range r.Rules {
		matched[count.roleKey()] = matched[count.roleKey()] || count.Matched > 0
		fired[count.roleKey()] = fired[count.roleKey()] || count.Fired > 0
	}
	return matched, fired
}

// Unproven names, once for each role, the rules that fired in no set: nothing
// would turn red if they were missing.
func (r *Report) Unproven() []string {
	_, fired := r.provenRoles()
	var findings []string
	for _, count := range r.Rules {
		if !fired[count.roleKey()] {
			fired[count.roleKey()] = true
			findings = append(findings, fmt.Sprintf("%s rule %s (%s) never fired: no case proves it", count.Engine, count.Rule, count.Policies))
		}
	}
	return findings
}

// Summary counts results by status.
type Summary struct {
	Passed, Failed, Broken, Skipped, NotApplicable int
}

// Summary counts the report's results.
func (r *Report) Summary() Summary {
	var s Summary
	for _, result := range r.Results {
		switch result.Status {
		case Passed:
			s.Passed++
		case Failed:
			s.Failed++
		case Skipped:
			s.Skipped++
		case NotApplicable:
			s.NotApplicable++
		default:
			// Broken, and whatever nobody decided.
			s.Broken++
		}
	}
	return s
}

// ExitCode is 0 where everything that ran passed and something ran, 2 where
// anything is broken or nothing ran, else 1.
func (r *Report) ExitCode() int {
	s := r.Summary()
	switch {
	case s.Broken > 0, s.Passed+s.Failed == 0:
		return 2
	case s.Failed > 0, len(r.Findings) > 0:
		return 1
	}
	return 0
}

// Sort puts results into their printed order: by folder, then by column.
func (r *Report) Sort() {
	column := make(map[string]int, len(r.Pipelines))
	for i, name := range r.Pipelines {
		column[name] = i
	}
	sort.SliceStable(r.Results, func(i, j int) bool {
		a, b := r.Results[i], r.Results[j]
		if a.Folder != b.Folder {
			return a.Folder < b.Folder
		}
		return column[a.Pipeline] < column[b.Pipeline]
	})
	sort.SliceStable(r.Rules, func(i, j int) bool {
		a, b := r.Rules[i], r.Rules[j]
		if a.Policies != b.Policies {
			return a.Policies < b.Policies
		}
		if a.Engine != b.Engine {
			return a.Engine < b.Engine
		}
		return a.Rule < b.Rule
	})
}
