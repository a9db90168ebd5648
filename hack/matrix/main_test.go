package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const said = `{"version":"(devel)","engines":{"kyverno":"v1.19.1","kyverno@1.18":"v1.18.2","kubernetes":"v1.36.3","opa":"v1.22.0","opa@1.17":"v1.17.1"}}`

// whole is a run that shows each target.
const whole = `{"cases":[
{"name":"one","engine":"reference","status":"passed"},
{"name":"one","engine":"kyverno->rego","status":"passed"},
{"name":"one","engine":"kyverno->kyverno","status":"not applicable","messages":["no | Pod"]},
{"name":"one","engine":"kyverno@1.18->rego@1.17","status":"passed"},
{"name":"one","engine":"mpol->vpol","status":"passed"},
{"name":"one","engine":"mpol@1.18->vpol@1.18","status":"passed"},
{"name":"one","engine":"map->vap","status":"passed"},
{"name":"one","engine":"reference->gatekeeper","status":"passed"},
{"name":"one","engine":"reference->gatekeeper@1.17","status":"passed"},
{"name":"two","engine":"kyverno->kyverno","status":"passed"},
{"name":"two","engine":"kyverno->rego","status":"not applicable","messages":["other"]},
{"name":"two","engine":"kyverno@1.18->rego@1.17","status":"skipped","messages":["1.18 says nothing of it"]},
{"name":"two","engine":"mpol->vpol","status":"passed"},
{"name":"two","engine":"mpol@1.18->vpol@1.18","status":"broken","messages":["too old"],"needs":"Kyverno 1.19"},
{"name":"two","engine":"map->vap","status":"not applicable","messages":["nothing is stored"]}]}`

const onServer = `{"cases":[
{"name":"one","engine":"map->vap","status":"passed"},{"name":"two","engine":"map->vap","status":"not applicable","messages":["m"]},
{"name":"one","engine":"kyverno->kyverno","status":"passed"},{"name":"two","engine":"kyverno->kyverno","status":"skipped","messages":["m"]}]}`

// A folder holds the files of a run.
type folder struct {
	t *testing.T
	files
	dir string
}

func in(t *testing.T, report, versions string) *folder {
	f := &folder{t: t, dir: t.TempDir()}
	f.reports, f.versions = []string{f.write("matrix.json", report)}, f.write("versions.json", versions)
	f.page, f.clusterSummary = filepath.Join(f.dir, "engines.md"), filepath.Join(f.dir, "engines-cluster.json")
	f.readmes = []string{f.write("README.md", "before\n"+marks.Begin+"old\n"+marks.End+"after\n"), f.write("README.zh-CN.md", marks.Begin+marks.End)}
	return f
}

func (f *folder) write(name, text string) string {
	f.t.Helper()
	name = filepath.Join(f.dir, name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	return name
}

func (f *folder) read(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

func TestTheTableHasARowForEachTargetAtEachVersion(t *testing.T) {
	f := in(t, whole, said)
	if err := run(io.Discard, f.files); err != nil {
		t.Fatal(err)
	}
	want := "before\n" + marks.Begin + "| target | engine | version | cases offline | cases on a real API server |\n|---|---|---|---|---|\n" +
		"| `kyverno`: ClusterPolicy | Kyverno | 1.19.1 | all | – |\n" +
		"| `kyverno`: ClusterPolicy | Kyverno | 1.18.2 | all but 1 | – |\n" +
		"| `kyverno-cel`: MutatingPolicy, ValidatingPolicy, GeneratingPolicy | Kyverno | 1.19.1 | all | – |\n" +
		"| `kyverno-cel`: MutatingPolicy, ValidatingPolicy, GeneratingPolicy | Kyverno | 1.18.2 | all that do not need Kyverno 1.19 | – |\n" +
		"| `kubernetes`: MutatingAdmissionPolicy, ValidatingAdmissionPolicy | Kubernetes | 1.36.3 | all | – |\n" +
		"| `gatekeeper`: template, constraints, expansion | OPA | 1.22.0 | all | – |\n" +
		"| `gatekeeper`: template, constraints, expansion | OPA | 1.17.1 | all | – |\n" +
		"| `rego`: plain Rego and data | OPA | 1.22.0 | all | – |\n" +
		"| `rego`: plain Rego and data | OPA | 1.17.1 | all but 1 | – |\n" + marks.End + "after\n"
	if got := f.read(f.readmes[0]); got != want {
		t.Errorf("README:\n%s\nwant\n%s", got, want)
	}
	if chinese := f.read(f.readmes[1]); !strings.Contains(chinese, "| `kyverno`：ClusterPolicy | Kyverno | 1.18.2 | 全部，1 个除外 | – |\n") {
		t.Errorf("README.zh-CN:\n%s", chinese)
	}
	page := f.read(f.page)
	for _, line := range []string{
		// Passed in one pipeline and not applicable in the other is passed.
		"| `kyverno` | Kyverno | 1.19.1 | 2 | 0 | 0 | 0 | not run |",
		"| `kyverno` | Kyverno | 1.18.2 | 1 | 0 | 0 | 1 | not run |",
		"| `kyverno-cel` | Kyverno | 1.18.2 | 1 | 0 | 1 | 0 | not run |",
		"| `kubernetes` | Kubernetes | 1.36.3 | 1 | 1 | 0 | 0 | not run |",
		"| `kyverno@1.18->rego@1.17` | Kyverno 1.18.2 | OPA 1.17.1 | 1 | 0 | 0 | 1 |",
		"| `reference->gatekeeper` | the reference | OPA 1.22.0 | 1 | 0 | 0 | 0 |",
		"| `mpol@1.18->vpol@1.18` | 1 | Kyverno 1.19 |",
		"| `kyverno->kyverno` | 1 | no \\| Pod |",
		"| `two` | `kyverno@1.18->rego@1.17` | 1.18 says nothing of it |",
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("the page has no line %s:\n%s", line, page)
		}
	}
	if _, err := os.Stat(f.clusterSummary); err == nil {
		t.Error("a summary of a run that was not made")
	}
}

func TestARunOnARealAPIServerIsKept(t *testing.T) {
	f := in(t, whole, said)
	f.cluster = []string{f.write("e2e.json", onServer)}
	f.clusterVersions = f.write("e2e-versions.json", `{"engines":{"kyverno":"v1.19.1","kubernetes":"v1.36.3"}}`)
	if err := run(io.Discard, f.files); err != nil {
		t.Fatal(err)
	}
	readme, page := f.read(f.readmes[0]), f.read(f.page)
	for _, line := range []string{
		"| `kyverno`: ClusterPolicy | Kyverno | 1.19.1 | all | all but 1 |",
		"| `kubernetes`: MutatingAdmissionPolicy, ValidatingAdmissionPolicy | Kubernetes | 1.36.3 | all | all |",
		"| `rego`: plain Rego and data | OPA | 1.22.0 | all | – |",
	} {
		if !strings.Contains(readme, line+"\n") {
			t.Errorf("README has no line %s:\n%s", line, readme)
		}
	}
	if line := "| `kubernetes` | Kubernetes | 1.36.3 | 1 | 1 | 0 | 0 | 1 passed, 1 not applicable, 0 left out (Kubernetes 1.36.3) |"; !strings.Contains(page, line) {
		t.Errorf("the page has no line %s:\n%s", line, page)
	}
	// The next run, without one.
	f.cluster, f.check = nil, true
	if err := run(io.Discard, f.files); err != nil {
		t.Errorf("what the server showed is forgotten: %v", err)
	}
	f.write("engines-cluster.json", "[{")
	if err := run(io.Discard, f.files); err == nil || !strings.Contains(err.Error(), "engines-cluster.json") {
		t.Errorf("a summary that is none: %v", err)
	}
}

func TestWhatTheRunDoesNotShowIsRefused(t *testing.T) {
	for _, row := range []struct{ reason, report, versions, says string }{
		{"a case that failed", strings.Replace(whole, `"passed"`, `"failed"`, 1), said, "case one is failed in reference: mend it, or leave it out there with skip and a reason"},
		{"an engine that broke", strings.Replace(whole, `"skipped"`, `"broken"`, 1), said, "case two is broken in kyverno@1.18->rego@1.17"},
		{"a case that could not be read", strings.Replace(whole, `"engine":"map->vap","status":"passed"`, `"engine":"","status":"broken","messages":["case.yaml:1: bad"]`, 1), said, "case one is broken: case.yaml:1: bad"},
		{"a pipeline in which nothing passed", strings.Replace(whole, `"map->vap","status":"passed"`, `"map->vap","status":"not applicable","messages":["x"]`, 1), said, "map->vap: no case passed"},
		{"a target that did not run", strings.Replace(whole, "map->vap", "reference", -1), said, "target kubernetes: no pipeline of the run is about it"},
		{"a pipeline that is none", strings.Replace(whole, "mpol->vpol", "vpol->mpol", 1), said, `"vpol->mpol" of the report`},
		{"an engine without a version", whole, strings.Replace(said, `"kyverno@1.18":"v1.18.2",`, "", 1), "versions.json: says no version of kyverno@1.18"},
		{"one that is not installed", whole, strings.Replace(said, "v1.36.3", "not installed", 1), "says no version of kubernetes"},
		{"an empty run", `{"cases":[]}`, said, "target kyverno: no pipeline"},
		{"a report that is none", "{", said, "matrix.json"},
		{"versions that are none", whole, "{", "versions.json"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			f := in(t, row.report, row.versions)
			before := f.read(f.readmes[0])
			if err := run(io.Discard, f.files); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, wanted is %q", err, row.says)
			}
			if _, err := os.Stat(f.page); err == nil || f.read(f.readmes[0]) != before {
				t.Error("something was written")
			}
		})
	}
}

func TestWhatAServerShowedBelongsToAVersionThatRanOffline(t *testing.T) {
	f := in(t, whole, said)
	f.cluster = []string{f.write("e2e.json", onServer)}
	f.clusterVersions = f.write("e2e-versions.json", `{"engines":{"kyverno":"v1.19.0","kubernetes":"v1.36.3"}}`)
	if err := run(io.Discard, f.files); err == nil || !strings.Contains(err.Error(), "target kyverno at 1.19.0 ran on a real API server and not offline") {
		t.Errorf("got %v", err)
	}
	f.cluster = []string{f.write("e2e.json", strings.Replace(onServer, `"passed"`, `"failed"`, 1))}
	if err := run(io.Discard, f.files); err == nil || !strings.Contains(err.Error(), "case one is failed in map->vap") {
		t.Errorf("got %v", err)
	}
}

func TestTheVersionOfThePlainProgramCountsAsOne(t *testing.T) {
	f := in(t, strings.ReplaceAll(whole, "kyverno->rego", "kyverno@1.19->rego@1.22"), said)
	if err := run(io.Discard, f.files); err != nil {
		t.Fatal(err)
	}
	if page := f.read(f.page); !strings.Contains(page, "| `kyverno@1.19->rego@1.22` | Kyverno 1.19.1 | OPA 1.22.0 |") || strings.Count(page, "| `kyverno` | Kyverno | 1.19.1 |") != 1 {
		t.Errorf("page:\n%s", page)
	}
}

func TestACheckWritesNothingAndNamesWhatDiffers(t *testing.T) {
	f := in(t, whole, said)
	f.check = true
	before := f.read(f.readmes[0])
	err := run(io.Discard, f.files)
	if err == nil || strings.Count(err.Error(), "run: make matrix") != 3 || f.read(f.readmes[0]) != before {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(f.page); err == nil {
		t.Error("the page was written")
	}
	f.check = false
	if err := run(io.Discard, f.files); err != nil {
		t.Fatal(err)
	}
	f.check = true
	if err := run(io.Discard, f.files); err != nil {
		t.Errorf("right after: %v", err)
	}
}

func TestVersionsAreSortedByTheirNumbers(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{{"1.9.0", "1.10.0", -1}, {"1.18.2", "1.18.2", 0}, {"1.19.1", "1.18.2", 1}, {"1.20.0-rc.1", "1.20.0-rc.2", -1}, {"1.2", "1.2.1", -1}} {
		if got := compareVersions(row.a, row.b); got != row.want {
			t.Errorf("%s and %s: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
