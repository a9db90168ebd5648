package testcase_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

const (
	specText = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example.com/hub}
`
	head     = "why: it proves something\nspec: ../mirrors.yaml\n"
	pod      = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx}]}\n"
	podAfter = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'm.example.com/hub/library/nginx:latest'}]}\n"
	badPod   = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: NGINX}]}\n"
	badSaid  = "spec.containers[0] \"c\": image \"NGINX\" is not a valid reference\n"
)

// A fake engine answers every request by a function.
type fake struct {
	name  string
	load  error
	admit func(engine.Request) (engine.Outcome, error)
}

func (f fake) Name() string { return f.name }
func (f fake) Load(context.Context, []artifact.File) (engine.Session, error) {
	return f, f.load
}
func (f fake) Admit(_ context.Context, r engine.Request) (engine.Outcome, error) { return f.admit(r) }
func (fake) Rules() []string                                                     { return []string{"never", "rule"} }
func (fake) Close() error                                                        { return nil }

func allow(r engine.Request) (engine.Outcome, error) {
	return engine.Outcome{Allowed: true, Object: r.Object, Matched: []string{"rule"}}, nil
}

func factories(fakes ...fake) map[string]testcase.Factory {
	all := map[string]testcase.Factory{
		"reference": func(plans []*mirror.Plan) (engine.Engine, error) { return reference.New(plans...), nil },
	}
	for _, f := range fakes {
		all[f.name] = func([]*mirror.Plan) (engine.Engine, error) { return f, nil }
	}
	return all
}

// write makes a folder of cases; names are paths below it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir string, options testcase.Options) *report.Report {
	t.Helper()
	folders, err := testcase.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if options.Engines == nil {
		options.Engines = factories()
	}
	if options.Pipelines == nil {
		// One column of several, as by --engine.
		options.Pipelines = []testcase.Pipeline{{Name: "reference", Mutate: "reference", Judge: "reference"}}
		options.Restricted = true
	}
	found, err := testcase.Run(context.Background(), folders, options)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCasesPassFailAndBreakForTheRightReason(t *testing.T) {
	for _, row := range []struct {
		why    string
		files  map[string]string
		status report.Status
		said   string // a part of the messages or of the diff
	}{
		{"the wanted object", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": podAfter}, report.Passed, ""},
		{"a want may name the mirror", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": strings.Replace(podAfter, "m.example.com/hub", "${mirror:docker-io}", 1)}, report.Passed, ""},
		{"a mirror that is not there", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": strings.Replace(podAfter, "m.example.com/hub", "${mirror:nope}", 1)}, report.Broken, "no such mirror"},
		{"another object", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": pod}, report.Failed, "+    - image: m.example.com/hub/library/nginx:latest"},
		{"the wanted denial", map[string]string{"case.yaml": head, "object.yaml": badPod, "want-denied.txt": badSaid}, report.Passed, ""},
		{"a denial by pattern", map[string]string{"case.yaml": head, "object.yaml": badPod, "want-denied.txt": "/NGINX. is not/\n"}, report.Passed, ""},
		{"a pattern that does not match", map[string]string{"case.yaml": head, "object.yaml": badPod, "want-denied.txt": "/NGINX is fine/\n"}, report.Failed, "-/NGINX is fine/"},
		{"a pattern that does not compile", map[string]string{"case.yaml": head, "object.yaml": pod, "want-denied.txt": "/(/\n"}, report.Broken, "want-denied.txt:1:"},
		{"denied, wanted is admitted", map[string]string{"case.yaml": head, "object.yaml": badPod, "want.yaml": badPod}, report.Failed, "the object is denied"},
		{"admitted, wanted is denied", map[string]string{"case.yaml": head, "object.yaml": pod, "want-denied.txt": badSaid}, report.Failed, "the object is admitted"},
		{"denied with more to say", map[string]string{"case.yaml": head, "object.yaml": strings.Replace(badPod, "[", "[{name: d, image: OTHER}, ", 1), "want-denied.txt": badSaid}, report.Failed, "OTHER"},
		{"a warning that is not there", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": podAfter, "want-warned.txt": "careful\n"}, report.Failed, "-careful"},
		{"no want", map[string]string{"case.yaml": head, "object.yaml": pod}, report.Broken, "neither want.yaml nor want-denied.txt"},
		{"both wants", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": pod, "want-denied.txt": "x\n"}, report.Broken, "both want.yaml and want-denied.txt"},
		{"an empty want", map[string]string{"case.yaml": head, "object.yaml": pod, "want.yaml": "# nothing\n"}, report.Broken, "holds no object"},
		{"a denial that says nothing", map[string]string{"case.yaml": head, "object.yaml": pod, "want-denied.txt": "\n"}, report.Broken, "holds no message"},
		{"no object", map[string]string{"case.yaml": head, "want.yaml": pod}, report.Broken, "object.yaml"},
		{"an object that is no YAML", map[string]string{"case.yaml": head, "object.yaml": "a: [", "want.yaml": pod}, report.Broken, "object.yaml"},
		{"a spec that is not there", map[string]string{"case.yaml": strings.Replace(head, "mirrors", "nope", 1), "object.yaml": pod, "want.yaml": pod}, report.Broken, "nope.yaml"},
		{"no why", map[string]string{"case.yaml": "spec: ../mirrors.yaml\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "why: is needed"},
		{"a field that nobody reads", map[string]string{"case.yaml": head + "operatoin: UPDATE\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "operatoin: unknown field"},
		{"neither spec nor policies", map[string]string{"case.yaml": "why: x\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "exactly one of spec and policies"},
		{"an operation that is none", map[string]string{"case.yaml": head + "operation: PATCH\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, `"PATCH": must be`},
		{"an UPDATE of nothing", map[string]string{"case.yaml": head + "operation: UPDATE\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "an UPDATE needs one stored object"},
		{"a stored object on CREATE", map[string]string{"case.yaml": head, "object.yaml": pod, "old.yaml": pod, "want.yaml": podAfter}, report.Broken, "only an UPDATE has stored objects"},
		{"nothing looked at the object", map[string]string{"case.yaml": head, "object.yaml": "apiVersion: v1\nkind: ConfigMap\n", "want.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, report.Failed, "no policy looked at the object"},
		{"nothing was to look at the object", map[string]string{"case.yaml": head + "unmatched: true\n", "object.yaml": "apiVersion: v1\nkind: ConfigMap\n", "want.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, report.Passed, ""},
		{"something looked although unmatched", map[string]string{"case.yaml": head + "unmatched: true\n", "object.yaml": pod, "want.yaml": podAfter}, report.Failed, "unmatched: true, but s/constraint, s/rewrite looked"},
		{"skipped with a reason", map[string]string{"case.yaml": head + "skip: {reference: not today}\n", "object.yaml": pod, "want.yaml": podAfter}, report.Skipped, "not today"},
		{"skipped without a reason", map[string]string{"case.yaml": head + "skip: {reference: ' '}\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "needs a reason"},
		{"a path that leaves the repository's form", map[string]string{"case.yaml": "why: x\nspec: /etc/mirrors.yaml\n", "object.yaml": pod, "want.yaml": podAfter}, report.Broken, "relative to the case"},
	} {
		files := map[string]string{"mirrors.yaml": specText}
		for name, text := range row.files {
			files["claim/"+name] = text
		}
		found := run(t, write(t, files), testcase.Options{})
		if len(found.Results) != 1 {
			t.Errorf("%s: %d results", row.why, len(found.Results))
			continue
		}
		got := found.Results[0]
		said := strings.Join(got.Messages, "\n") + got.Diff
		if got.Status != row.status || !strings.Contains(said, row.said) {
			t.Errorf("%s: %v, said:\n%s\nwant %v with %q", row.why, got.Status, said, row.status, row.said)
		}
	}
}

func TestAnEngineThatFailsIsNeverAVerdict(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": pod, "claim/want.yaml": podAfter})
	pipeline := []testcase.Pipeline{{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"}}
	rewrite := func(r engine.Request) (engine.Outcome, error) {
		session, err := reference.New(specPlan(t, dir)...).Load(context.Background(), nil)
		if err != nil {
			return engine.Outcome{}, err
		}
		return session.Admit(context.Background(), r)
	}
	for _, row := range []struct {
		why           string
		kyverno, rego fake
		status        report.Status
		exit          int
		said          string
	}{
		{"both do their work", fake{admit: rewrite}, fake{admit: allow}, report.Passed, 0, ""},
		{"policies that do not load", fake{load: errors.New("unknown field rulez")}, fake{admit: allow}, report.Broken, 2, "kyverno: unknown field rulez"},
		{"an engine that breaks", fake{admit: func(engine.Request) (engine.Outcome, error) { return engine.Outcome{Allowed: true}, engine.ErrBroken }}, fake{admit: allow}, report.Broken, 2, "engine broke"},
		{"a judge that breaks", fake{admit: rewrite}, fake{admit: func(engine.Request) (engine.Outcome, error) { return engine.Outcome{}, engine.ErrBroken }}, report.Broken, 2, "engine broke"},
		{"a mutation that is not idempotent", fake{admit: func(r engine.Request) (engine.Outcome, error) {
			o, _ := allow(r)
			o.Object = appendImage(r.Object, "x")
			return o, nil
		}}, fake{admit: allow}, report.Failed, 1, "a second pass over the admitted object changed it again, at spec.containers[0].image"},
		{"a mutation that is refused", fake{admit: func(engine.Request) (engine.Outcome, error) {
			return engine.Outcome{Messages: []string{"rule broke"}, Matched: []string{"rule"}}, nil
		}}, fake{admit: allow}, report.Failed, 1, "rule broke"},
	} {
		row.kyverno.name, row.rego.name = "kyverno", "rego"
		found := run(t, dir, testcase.Options{Engines: factories(row.kyverno, row.rego), Pipelines: pipeline})
		got := found.Results[0]
		if got.Status != row.status || found.ExitCode() != row.exit || !strings.Contains(strings.Join(got.Messages, "\n"), row.said) {
			t.Errorf("%s: %v (exit %d): %q %s, want %v (exit %d) with %q", row.why, got.Status, found.ExitCode(), got.Messages, got.Diff, row.status, row.exit, row.said)
		}
	}
}

func TestAnAbsentEngineEndsTheRunInOneSentence(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "a/case.yaml": head, "a/object.yaml": pod, "a/want.yaml": podAfter,
		"b/case.yaml": head, "b/object.yaml": pod, "b/want.yaml": podAfter})
	folders, err := testcase.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = testcase.Run(context.Background(), folders, testcase.Options{
		Engines:   factories(fake{name: "kyverno", load: engine.ErrAbsent}),
		Pipelines: []testcase.Pipeline{{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}})
	if !errors.Is(err, engine.ErrAbsent) || strings.Count(err.Error(), "not installed") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestARuleThatNeverFiresIsReported(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": pod, "claim/want.yaml": pod})
	pipeline := []testcase.Pipeline{{Name: "kyverno->rego", Mutate: "kyverno", Judge: "rego"}}
	engines := factories(fake{name: "kyverno", admit: allow}, fake{name: "rego", admit: allow})
	found := run(t, dir, testcase.Options{Engines: engines, Pipelines: pipeline, Coverage: true})
	if len(found.Rules) != 4 || found.ExitCode() != 1 || len(found.Findings) != 4 {
		t.Errorf("rules %+v, exit %d, findings %q", found.Rules, found.ExitCode(), found.Findings)
	}
	if found := run(t, dir, testcase.Options{Engines: engines, Pipelines: pipeline}); found.ExitCode() != 0 {
		t.Errorf("without coverage: exit %d", found.ExitCode())
	}
}

func TestNothingIsNotSuccess(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head + "skip: {reference: a, kyverno: b}\n", "claim/object.yaml": pod, "claim/want.yaml": podAfter})
	if _, err := testcase.Find([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "holds no test case") {
		t.Errorf("an empty folder: %v", err)
	}
	folders, _ := testcase.Find([]string{dir})
	_, err := testcase.Run(context.Background(), folders, testcase.Options{Engines: factories(), Name: regexp.MustCompile("nope")})
	if err == nil || !strings.Contains(err.Error(), "nothing was tested") {
		t.Errorf("a filter that matches nothing: %v", err)
	}
	found := run(t, dir, testcase.Options{Engines: factories(fake{name: "kyverno", admit: allow}), Pipelines: []testcase.Pipeline{
		{Name: "reference", Mutate: "reference", Judge: "reference"}, {Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}})
	if found.ExitCode() == 0 || found.Results[0].Status != report.Failed {
		t.Errorf("a case that every pipeline leaves out: exit %d, %v", found.ExitCode(), found.Results[0])
	}
	if found := run(t, dir, testcase.Options{}); found.ExitCode() == 0 {
		t.Error("a run in which every case is skipped passes")
	}
}

func TestUpdateWritesTheWantAndDeletesTheStaleOne(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head, "claim/object.yaml": badPod, "claim/want.yaml": badPod, "claim/want-warned.txt": "old\n"})
	found := run(t, dir, testcase.Options{Update: true})
	if found.ExitCode() != 0 {
		t.Fatalf("after the update: %+v", found.Results)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "claim/want-denied.txt")); string(text) != badSaid {
		t.Errorf("want-denied.txt: %q", text)
	}
	for _, stale := range []string{"want.yaml", "want-warned.txt"} {
		if _, err := os.Stat(filepath.Join(dir, "claim", stale)); err == nil {
			t.Errorf("%s is still there", stale)
		}
	}
	if found := run(t, dir, testcase.Options{}); found.ExitCode() != 0 {
		t.Errorf("what was written is not what is wanted: %+v", found.Results)
	}
}

func TestAnUpdateOfAStoredPodMayChangeImagesAlone(t *testing.T) {
	dir := write(t, map[string]string{"mirrors.yaml": specText, "claim/case.yaml": head + "operation: UPDATE\n", "claim/object.yaml": pod, "claim/old.yaml": pod, "claim/want.yaml": pod})
	meddle := fake{name: "kyverno", admit: func(r engine.Request) (engine.Outcome, error) {
		o, _ := allow(r)
		o.Object = map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": r.Object["metadata"],
			"spec": map[string]any{"containers": r.Object["spec"].(map[string]any)["containers"], "hostNetwork": true}}
		return o, nil
	}}
	found := run(t, dir, testcase.Options{Engines: factories(meddle), Pipelines: []testcase.Pipeline{{Name: "kyverno->kyverno", Mutate: "kyverno", Judge: "kyverno"}}})
	if said := strings.Join(found.Results[0].Messages, "\n"); !strings.Contains(said, "changed spec.hostNetwork, which the API server refuses") {
		t.Errorf("said %q", said)
	}
}

func appendImage(object map[string]any, suffix string) map[string]any {
	container := object["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": object["metadata"], "spec": map[string]any{
		"containers": []any{map[string]any{"name": "c", "image": container["image"].(string) + suffix}}}}
}

// specPlan is the plan of the spec in dir.
func specPlan(t *testing.T, dir string) []*mirror.Plan {
	t.Helper()
	set, err := testcase.Generated(filepath.Join(dir, "mirrors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return set.Plans
}
