package cases

import (
	"testing"

	"mirrorgen.dev/gen/harness/report"
)

func TestAKnownDifferenceMayOnlyLeaveMessagesOut(t *testing.T) {
	const header = "--- want-denied.txt\n+++ said\n@@ -1,2 +1 @@\n"
	for _, row := range []struct {
		why    string
		result report.Result
		want   bool
	}{
		{"one of two messages", report.Result{Status: report.Failed, Diff: header + "-a\n b\n"}, true},
		{"another message", report.Result{Status: report.Failed, Diff: header + "-a\n+c\n b\n"}, false},
		{"it is gone", report.Result{Status: report.Passed}, false},
		{"admitted, though it has to be denied", report.Result{Status: report.Failed, Diff: header + "-a\n", Messages: []string{"the object is admitted, wanted is that it is denied"}}, false},
		{"no outcome at all", report.Result{Status: report.Broken, Messages: []string{"503"}}, false},
	} {
		if err := leavesOut(row.result); (err == nil) != row.want {
			t.Errorf("%s: got %v", row.why, err)
		}
	}
}

func TestADifferenceIsKnownForItsPipelineAlone(t *testing.T) {
	const name = "two-sets-each-refuse-an-invalid-image"
	if known(report.Result{Pipeline: "map->vap", Case: name}) == "" || known(report.Result{Pipeline: "kyverno->kyverno", Case: name}) != "" {
		t.Error("it is known for another pipeline")
	}
}
