package testcase

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

func TestNamesPickPipelinesAndTheirVersions(t *testing.T) {
	for _, row := range []struct {
		reason, names, want string
	}{
		{"none picks the defaults", "", strings.Join(DefaultPipelines(), " ")},
		{"a pipeline by its name", "kyverno->gatekeeper", "kyverno->gatekeeper"},
		{"engines pick what is made of them", "kyverno,rego", "kyverno->rego kyverno->kyverno"},
		{"but not what has to be named", "kyverno,gatekeeper,reference", "reference kyverno->kyverno reference->gatekeeper"},
		{"an engine of the CEL kinds has a short name in its column", "kyverno-cel", "mpol->vpol"},
		{"each version has a column", "kyverno@1.18,kyverno@1.19", "kyverno@1.18->kyverno@1.18 kyverno@1.19->kyverno@1.19"},
		{"beside the one at hand", "kyverno,kyverno@1.18", "kyverno->kyverno kyverno@1.18->kyverno@1.18"},
		{"each pair of versions of two engines", "kyverno@1.18,kyverno@1.19,rego@1.17,rego",
			"kyverno@1.18->rego@1.17 kyverno@1.18->rego kyverno@1.19->rego@1.17 kyverno@1.19->rego kyverno@1.18->kyverno@1.18 kyverno@1.19->kyverno@1.19"},
		{"a pipeline by its name and a version", "kyverno@1.18->rego", "kyverno@1.18->rego"},
		{"or two", "kyverno@1.18->rego@1.17", "kyverno@1.18->rego@1.17"},
		{"of the CEL kinds by the names of the column", "mpol@1.18->vpol@1.18", "mpol@1.18->vpol@1.18"},
		{"or by the engine", "kyverno-cel@1.18", "mpol@1.18->vpol@1.18"},
		{"Kubernetes has versions too", "kubernetes@1.36", "map@1.36->vap@1.36"},
		{"the reference has none", "reference,gatekeeper@1.17", "reference reference->gatekeeper@1.17"},
		{"the order is that of the columns", "rego,kyverno@1.18,reference", "reference kyverno@1.18->rego kyverno@1.18->kyverno@1.18"},
		{"twice is once", "kyverno@1.18,kyverno@1.18->kyverno@1.18,kyverno@1.18", "kyverno@1.18->kyverno@1.18"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			var names []string
			if row.names != "" {
				names = strings.Split(row.names, ",")
			}
			picked, err := Select(names)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(pipelineNames(picked), " "); got != row.want {
				t.Errorf("picked %s\nwant   %s", got, row.want)
			}
		})
	}
}

func TestAPipelineKnowsItsEnginesAtTheirVersions(t *testing.T) {
	picked, err := Select([]string{"mpol@1.18->vpol@1.18", "kyverno->rego@1.17"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"kyverno rego@1.17", "kyverno-cel@1.18 kyverno-cel@1.18"} {
		mutate, judge := picked[i].Engines()
		if got := mutate.String() + " " + judge.String(); got != want {
			t.Errorf("%s: %s, want %s", picked[i].Name, got, want)
		}
	}
}

func TestNamesThatPickNothingAreRefused(t *testing.T) {
	for _, row := range []struct{ reason, names, says string }{
		{"an engine that is none", "kyverno,kivereno", `"kivereno": no pipeline`},
		{"an engine that makes no pipeline alone", "rego", `"rego": no pipeline`},
		{"at a version neither", "reference,rego@1.17", `"rego@1.17": no pipeline`},
		{"a pipeline that is none", "rego->kyverno", `"rego->kyverno": no pipeline`},
		{"a version that is none", "kyverno@latest", `"latest" is no minor version; write one such as kyverno@1.18`},
		{"in the second half", "kyverno->rego@v1", `"v1" is no minor version`},
		{"the reference is gen itself", "reference@1.0", "the reference is gen's own and has no versions"},
		{"also as a half", "reference@1.0->gatekeeper", "has no versions"},
		{"two Kyvernos in one cluster", "kyverno@1.18->kyverno@1.19", "of kyverno a cluster has one version"},
		{"one of them left open", "mpol@1.18->vpol", "of kyverno-cel a cluster has one version"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if picked, err := Select(strings.Split(row.names, ",")); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, %v; want %q", pipelineNames(picked), err, row.says)
			}
		})
	}
}

func TestACaseIsLeftOutOfOneVersionOrOfAll(t *testing.T) {
	picked, err := Select([]string{"kyverno@1.18->rego@1.17"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		where string
		skips bool
	}{
		{"kyverno@1.18->rego@1.17", true}, {"kyverno->rego", true}, {"kyverno@1.18", true}, {"rego@1.17", true}, {"kyverno", true}, {"rego", true},
		{"kyverno@1.19", false}, {"kyverno@1.19->rego", false}, {"gatekeeper", false}, {"kyverno->kyverno", false},
	} {
		if _, skips := picked[0].skipReason(&Case{Skip: map[string]string{row.where: "reason"}}); skips != row.skips {
			t.Errorf("skip %s: %v, want %v", row.where, skips, row.skips)
		}
	}
}

func TestAdmissionGoesThroughOneOrTwoEngines(t *testing.T) {
	kyverno18 := engine.Ref{Name: "kyverno", Version: "1.18"}
	for _, row := range []struct {
		reason, text  string
		mutate, judge engine.Ref
		says          string
	}{
		{"one engine is both", "kyverno", engine.Ref{Name: "kyverno"}, engine.Ref{Name: "kyverno"}, ""},
		{"at a version", "kyverno@1.18", kyverno18, kyverno18, ""},
		{"one that judges alone", "rego@1.17", engine.Ref{}, engine.Ref{Name: "rego", Version: "1.17"}, ""},
		{"a pipeline", "mpol@1.18->vpol@1.18", engine.Ref{Name: "kyverno-cel", Version: "1.18"}, engine.Ref{Name: "kyverno-cel", Version: "1.18"}, ""},
		{"two engines that are no pipeline", "reference->rego", engine.Ref{Name: "reference"}, engine.Ref{Name: "rego"}, ""},
		{"what does not mutate", "gatekeeper@1.17->kyverno", engine.Ref{}, engine.Ref{}, `"gatekeeper@1.17" does not mutate`},
		{"half a pipeline", "->rego", engine.Ref{}, engine.Ref{}, "names no engine"},
		{"the other half", "kyverno->", engine.Ref{}, engine.Ref{}, "names no engine"},
		{"what is no version", "kyverno@x", engine.Ref{}, engine.Ref{}, "--engine: "},
	} {
		t.Run(row.reason, func(t *testing.T) {
			mutate, judge, err := Through(row.text)
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("got %v, want %q", err, row.says)
				}
				return
			}
			if err != nil || mutate != row.mutate || judge != row.judge {
				t.Errorf("%v, %v, %v", mutate, judge, err)
			}
		})
	}
}
