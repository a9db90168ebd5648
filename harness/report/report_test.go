package report

import "testing"

func TestExitCode(t *testing.T) {
	of := func(statuses ...Status) *Report {
		r := &Report{}
		for _, s := range statuses {
			r.Results = append(r.Results, Result{Status: s})
		}
		return r
	}
	finding := of(Passed)
	finding.Findings = []string{"a rule never fired"}
	for _, row := range []struct {
		report *Report
		want   int
		why    string
	}{
		{of(Passed, Skipped, NotApplicable), 0, "what ran passed"},
		{of(Passed, Failed), 1, "one failed"},
		{finding, 1, "a finding of the run fails it"},
		{of(Passed, Failed, Broken), 2, "broken is worse than failed"},
		{of(), 2, "nothing ran"},
		{of(Skipped, NotApplicable), 2, "nothing ran, all skipped"},
		{of(Passed, 0), 2, "nobody decided"},
	} {
		if got := row.report.ExitCode(); got != row.want {
			t.Errorf("%s: exit %d, want %d", row.why, got, row.want)
		}
	}
}

func TestResultsAreSortedByFolderThenColumn(t *testing.T) {
	r := &Report{Pipelines: []string{"z", "a"}, Results: []Result{
		{Folder: "b", Pipeline: "a"}, {Folder: "b", Pipeline: "z"}, {Folder: "a", Pipeline: "a"}}}
	r.Sort()
	got := ""
	for _, result := range r.Results {
		got += result.Folder + result.Pipeline + " "
	}
	if got != "aa bz ba " {
		t.Errorf("got %s", got)
	}
}
