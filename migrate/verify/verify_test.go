package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/migrate"
)

// A fake is an engine that does to each object what a function does.
type fake struct {
	name   string
	files  []artifact.File
	do     func(r engine.Request) (engine.Outcome, error)
	loads  error
	closed int
}

func (f *fake) Name() string { return f.name }
func (f *fake) Load(_ context.Context, files []artifact.File) (engine.Session, error) {
	f.files = files
	return f, f.loads
}
func (f *fake) Admit(_ context.Context, r engine.Request) (engine.Outcome, error) { return f.do(r) }
func (f *fake) Rules() []string                                                   { return nil }
func (f *fake) Close() error                                                      { f.closed++; return nil }

// rewriting changes the images of a copy of the object, and matches it.
func rewriting(change func(list, image string) string) func(engine.Request) (engine.Outcome, error) {
	return func(r engine.Request) (engine.Outcome, error) {
		data, err := document.Marshal(r.Object)
		if err != nil {
			return engine.Outcome{}, err
		}
		object, err := document.Document{Name: "x", Index: 1, Line: 1, Data: data}.Object()
		for _, i := range imagesOf(object) {
			i.Set(change(i.List, i.Text))
		}
		return engine.Outcome{Allowed: true, Object: object, Matched: []string{"p/r"}}, err
	}
}

func objects(t *testing.T, text string) []Fixture {
	t.Helper()
	var fixtures []Fixture
	for i, part := range strings.Split(text, "---\n") {
		object, err := document.Document{Name: "x", Index: 1, Line: 1, Data: []byte(part)}.Object()
		if err != nil {
			t.Fatal(err)
		}
		fixtures = append(fixtures, Fixture{Where: fmt.Sprintf("f%d", i), Object: object})
	}
	return fixtures
}

const policy = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  failurePolicy: Ignore
  rules:
  - name: r
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate:
      foreach:
      - list: request.object.spec.containers
        patchStrategicMerge: {spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^docker[.]io/', element.image, 'm.example/hub/') }}"}]}}
`

// comparison is one of what was migrated from text, with an engine for the old side.
func comparison(t *testing.T, name, text string, old *fake) *Comparison {
	t.Helper()
	result, err := migrate.Read([]migrate.File{{Name: name, Data: []byte(text)}}, migrate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(result.Sets)
	if err != nil {
		t.Fatal(err)
	}
	session, err := reference.New(plans...).Load(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Comparison{Policies: result.Policies, Nodes: result.Nodes, Plans: plans, New: session, NamespaceLabels: map[string]map[string]string{},
		Engine: func(name string) (engine.Engine, error) {
			if old.name != name {
				return nil, fmt.Errorf("engine %s is asked for", name)
			}
			return old, nil
		}}
}

func lines(r *Report) string {
	var b strings.Builder
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "%s %s %s: %q -> %q: %s: %s\n", l.Where, l.Place, l.Image, l.Old, l.New, l.Right, l.Why)
	}
	return b.String()
}

func TestEachImageThatDiffersIsALineAndTheOthersAreCounted(t *testing.T) {
	old := &fake{name: "kyverno", do: rewriting(func(list, image string) string {
		switch {
		case list != "containers":
			return image
		case image == "nginx":
			return "m.example/hub/nginx:latest"
		}
		return strings.Replace(image, "docker.io/", "m.example/hub/", 1)
	})}
	c := comparison(t, "p.yaml", policy, old)
	report, err := c.Run(context.Background(), objects(t, `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: nginx}, {name: y, image: "docker.io/acme/web:1"}], initContainers: [{name: z, image: "docker.io/acme/web:1"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: kube-system}, spec: {containers: [{name: x, image: "docker.io/acme/web:1"}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c}, spec: {containers: [{name: x}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := `f0 spec.containers[0] "x" nginx: "m.example/hub/nginx:latest" -> "m.example/hub/library/nginx:latest": new: old: lacks library/, where Docker Hub's official images are
f0 spec.initContainers[0] "z" docker.io/acme/web:1: "docker.io/acme/web:1" -> "m.example/hub/acme/web:1": new: old left it: an init container
f1 spec.containers[0] "x" docker.io/acme/web:1: "m.example/hub/acme/web:1" -> "docker.io/acme/web:1": undecided: new leaves the Pod alone: its scope leaves out namespace kube-system
`
	if lines(report) != want || report.Pods != 3 || report.Images != 4 || report.Same != 1 || report.Count(migrate.New) != 2 || report.Count(migrate.Undecided) != 1 {
		t.Errorf("%+v\n%swant\n%s", report, lines(report), want)
	}
	if old.closed != 2 {
		t.Errorf("the session and the engine were closed %d times in all, want 2", old.closed)
	}
	if len(old.files) != 1 || !strings.Contains(string(old.files[0].Data), "kind: ClusterPolicy") {
		t.Errorf("the engine was given %v", old.files)
	}
}

func TestAWorkloadIsRewrittenAsItselfAndThenAsItsPod(t *testing.T) {
	// Whoever puts a host before every image does so twice.
	old := &fake{name: "kyverno", do: rewriting(func(_, image string) string { return "m.example/hub/" + strings.TrimPrefix(image, "docker.io/") })}
	c := comparison(t, "p.yaml", policy, old)
	report, err := c.Run(context.Background(), objects(t, `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: x, image: "docker.io/acme/web:1"}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(report); !strings.Contains(got, `"m.example/hub/m.example/hub/acme/web:1" -> "m.example/hub/acme/web:1"`) {
		t.Errorf("got %s", got)
	}
}

func TestWhatTheOldSideRefusesIsItsFault(t *testing.T) {
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: "docker.io/acme/web:1"}]}}`
	const deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {spec: {containers: [{name: x, image: "docker.io/acme/web:1"}]}}}}`
	refuse := func(engine.Request) (engine.Outcome, error) {
		return engine.Outcome{Messages: []string{strings.Repeat("nested: ", 60) + "no such key"}}, nil
	}
	for _, row := range []struct {
		why, object string
		do          func(engine.Request) (engine.Outcome, error)
		want        string
	}{
		{"a denial", pod, refuse, `"" -> "m.example/hub/acme/web:1": new: old failed the whole rule: nested: `},
		{"its cause stands at the end", pod, refuse, "no such key\n"},
		{"a denial without words", pod, func(engine.Request) (engine.Outcome, error) { return engine.Outcome{}, nil }, "the Pod is refused"},
		{"a workload that is denied", deployment, refuse, "no such key\n"},
		{"a rule that failed and was passed over", pod, func(r engine.Request) (engine.Outcome, error) {
			return engine.Outcome{Allowed: true, Object: r.Object, Matched: []string{"p/r"}, Warnings: []string{"engine: p/r: error: bad image"}}, nil
		}, "old failed the whole rule: p/r: error: bad image"},
		{"no rule is about it", pod, func(r engine.Request) (engine.Outcome, error) {
			return engine.Outcome{Allowed: true, Object: r.Object}, nil
		}, "undecided: old leaves the Pod alone: no old policy is about it"},
		{"a container that is gone", pod, func(engine.Request) (engine.Outcome, error) {
			return engine.Outcome{Allowed: true, Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{}}}, nil
		}, "old: the container is gone"},
		{"a container that is new", pod, func(engine.Request) (engine.Outcome, error) {
			return engine.Outcome{Allowed: true, Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"containers": []any{
				map[string]any{"name": "x", "image": "m.example/hub/acme/web:1"}, map[string]any{"name": "dbg", "image": "a"}}}}}, nil
		}, `spec.containers[1] "dbg" : "a" -> "": new: old: adds a container`},
	} {
		report, err := comparison(t, "p.yaml", policy, &fake{name: "kyverno", do: row.do}).Run(context.Background(), objects(t, row.object))
		if err != nil || !strings.Contains(lines(report), row.want) {
			t.Errorf("%s: %v\n%swant %s", row.why, err, lines(report), row.want)
		}
	}
}

func TestNoComparisonIsNoPass(t *testing.T) {
	unchanged := func(r engine.Request) (engine.Outcome, error) {
		return engine.Outcome{Allowed: true, Object: r.Object}, nil
	}
	for _, row := range []struct {
		why, object string
		old         *fake
		want        string
	}{
		{"no Pod", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", &fake{name: "kyverno", do: unchanged}, "hold no Pod"},
		{"no image", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}", &fake{name: "kyverno", do: unchanged}, "hold no image"},
		{"an engine that is absent", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}", &fake{name: "other"}, "engine kyverno is asked for"},
		{"policies that do not load", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}", &fake{name: "kyverno", loads: errors.New("no such field")}, "the old policies: kyverno: no such field"},
		{"an engine that breaks", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}", &fake{name: "kyverno", do: func(engine.Request) (engine.Outcome, error) { return engine.Outcome{}, engine.ErrBroken }}, "engine broke"},
	} {
		_, err := comparison(t, "p.yaml", policy, row.old).Run(context.Background(), objects(t, row.object))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.why, err, row.want)
		}
	}
	if _, err := (&Comparison{}).Run(context.Background(), nil); err == nil {
		t.Error("nothing at all was compared")
	}
}

func TestANodePullsWhatAdmissionMade(t *testing.T) {
	result, err := migrate.Read([]migrate.File{
		{Name: "p.yaml", Data: []byte(policy)},
		{Name: "r.yaml", Data: []byte("mirrors: {quay.io: {endpoint: ['https://m.example/v2/quay']}}\n")},
	}, migrate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := comparison(t, "p.yaml", policy, &fake{name: "kyverno", do: rewriting(func(_, image string) string { return strings.Replace(image, "docker.io/", "m.example/hub/", 1) })})
	if c.Plans, err = generator.Plans(result.Sets); err != nil {
		t.Fatal(err)
	}
	c.Nodes = result.Nodes
	if c.New, err = reference.New(c.Plans...).Load(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	report, err := c.Run(context.Background(), objects(t, `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: "docker.io/acme/web:1"}, {name: y, image: "quay.io/a/b:1"}, {name: z, image: "gcr.io/a/b:1"}]}}`))
	if err != nil || len(report.Lines) > 0 || report.Same != 3 {
		t.Errorf("%v\n%s", err, lines(report))
	}
}

func TestNodesAreComparedWithoutAnEngine(t *testing.T) {
	const idms = "apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\nmetadata: {name: a}\nspec: {imageDigestMirrors: [{source: quay.io/acme, mirrors: [m.example/acme]}]}\n"
	c := comparison(t, "o.yaml", idms, &fake{name: "none"})
	c.New = nil
	report, err := c.Run(context.Background(), objects(t, `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: kube-system}, spec: {containers: [{name: x, image: "quay.io/acme/x:1"}, {name: y, image: "quay.io/acme/x@sha256:`+strings.Repeat("d", 64)+`"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `f0 spec.containers[0] "x" quay.io/acme/x:1: "quay.io/acme/x:1" -> "m.example/acme/x:1": undecided: old leaves the Pod alone: the rule for its registry is for images with a digest alone` + "\n"; lines(report) != want || report.Same != 1 {
		t.Errorf("got\n%swant\n%s", lines(report), want)
	}
}

func TestAnAdmissionPolicyWithoutItsBindingIsBound(t *testing.T) {
	const text = "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicy\nmetadata: {name: p}\nspec:\n  failurePolicy: Fail\n  reinvocationPolicy: Never\n  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}\n  mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: \"Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, image: c.image.replace('quay.io/', 'm.example/')})}}\"}}]\n"
	const binding = "---\napiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: p}\nspec: {policyName: p}\n"
	for _, row := range []struct{ why, text string }{{"it came alone", text}, {"it came with one", text + binding}} {
		old := &fake{name: "kubernetes", do: rewriting(func(_, image string) string { return strings.Replace(image, "quay.io/", "m.example/", 1) })}
		report, err := comparison(t, "p.yaml", row.text, old).Run(context.Background(), objects(t, `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: "quay.io/a/b:1"}]}}`))
		if err != nil || report.Same != 1 {
			t.Errorf("%s: %v", row.why, err)
		}
		bindings := 0
		for _, file := range old.files {
			bindings += strings.Count(string(file.Data), "kind: MutatingAdmissionPolicyBinding")
		}
		if bindings != 1 {
			t.Errorf("%s: %d bindings were loaded", row.why, bindings)
		}
	}
}

func TestTheRegistryHoldsWhatItsClientCanAskFor(t *testing.T) {
	var asked []string
	old := &fake{name: "kyverno", do: func(r engine.Request) (engine.Outcome, error) {
		asked = r.RegistryImages
		return engine.Outcome{Allowed: true, Object: r.Object}, nil
	}}
	if _, err := comparison(t, "p.yaml", policy, old).Run(context.Background(), objects(t, `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: x, image: nginx}, {name: y, image: NGINX}, {name: z, image: x}]}}`)); err != nil {
		t.Fatal(err)
	}
	if strings.Join(asked, " ") != "nginx" {
		t.Errorf("the registry holds %v, want nginx: Kyverno's client refuses the others", asked)
	}
}
