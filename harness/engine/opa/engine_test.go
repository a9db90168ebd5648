package opa_test

import (
	"context"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
)

// hubPlan is a plan of one mirror that holds library/ alone.
func hubPlan(change func(*spec.Spec)) *mirror.Plan {
	set := &spec.MirrorSet{Name: "cn", Spec: spec.Spec{Mirrors: []spec.Mirror{
		{Name: "hub", Source: "docker.io", Mirror: "m.example.com/hub", Only: []string{"library"}},
	}}}
	if change != nil {
		change(&set.Spec)
	}
	return mirror.Compile(set)
}

func pod(images ...string) map[string]any {
	var containers []any
	for _, image := range images {
		containers = append(containers, map[string]any{"name": "web", "image": image})
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"},
		"spec": map[string]any{"containers": containers}}
}

func deployment(images ...string) map[string]any {
	return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "x"},
		"spec": map[string]any{"template": map[string]any{"spec": pod(images...)["spec"]}}}
}

const (
	upstream = `spec.containers[0] "web": image "nginx" (docker.io/library/nginx:latest) must be "m.example.com/hub/library/nginx:latest"`
	notHeld  = `spec.containers[1] "web": image "a/b" is not served by mirror hub (it holds library)`
)

func admit(t *testing.T, session engine.Session, request engine.Request) engine.Outcome {
	t.Helper()
	outcome, err := session.Admit(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func TestGatekeeperNamesTheConstraintsThatMatchedAndFired(t *testing.T) {
	session := load(t, opa.NewGatekeeper(), rendered(t, hubPlan(nil)))
	if got := strings.Join(session.Rules(), " "); got != "cn cn-template-warnings cn-templates cn-warnings" {
		t.Errorf("rules %s", got)
	}
	for _, test := range []struct {
		why            string
		request        engine.Request
		matched, fired string
		messages       string
		warnings       string
	}{
		{"a Pod is seen by the constraints on what is submitted", engine.Request{Object: pod("nginx", "a/b")},
			"cn cn-warnings", "cn cn-warnings", upstream, notHeld},
		{"a workload is seen through expansion, and may use a source", engine.Request{Object: deployment("nginx", "a/b")},
			"cn-template-warnings cn-templates", "cn-template-warnings", "", notHeld},
		{"a deletion is no business of the plan", engine.Request{Operation: engine.Delete, OldObject: pod("nginx")}, "", "", "", ""},
		{"a static Pod's mirror is none either", engine.Request{Object: withMetadata(pod("nginx"), map[string]any{
			"annotations": map[string]any{"kubernetes.io/config.mirror": "x"}})}, "", "", "", ""},
		{"an excluded namespace is not covered", engine.Request{Object: withMetadata(pod("nginx"), map[string]any{"namespace": "kube-system"})},
			"", "", "", ""},
		{"another kind matches nothing", engine.Request{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}, "", "", "", ""},
		{"without the validate phase nothing is judged", engine.Request{Object: pod("nginx"), Phases: []engine.Phase{engine.Mutate}},
			"", "", "", ""},
	} {
		outcome := admit(t, session, test.request)
		if got := strings.Join(outcome.Matched, " "); got != test.matched {
			t.Errorf("%s: matched %q", test.why, got)
		}
		if got := strings.Join(outcome.Fired, " "); got != test.fired {
			t.Errorf("%s: fired %q", test.why, got)
		}
		if got := strings.Join(outcome.Messages, "\n"); got != test.messages {
			t.Errorf("%s: messages %q", test.why, got)
		}
		if got := strings.Join(outcome.Warnings, "\n"); got != test.warnings {
			t.Errorf("%s: warnings %q", test.why, got)
		}
		if outcome.Allowed != (test.messages == "") {
			t.Errorf("%s: allowed %v", test.why, outcome.Allowed)
		}
	}
}

func withMetadata(object, further map[string]any) map[string]any {
	for key, value := range further {
		object["metadata"].(map[string]any)[key] = value
	}
	return object
}

func TestRegoNamesTheSetsThatMatchedAndFired(t *testing.T) {
	session := load(t, opa.NewRego(), rendered(t, hubPlan(nil)))
	outcome := admit(t, session, engine.Request{Object: pod("nginx", "a/b")})
	if outcome.Allowed || strings.Join(outcome.Messages, "\n") != upstream || strings.Join(outcome.Warnings, "\n") != notHeld ||
		strings.Join(outcome.Matched, " ") != "cn" || strings.Join(outcome.Fired, " ") != "cn" || strings.Join(session.Rules(), " ") != "cn" {
		t.Errorf("%+v", outcome)
	}
	outcome = admit(t, session, engine.Request{Object: pod("nginx"), Phases: []engine.Phase{engine.Mutate}})
	if !outcome.Allowed || len(outcome.Matched) > 0 {
		t.Errorf("without the validate phase: %+v", outcome)
	}
}

func TestUnknownNamespaceLabelsAreAnErrorOnlyWhereTheyDecide(t *testing.T) {
	files := rendered(t, hubPlan(func(s *spec.Spec) {
		s.Scope.NamespaceSelector = &spec.Selector{MatchLabels: map[string]string{"mirror": "enabled"}}
	}))
	for _, e := range []engine.Engine{opa.NewRego(), opa.NewGatekeeper()} {
		session := load(t, e, files)
		_, err := session.Admit(context.Background(), engine.Request{Object: pod("nginx")})
		if err == nil || !strings.Contains(err.Error(), `namespace "default"`) {
			t.Errorf("%s: a Pod in a namespace of unknown labels: %v", e.Name(), err)
		}
		admit(t, session, engine.Request{Operation: engine.Delete, OldObject: pod("nginx")})
		admit(t, session, engine.Request{Object: withMetadata(pod("nginx"), map[string]any{"namespace": "kube-system"})})
		if outcome := admit(t, session, engine.Request{Object: pod("nginx"), NamespaceLabels: map[string]string{}}); !outcome.Allowed || len(outcome.Matched) > 0 {
			t.Errorf("%s: a namespace that is not selected: %+v", e.Name(), outcome)
		}
	}
}

func TestARequestNoClusterMakesIsAnError(t *testing.T) {
	files := rendered(t, hubPlan(nil))
	for _, e := range []engine.Engine{opa.NewRego(), opa.NewGatekeeper()} {
		if _, err := load(t, e, files).Admit(context.Background(), engine.Request{Operation: engine.Update, Object: pod("nginx")}); err == nil {
			t.Errorf("%s: an UPDATE without an old object has a verdict", e.Name())
		}
	}
}

func TestMessagesKeepTheOrderOfTheImages(t *testing.T) {
	images := make([]string, 12)
	for i := range images {
		images[i] = "NGINX"
	}
	object := pod(images...)
	object["spec"].(map[string]any)["initContainers"] = []any{map[string]any{"image": "X"}}
	object["spec"].(map[string]any)["ephemeralContainers"] = []any{map[string]any{"image": "X"}}
	for _, e := range []engine.Engine{opa.NewRego(), opa.NewGatekeeper()} {
		outcome := admit(t, load(t, e, rendered(t, hubPlan(nil))), engine.Request{Object: object})
		if len(outcome.Messages) != 14 || !strings.HasPrefix(outcome.Messages[2], "spec.containers[2]") ||
			!strings.HasPrefix(outcome.Messages[10], "spec.containers[10]") ||
			!strings.HasPrefix(outcome.Messages[12], "spec.initContainers[0]") || !strings.HasPrefix(outcome.Messages[13], "spec.ephemeralContainers[0]") {
			t.Errorf("%s: %q", e.Name(), outcome.Messages)
		}
	}
}

func TestRegoRefusesWhatItCannotJudgeBy(t *testing.T) {
	files := rendered(t, hubPlan(nil))
	policy, data := hostedBy(files, "rego/policy/"), hostedBy(files, "rego/data/")
	for _, test := range []struct {
		why   string
		files []artifact.File
		want  string
	}{
		{"no file", nil, "no .rego file"},
		{"a policy without data", policy, "no data"},
		{"data without a policy", data, "no .rego file"},
		{"a policy of someone else", []artifact.File{{Path: "a.rego", Data: []byte("package main\n\ndeny contains \"no\" if input.x\n")}}, "has no rule problems"},
		{"Rego that does not parse", []artifact.File{{Path: "a.rego", Data: []byte("package main\n\ndeny[x] { x }")}}, "a.rego"},
		{"a builtin that is too new", []artifact.File{{Path: "a.rego", Data: []byte("package main\n\na := strings.split_n(\"a\", \"b\", 1)\n")}}, "split_n"},
		{"a set given twice", append(append(data[:1:1], artifact.File{Path: "again.yaml", Data: data[0].Data}), policy...), "given twice"},
		{"data that is no YAML", append(policy[:len(policy):len(policy)], artifact.File{Path: "a.yaml", Data: []byte("a: [")}), "a.yaml"},
	} {
		if _, err := opa.NewRego().Load(context.Background(), test.files); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.why, err, test.want)
		}
	}
}

func TestRegoWithASetThatCannotBeUsedIsAnErrorAndNoVerdict(t *testing.T) {
	files := hostedBy(rendered(t, hubPlan(nil)), "rego/policy/")
	session := load(t, opa.NewRego(), append(files, artifact.File{Path: "a.yaml", Data: []byte("mirrorgen: {sets: {a: {set: a}}}\n")}))
	if _, err := session.Admit(context.Background(), engine.Request{Object: pod("nginx")}); err == nil {
		t.Error("a set without a table has a verdict")
	}
}

func TestSeveralConstraintsAreJudgedSetBySet(t *testing.T) {
	second := hubPlan(nil)
	second.Name, second.Enforcement = "a", "warn"
	outcome := admit(t, load(t, opa.NewGatekeeper(), rendered(t, hubPlan(nil), second)), engine.Request{Object: pod("nginx", "a/b")})
	if got := strings.Join(outcome.Warnings, "\n"); got != strings.Join([]string{upstream, notHeld, notHeld}, "\n") {
		t.Errorf("warnings\n%s", got)
	}
	if got := strings.Join(outcome.Fired, " "); got != "a cn cn-warnings" {
		t.Errorf("fired %s", got)
	}
}
