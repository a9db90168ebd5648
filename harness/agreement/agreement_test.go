// Package agreement holds the property that the product stands on: the
// reference, Kyverno's two kinds of policies, the API server's own, the plain Rego
// and Gatekeeper's give one answer to every object, whatever the MirrorSet.
package agreement

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/harness/testcase"
)

// The variables that name the engine programs. make test sets them; without them,
// as in a bare go test ./..., the other engines are held to each other.
const (
	kyvernoVariable    = "MIRRORGEN_ENGINE_KYVERNO"
	kubernetesVariable = "MIRRORGEN_ENGINE_KUBERNETES"
)

// A program is an engine in a process of its own, and what names its program.
type program struct{ name, engine, variable string }

func programs() []program {
	return []program{
		{"kyverno", "kyverno", kyvernoVariable},
		{"kyverno-cel", "kyverno", kyvernoVariable},
		{"kubernetes", "kubernetes", kubernetesVariable},
	}
}

// process is the program's engine; nil where its variable is not set.
func (p program) process(t testing.TB) engine.Engine {
	t.Helper()
	path := os.Getenv(p.variable)
	if path == "" {
		t.Logf("%s is not set: %s is left out of this run", p.variable, p.name)
		return nil
	}
	return engine.NewProcess(engine.ProcessConfig{Name: p.engine, Program: "gen-engine-" + p.engine, Path: path})
}

// A column is an engine under test with what it can be asked.
type column struct {
	name      string
	engine    engine.Engine
	mutates   bool
	workloads bool
}

func columns(t testing.TB) []column {
	t.Helper()
	all := []column{
		{name: "rego", engine: opa.NewRego(), workloads: true},
		{name: "gatekeeper", engine: opa.NewGatekeeper(), workloads: true},
	}
	for _, p := range programs() {
		if e := p.process(t); e != nil {
			all = append(all, column{name: p.name, engine: e, mutates: true})
		}
	}
	t.Cleanup(func() {
		for _, c := range all {
			if err := c.engine.Close(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
	return all
}

// loaded is one MirrorSet in every engine.
type loaded struct {
	reference engine.Session
	columns   []column
	sessions  []engine.Session
}

func load(t *testing.T, columns []column, sets ...*spec.MirrorSet) *loaded {
	t.Helper()
	plans, err := generator.Plans(sets)
	if err != nil {
		t.Fatal(err)
	}
	files, err := testcase.FromPlans("random", plans)
	if err != nil {
		t.Fatal(err)
	}
	l := &loaded{columns: columns}
	if l.reference, err = reference.New(plans...).Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range columns {
		session, err := c.engine.Load(t.Context(), files.Files[c.name])
		if err != nil {
			t.Fatalf("%s: %v\nset: %s", c.name, err, show(sets[0].Object()))
		}
		l.sessions = append(l.sessions, testcase.Apart(c.name, session))
	}
	return l
}

func (l *loaded) close(t *testing.T) {
	for _, session := range l.sessions {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}
}

// agree holds every engine to the reference on one request: what the mutation
// gives, that a second pass changes nothing, and what is said of the object
// both as submitted and as mutated.
func (l *loaded) agree(t *testing.T, request engine.Request, isPod bool) {
	t.Helper()
	ctx := t.Context()
	mutated := l.admit(t, ctx, l.reference, request, engine.Mutate)
	for i, c := range l.columns {
		if !c.mutates || !isPod {
			continue
		}
		got := l.admit(t, ctx, l.sessions[i], request, engine.Mutate)
		if !sameJSON(got.Object, mutated.Object) || got.Allowed != mutated.Allowed || len(got.Warnings) > 0 {
			t.Errorf("%s mutates\n%s\nto\n%s\nwanted is\n%s\nwarnings %q", c.name, show(request.Object), show(got.Object), show(mutated.Object), got.Warnings)
		}
		again := request
		again.Object = mutated.Object
		if second := l.admit(t, ctx, l.sessions[i], again, engine.Mutate); !sameJSON(second.Object, mutated.Object) {
			t.Errorf("%s changes on a second pass\n%s\nto\n%s", c.name, show(mutated.Object), show(second.Object))
		}
	}
	for _, object := range []map[string]any{request.Object, mutated.Object} {
		judged := request
		judged.Object = object
		want := l.admit(t, ctx, l.reference, judged, engine.Validate)
		for i, c := range l.columns {
			if !isPod && !c.workloads {
				continue
			}
			got := l.admit(t, ctx, l.sessions[i], judged, engine.Validate)
			if got.Allowed != want.Allowed || !said(want.Messages, got.Messages) || !said(want.Warnings, got.Warnings) || !said(want.Recorded, got.Recorded) {
				t.Errorf("%s judges (%s)\n%s\nold %s\nallowed %v, messages %q, warnings %q, recorded %q\nwanted is allowed %v, messages %q, warnings %q, recorded %q",
					c.name, judged.Operation, show(object), show(judged.OldObject),
					got.Allowed, got.Messages, got.Warnings, got.Recorded, want.Allowed, want.Messages, want.Warnings, want.Recorded)
			}
		}
		if sameJSON(request.Object, mutated.Object) {
			break
		}
	}
}

func (l *loaded) admit(t *testing.T, ctx context.Context, session engine.Session, request engine.Request, phase engine.Phase) engine.Outcome {
	t.Helper()
	request.Phases = []engine.Phase{phase}
	outcome, err := session.Admit(ctx, request)
	if err != nil {
		t.Fatalf("%v\nobject: %s", err, show(request.Object))
	}
	return outcome
}

// round draws one MirrorSet and holds all engines to each other on several
// objects: new Pods, updates of them, and workloads that hold them.
func round(t *testing.T, columns []column, r *rand.Rand, pods int) {
	t.Helper()
	set := mirrortest.RandomSet(r)
	l := load(t, columns, set)
	defer l.close(t)
	for range pods {
		pod := mirrortest.RandomPod(r, set)
		labels := map[string]string{"mirror": []string{"enabled", "disabled"}[r.Intn(2)]}
		l.agree(t, engine.Request{Object: pod, Operation: engine.Create, NamespaceLabels: labels}, true)
		updated := mirrortest.RandomUpdate(r, set, pod)
		l.agree(t, engine.Request{Object: updated, OldObject: pod, Operation: engine.Update, NamespaceLabels: labels}, true)
		l.agree(t, engine.Request{Object: updated, OldObject: pod, Operation: engine.Update, SubResource: "ephemeralcontainers", NamespaceLabels: labels}, true)
		l.agree(t, engine.Request{Object: workloadOf(r, pod), Operation: engine.Create, NamespaceLabels: labels}, false)
		if t.Failed() {
			t.Fatalf("the MirrorSet was\n%s", show(set.Object()))
		}
	}
}

// controllers are the kinds that make Pods, by apiVersion and kind.
var controllers = [][2]string{{"apps/v1", "Deployment"}, {"apps/v1", "StatefulSet"}, {"apps/v1", "DaemonSet"}, {"apps/v1", "ReplicaSet"},
	{"v1", "ReplicationController"}, {"batch/v1", "Job"}, {"batch/v1", "CronJob"}}

// workloadOf wraps a Pod in one of the workload kinds.
func workloadOf(r *rand.Rand, pod map[string]any) map[string]any {
	return controllerOf(controllers[r.Intn(len(controllers))], pod)
}

// controllerOf is an object of the kind with a Pod's template.
func controllerOf(kind [2]string, pod map[string]any) map[string]any {
	template := map[string]any{"metadata": pod["metadata"], "spec": pod["spec"]}
	body := map[string]any{"template": template}
	if kind[1] == "CronJob" {
		body = map[string]any{"jobTemplate": map[string]any{"spec": body}}
	}
	metadata := map[string]any{"name": "w"}
	if pod, _ := pod["metadata"].(map[string]any); pod["namespace"] != nil {
		metadata["namespace"] = pod["namespace"]
	}
	return map[string]any{"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": body}
}

// TestEnginesAgreeOnRandomSetsAndPods is the bounded run; the seed is fixed so
// that a failure is the same for everyone.
func TestEnginesAgreeOnRandomSetsAndPods(t *testing.T) {
	all := columns(t)
	for seed := range int64(60) {
		round(t, all, rand.New(rand.NewSource(seed)), 10)
	}
}

// TestEnginesAgreeOnTheCorpus runs every collected and every hostile image
// through a set that has all kinds of rows.
func TestEnginesAgreeOnTheCorpus(t *testing.T) {
	sets := []*spec.MirrorSet{
		{Name: "open", Spec: spec.Spec{Mirrors: []spec.Mirror{
			{Name: "hub", Source: "docker.io", Mirror: "m.example.com/hub", Except: []string{"library/registry"}},
			{Name: "quay", Source: "quay.io", Mirror: "m.example.com", Only: []string{"coreos", "prometheus/node-exporter"}},
			{Name: "gcr", Source: "gcr.io", Mirror: "images.example.com:5000/images"},
		}}},
		{Name: "closed", Spec: spec.Spec{
			Mirrors:    []spec.Mirror{{Name: "hub", Source: "docker.io/library", Mirror: "m.example.com"}},
			Constraint: spec.Constraint{AllowRegistries: []string{"quay.io", "docker.io/bitnami"}},
		}},
	}
	all := columns(t)
	images := mirrortest.Seeds(t)
	if len(images) < 400 {
		t.Fatalf("%d images: the corpus is not what it was", len(images))
	}
	for _, set := range sets {
		l := load(t, all, set)
		for _, image := range images {
			pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"},
				"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": image}, map[string]any{"name": "good", "image": "nginx"}}}}
			l.agree(t, engine.Request{Object: pod, Operation: engine.Create, NamespaceLabels: map[string]string{}}, true)
		}
		l.close(t)
	}
}

// FuzzEnginesAgree is the unbounded run: make fuzz.
func FuzzEnginesAgree(f *testing.F) {
	all := columns(f)
	for seed := range int64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		round(t, all, rand.New(rand.NewSource(seed)), 4)
	})
}

// said compares messages; what an engine has no room for counts by its number.
func said(want, got []string) bool { return same(testcase.FilledIn(want, got), want) }

func same(a, b []string) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

// sameJSON compares as JSON does: one engine's numbers went through it.
func sameJSON(a, b map[string]any) bool { return show(a) == show(b) }

func show(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
