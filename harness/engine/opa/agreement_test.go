package opa_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
	"mirrorgen.dev/gen/harness/engine/reference"
)

// rendered is what the targets make of plans, each file once.
func rendered(t testing.TB, plans ...*mirror.Plan) []artifact.File {
	t.Helper()
	var files []artifact.File
	seen := map[string]bool{}
	for _, plan := range plans {
		for _, render := range []target.Target{target.Rego(), target.Gatekeeper()} {
			made, err := render.Render(plan)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range made {
				if !seen[file.Path] {
					seen[file.Path] = true
					files = append(files, file)
				}
			}
		}
	}
	return files
}

func load(t testing.TB, e engine.Engine, files []artifact.File) engine.Session {
	t.Helper()
	session, err := e.Load(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// agree holds both engines to the reference on one request.
type agree struct {
	reference, rego, gatekeeper engine.Session
	// honours: a plan exempts Pods that its podSelector leaves out.
	honours bool
	// plans is what was loaded, for a failure's text.
	plans string
}

func newAgree(t testing.TB, plans ...*mirror.Plan) agree {
	t.Helper()
	files := rendered(t, plans...)
	a := agree{
		reference:  load(t, reference.New(plans...), nil),
		rego:       load(t, opa.NewRego(), files),
		gatekeeper: load(t, opa.NewGatekeeper(), files),
	}
	for _, plan := range plans {
		a.honours = a.honours || plan.HonourPodSelector
		text, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		a.plans += string(text) + "\n"
	}
	return a
}

func (a agree) check(t *testing.T, request engine.Request) (want engine.Outcome) {
	t.Helper()
	request.Phases = []engine.Phase{engine.Validate}
	ctx := context.Background()
	want, wantErr := a.reference.Admit(ctx, request)
	for _, got := range []struct {
		name    string
		session engine.Session
	}{{"rego", a.rego}, {"gatekeeper", a.gatekeeper}} {
		outcome, err := got.session.Admit(ctx, request)
		if wantErr != nil && err == nil && a.honours {
			// A Pod that a plan exempts is not judged, whatever its namespace is.
			continue
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s: error %v, reference %v\nrequest %+v\noutcome %+v\nplans %s", got.name, err, wantErr, request, outcome, a.plans)
		}
		if err != nil {
			continue
		}
		if (len(want.Matched) > 0) != (len(outcome.Matched) > 0) || (len(want.Fired) > 0) != (len(outcome.Fired) > 0) {
			t.Fatalf("%s: matched %v fired %v, reference %v %v\nrequest %+v",
				got.name, outcome.Matched, outcome.Fired, want.Matched, want.Fired, request)
		}
		for _, list := range []struct {
			name      string
			got, want []string
		}{
			{"messages", outcome.Messages, want.Messages},
			{"warnings", outcome.Warnings, want.Warnings},
			{"recorded", outcome.Recorded, want.Recorded},
		} {
			if strings.Join(list.got, "\x00") != strings.Join(list.want, "\x00") {
				t.Fatalf("%s: %s\n%s\nreference\n%s\nrequest %+v", got.name, list.name,
					strings.Join(list.got, "\n"), strings.Join(list.want, "\n"), request)
			}
		}
		if outcome.Allowed != want.Allowed {
			t.Fatalf("%s: allowed %v, reference %v", got.name, outcome.Allowed, want.Allowed)
		}
		if !reflect.DeepEqual(outcome.Object, request.Object) {
			t.Fatalf("%s: the object was changed", got.name)
		}
	}
	return want
}

// random makes plans and objects from small alphabets, so that they meet.
type random struct {
	*rand.Rand
	texts []string
}

func pick[T any](r random, from ...T) T { return from[r.IntN(len(from))] }

func (r random) host() string {
	return pick(r, "docker.io", "docker.io", "index.docker.io", "registry-1.docker.io", "quay.io", "ghcr.io",
		"registry.k8s.io", "localhost:5000", "[::1]:5000", "my_registry.local")
}

func (r random) path(most int) string {
	parts := make([]string, r.IntN(most+1))
	for i := range parts {
		parts[i] = pick(r, "library", "acme", "a", "b", "123", "x--y", "c.d")
	}
	return strings.Join(parts, "/")
}

func join(host, path string) string { return strings.TrimSuffix(host+"/"+path, "/") }

func (r random) entries() []string {
	var entries []string
	for range r.IntN(3) {
		if path := r.path(2); path != "" {
			entries = append(entries, path)
		}
	}
	return entries
}

// set is a valid MirrorSet: mirrors lie on hosts of their own, so that nothing
// is rewritten twice; one may lie on Docker Hub, where it can be unrewritable.
func (r random) set(name string, hosts []string) *spec.MirrorSet {
	set := &spec.MirrorSet{Name: name}
	taken := map[string]bool{}
	for i := range 1 + r.IntN(4) {
		source := join(pick(r, hosts...), r.path(2))
		if taken[source] {
			continue
		}
		taken[source] = true
		address := pick(r, "m.example.com", "m.example.com/deep", "m.example.com:8443/hub", "docker.io/mirror", "[fd00::1]:5000",
			"m.example.com/"+strings.Repeat("long/", 45)+"end")
		m := spec.Mirror{Name: fmt.Sprintf("m%d", i), Source: source, Mirror: address, Except: r.entries()}
		if r.IntN(2) == 0 {
			m.Only = r.entries()
		}
		if r.IntN(5) == 0 {
			m.Aliases = []string{fmt.Sprintf("alias%d.example", i)}
		}
		set.Spec.Mirrors = append(set.Spec.Mirrors, m)
	}
	if r.IntN(2) == 0 {
		for range 1 + r.IntN(3) {
			set.Spec.Constraint.AllowRegistries = append(set.Spec.Constraint.AllowRegistries, join(r.host(), r.path(1)))
		}
	}
	set.Spec.Constraint.Enforcement = pick(r, "", "deny", "deny", "warn", "dryrun")
	set.Spec.Constraint.HonourPodSelector = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		set.Spec.Scope.PodSelector = r.selector()
	}
	if r.IntN(3) == 0 {
		set.Spec.Scope.NamespaceSelector = r.selector()
	}
	set.Spec.Scope.ExcludeNamespaces = pick(r, nil, []string{"shop"}, []string{"default", "other"})
	set.Spec.Scope.IncludeSystemNamespaces = r.IntN(2) == 0
	return set
}

func (r random) selector() *spec.Selector {
	s := &spec.Selector{}
	if r.IntN(2) == 0 {
		s.MatchLabels = map[string]string{pick(r, "a", "b"): pick(r, "1", "2")}
	}
	if r.IntN(2) == 0 {
		requirement := spec.Requirement{Key: pick(r, "a", "b", "kubernetes.io/metadata.name"), Operator: pick(r, "In", "NotIn", "Exists", "DoesNotExist")}
		if strings.HasSuffix(requirement.Operator, "In") {
			requirement.Values = pick(r, []string{"1"}, []string{"1", "2", "shop"})
		}
		s.MatchExpressions = []spec.Requirement{requirement}
	}
	return s
}

const hostile = "\"'{}[]\n\r\t$()`\\ \u00e9\u2028%@:/.-_aZ0"

func (r random) image() string {
	switch r.IntN(10) {
	case 0:
		return pick(r, r.texts...)
	case 1:
		letters := []rune(hostile)
		text := make([]rune, r.IntN(12))
		for i := range text {
			text[i] = pick(r, letters...)
		}
		return string(text) + pick(r, "", "{{ request }}", "$(x)", "${x}")
	case 2:
		text := []rune(pick(r, r.texts...))
		if len(text) > 0 {
			text[r.IntN(len(text))] = pick(r, []rune(hostile)...)
		}
		return string(text)
	case 3:
		return pick(r, "m.example.com/deep/a:1", "m.example.com/a", "m.example.com:8443/hub/x", "docker.io/mirror/a", "docker.io:443/nginx",
			"quay.io:443/acme/x", "QUAY.io:443/a", "alias1.example/acme", "[::1]:443/a", "index.docker.io:443/a/b", "alias0.example:443/a",
			strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("f", 64), strings.Repeat("f", 65), "a:"+strings.Repeat("t", 128),
			"a:"+strings.Repeat("t", 129), "a@sha256:"+strings.Repeat("0", 64), "a:1@sha512:"+strings.Repeat("0", 128),
			"a@sha384:"+strings.Repeat("0", 95), strings.Repeat("x/", 126)+"x", strings.Repeat("x ", 600), "my_registry.local/"+strings.Repeat("a", 237),
			"my_registry.local/"+strings.Repeat("a", 238), "docker.io/"+strings.Repeat("a", 247), "docker.io/"+strings.Repeat("a", 248), "",
			strings.Repeat("h", 4361)+".x/a", strings.Repeat("h", 4617)+".x/a", "docker.io/"+strings.Repeat("a/", 60)+"b")
	}
	host := pick(r, "", r.host()+"/", strings.ToUpper(r.host())+"/")
	return host + pick(r, "nginx", "acme/x", "a", "b/a", "library/nginx", "123/c.d/e", "acme/a/b", r.path(3)) + pick(r, "", ":1", ":x@sha256:"+strings.Repeat("a", 64))
}

// value is an image, or now and then what an API server would refuse.
func (r random) value() any {
	if r.IntN(25) == 0 {
		return pick[any](r, nil, int64(1), true, map[string]any{}, []any{"nginx"})
	}
	return r.image()
}

func (r random) containers() any {
	if r.IntN(20) == 0 {
		return pick[any](r, nil, map[string]any{"a": map[string]any{"image": "nginx"}}, "nginx", []any{})
	}
	list := make([]any, r.IntN(4))
	for i := range list {
		if r.IntN(30) == 0 {
			list[i] = pick[any](r, nil, "nginx", []any{})
			continue
		}
		item := map[string]any{"image": r.value(), "name": pick[any](r, "web", "a\"b", "", nil, int64(3), "{{ x }}\n")}
		if r.IntN(20) == 0 {
			delete(item, "image")
		}
		list[i] = item
	}
	return list
}

func (r random) podSpec() map[string]any {
	podSpec := map[string]any{"containers": r.containers()}
	if r.IntN(2) == 0 {
		podSpec["initContainers"] = r.containers()
	}
	if r.IntN(3) == 0 {
		podSpec["ephemeralContainers"] = r.containers()
	}
	if r.IntN(3) == 0 {
		podSpec["volumes"] = []any{
			map[string]any{"name": "v", "image": map[string]any{"reference": r.value()}},
			map[string]any{"name": "w", "image": pick[any](r, nil, "nginx", map[string]any{})},
			map[string]any{"name": "x", "emptyDir": map[string]any{}}, nil,
		}
	}
	return podSpec
}

func (r random) metadata() map[string]any {
	metadata := map[string]any{"name": "x"}
	if r.IntN(2) == 0 {
		metadata["namespace"] = pick[any](r, "shop", "default", "other", "kube-system", "")
	}
	if r.IntN(2) == 0 {
		metadata["labels"] = pick[any](r, map[string]any{"a": "1"}, map[string]any{"a": "2", "b": "1"}, map[string]any{"a": int64(1)}, nil, []any{"a"})
	}
	if r.IntN(15) == 0 {
		metadata["annotations"] = map[string]any{"kubernetes.io/config.mirror": pick[any](r, "x", "", false, nil)}
	}
	return metadata
}

func (r random) request() engine.Request {
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": r.metadata(), "spec": r.podSpec()}
	request := engine.Request{Object: pod, Operation: pick(r, "", engine.Create, engine.Create, engine.Update, engine.Update, engine.Delete, engine.Connect)}
	if r.IntN(4) == 0 {
		template := map[string]any{"metadata": r.metadata(), "spec": r.podSpec()}
		kind := pick(r, "apps/v1/Deployment", "apps/v1/DaemonSet", "apps/v1/StatefulSet", "apps/v1/ReplicaSet", "batch/v1/Job", "v1/ReplicationController", "batch/v1/CronJob", "example.com/v1/Deployment")
		cut := strings.LastIndexByte(kind, '/')
		workloadSpec := map[string]any{"template": template}
		if strings.HasSuffix(kind, "CronJob") {
			workloadSpec = map[string]any{"jobTemplate": map[string]any{"spec": workloadSpec}}
		}
		request.Object = map[string]any{"apiVersion": kind[:cut], "kind": kind[cut+1:], "metadata": r.metadata(), "spec": workloadSpec}
	}
	switch request.Operation {
	case engine.Update:
		old := clone(request.Object).(map[string]any)
		if r.IntN(2) == 0 {
			if oldSpec, ok := old["spec"].(map[string]any); ok && old["kind"] == "Pod" {
				oldSpec["containers"] = r.containers()
				delete(oldSpec, "initContainers")
			}
		}
		request.OldObject = old
		if old["kind"] == "Pod" {
			request.SubResource = pick(r, "", "", "ephemeralcontainers", "status")
		}
	case engine.Delete:
		request.Object, request.OldObject = nil, request.Object
	}
	if r.IntN(3) > 0 {
		request.NamespaceLabels = pick(r, map[string]string{}, map[string]string{"a": "1"}, map[string]string{"b": "2", "kubernetes.io/metadata.name": "forged"})
	}
	return request
}

func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = clone(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = clone(item)
		}
		return out
	}
	return value
}

func corpusTexts(t testing.TB) []string {
	var texts []string
	for _, row := range corpus.Images(t) {
		texts = append(texts, row.Image)
	}
	for _, real := range corpus.RealImages(t) {
		texts = append(texts, real.Image)
	}
	return texts
}

func TestBothEnginesJudgeRandomObjectsAsTheReferenceDoes(t *testing.T) {
	const plans, objects = 20, 50
	texts := corpusTexts(t)
	denied, warned, allowed := 0, 0, 0
	for seed := range uint64(plans) {
		r := random{rand.New(rand.NewPCG(seed, 7)), texts}
		sets := []*mirror.Plan{mirror.Compile(r.set("cn", []string{"docker.io", "quay.io", "ghcr.io", "[::1]:5000"}))}
		if r.IntN(3) == 0 {
			sets = append(sets, mirror.Compile(r.set("cn-b", []string{"registry.k8s.io", "localhost:5000"})))
		}
		engines := newAgree(t, sets...)
		for range objects {
			outcome := engines.check(t, r.request())
			switch {
			case len(outcome.Messages) > 0:
				denied++
			case len(outcome.Warnings) > 0:
				warned++
			case len(outcome.Matched) > 0:
				allowed++
			}
		}
	}
	if denied < 80 || warned < 10 || allowed < 80 {
		t.Errorf("%d denied, %d warned, %d allowed: the objects do not meet the plans", denied, warned, allowed)
	}
}

func TestBothEnginesReadEveryCorpusImageAsTheReferenceDoes(t *testing.T) {
	plan := mirror.Compile(&spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "hub", Source: "docker.io", Mirror: "m.example.com/hub", Only: []string{"library"}},
			{Name: "quay", Source: "quay.io", Mirror: "m.example.com/quay"},
		},
		Constraint: spec.Constraint{AllowRegistries: []string{"registry.k8s.io"}},
	}})
	engines := newAgree(t, plan)
	for _, text := range corpusTexts(t) {
		engines.check(t, engine.Request{Object: map[string]any{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "web", "image": text}}},
		}})
	}
}
