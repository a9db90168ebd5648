package cases

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/harness/report"
)

// A difference is a case for which a cluster says less than the harness does, and
// why that is so. It may leave messages out; whatever else differs is a failure.
type difference struct{ pipeline, name, why string }

// differences are all that are known. One that is gone is a failure too.
func differences() []difference {
	const first = "an API server tells one denial, of whichever policy answered first; the harness tells all"
	return []difference{
		{"map->vap", "two-sets-each-refuse-an-invalid-image", first},
		{"mpol->vpol", "two-sets-each-refuse-an-invalid-image", first},
		{"kyverno->kyverno", "denied-pod-shows-its-warnings-too", "Kyverno tells no warnings of a Pod that ClusterPolicies deny; the harness tells both, as they say something about the Pod"},
	}
}

// known finds why a result differs; empty where it has to be the wanted one.
func known(result report.Result) string {
	for _, d := range differences() {
		if d.pipeline == result.Pipeline && d.name == result.Case {
			return d.why
		}
	}
	return ""
}

// leavesOut asks whether a failed result says nothing but less than was wanted.
func leavesOut(result report.Result) error {
	if result.Status != report.Failed || result.Diff == "" || len(result.Messages) > 0 {
		return fmt.Errorf("%s, wanted is that it fails with a difference in what is told", result.Status)
	}
	for line := range strings.Lines(result.Diff) {
		if strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++ ") {
			return fmt.Errorf("the cluster says what is not wanted: %s", line)
		}
	}
	return nil
}
