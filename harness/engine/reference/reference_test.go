package reference_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/reference"
)

// session runs the MirrorSets of a text: each is what stands behind the kind.
func session(t *testing.T, sets ...string) engine.Session {
	t.Helper()
	var text strings.Builder
	for _, set := range sets {
		text.WriteString("---\napiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\n" + set + "\n")
	}
	parsed, err := spec.Parse("mirrors.yaml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(parsed)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := reference.New(plans...).Load(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// objects reads a YAML stream; one is its only object.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	reader := document.NewReader("object.yaml", strings.NewReader(text))
	all := []map[string]any{}
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		object, err := doc.Object()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
}

func one(t *testing.T, text string) map[string]any {
	t.Helper()
	all := objects(t, text)
	if len(all) != 1 {
		t.Fatalf("%d objects in %s", len(all), text)
	}
	return all[0]
}

// pod is a Pod with that spec, and metadata beside its name.
func pod(t *testing.T, metadata, podSpec string) map[string]any {
	t.Helper()
	if metadata != "" {
		metadata = ", " + metadata
	}
	return one(t, "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop"+metadata+"}, spec: {"+podSpec+"}}")
}

func admit(t *testing.T, s engine.Session, request engine.Request) engine.Outcome {
	t.Helper()
	before := show(t, request.Object) + show(t, request.OldObject) + show(t, request.Cluster...)
	outcome, err := s.Admit(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if show(t, request.Object)+show(t, request.OldObject)+show(t, request.Cluster...) != before {
		t.Error("the request was changed")
	}
	return outcome
}

func show(t *testing.T, all ...map[string]any) string {
	t.Helper()
	text, err := document.Stream(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	openSet = "metadata: {name: open}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub}]}"
	nsSet   = "metadata: {name: ns}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub}], scope: {namespaceSelector: {matchLabels: {mirror: 'yes'}}}}"
)

func TestAReferenceWithoutPlansIsNoPass(t *testing.T) {
	if _, err := reference.New().Load(context.Background(), nil); err == nil || err.Error() != "reference: no plan to run" {
		t.Errorf("got %v", err)
	}
	if name := reference.New().Name(); name != "reference" {
		t.Errorf("name %q", name)
	}
}

func TestRulesAreWhatASetHas(t *testing.T) {
	const secret = "pullSecret: {name: s, namespace: home, allNamespaces: true"
	for _, row := range []struct{ why, set, want string }{
		{"a set without needs", openSet, "open/constraint open/rewrite"},
		{"ImageCaches", "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub}], serverless: [alibaba-eci]}", "a/constraint a/image-caches a/rewrite"},
		{"another platform has none", "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub}], serverless: [tencent-eks]}", "a/constraint a/rewrite"},
		{"a pull secret", "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, " + secret + "}}]}", "a/constraint a/pull-secrets a/rewrite"},
		{"ServiceAccounts", "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, " + secret + ", serviceAccounts: [default]}}]}", "a/constraint a/pull-secrets a/rewrite a/service-accounts"},
	} {
		if got := strings.Join(session(t, row.set).Rules(), " "); got != row.want {
			t.Errorf("%s: %s, want %s", row.why, got, row.want)
		}
	}
	both := strings.Join(session(t, strings.Replace(openSet, "open", "z", 1), "metadata: {name: a}\nspec: {mirrors: [{source: quay.io, mirror: m.example/quay}]}").Rules(), " ")
	if both != "a/constraint a/rewrite z/constraint z/rewrite" {
		t.Errorf("two sets: %s", both)
	}
}

func TestWhatIsNoPodIsLetThroughUnseen(t *testing.T) {
	web := pod(t, "", "containers: [{name: c, image: NGINX}]")
	for _, row := range []struct {
		why     string
		request engine.Request
	}{
		{"a DELETE", engine.Request{Operation: engine.Delete, OldObject: web}},
		{"a CONNECT", engine.Request{Operation: engine.Connect, Object: web}},
		{"another subresource", engine.Request{Operation: engine.Update, SubResource: "status", Object: web, OldObject: web}},
		{"the picture of a static Pod", engine.Request{Object: pod(t, "annotations: {kubernetes.io/config.mirror: x}", "containers: [{name: c, image: NGINX}]")}},
		{"a system namespace", engine.Request{Object: one(t, "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: kube-system}, spec: {containers: [{name: c, image: NGINX}]}}")}},
		{"another kind", engine.Request{Object: one(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {image: NGINX}}")}},
		{"an ImageCache, where no set serves the platform", engine.Request{Object: one(t, "{apiVersion: eci.alibabacloud.com/v1, kind: ImageCache, metadata: {name: c}, spec: {images: [nginx]}}")}},
		{"a ServiceAccount, where no set names it", engine.Request{Object: one(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}")}},
		{"a Pod that exists", engine.Request{Operation: engine.Existing, Object: web, Cluster: []map[string]any{}}},
	} {
		outcome := admit(t, session(t, openSet), row.request)
		if !outcome.Allowed || !reflect.DeepEqual(outcome.Object, row.request.Object) || len(outcome.Matched)+len(outcome.Fired)+len(outcome.Messages)+len(outcome.Warnings) > 0 {
			t.Errorf("%s: %+v", row.why, outcome)
		}
	}
}

func TestEveryPhaseIsRunAloneOnRequest(t *testing.T) {
	web := pod(t, "", "containers: [{name: c, image: nginx}, {name: d, image: NGINX}]")
	mutated := admit(t, session(t, openSet), engine.Request{Object: web, Phases: []engine.Phase{engine.Mutate}})
	if !mutated.Allowed || strings.Join(mutated.Matched, " ") != "open/rewrite" || strings.Join(mutated.Fired, " ") != "open/rewrite" || mutated.Cluster != nil {
		t.Errorf("mutate: %+v", mutated)
	}
	judged := admit(t, session(t, openSet), engine.Request{Object: web, Phases: []engine.Phase{engine.Validate}})
	if judged.Allowed || len(judged.Messages) != 2 || !reflect.DeepEqual(judged.Object, web) || strings.Join(judged.Matched, " ") != "open/constraint" {
		t.Errorf("validate: %+v", judged)
	}
	clean := admit(t, session(t, openSet), engine.Request{Object: pod(t, "", "containers: [{name: c, image: m.example/hub/x}]")})
	if !clean.Allowed || strings.Join(clean.Matched, " ") != "open/constraint open/rewrite" || len(clean.Fired) != 0 {
		t.Errorf("nothing to do: %+v", clean)
	}
}

func TestFindingsGoWhereTheEnforcementSays(t *testing.T) {
	const many = "1,2,3,4,5,6,7,8,9,10,11"
	for _, row := range []struct{ enforcement, messages, warnings, recorded string }{
		{"deny", "invalid too-many", "lacks", ""},
		{"warn", "", "invalid too-many lacks", ""},
		{"dryrun", "", "", "invalid too-many lacks"},
	} {
		s := session(t, "metadata: {name: s}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, pullSecret: {name: s, namespace: home, allNamespaces: true}}], serverless: [huawei-cci], constraint: {enforcement: "+row.enforcement+"}}")
		created := admit(t, s, engine.Request{Object: pod(t, "annotations: {cci.io/http-registries: '"+many+"'}", "containers: [{name: c, image: NGINX}]")})
		updated := admit(t, s, engine.Request{Operation: engine.Update, Object: pod(t, "", "containers: [{name: c, image: m.example/hub/x}]"), OldObject: pod(t, "", "containers: [{name: c, image: m.example/hub/y}]")})
		kinds := func(lists ...[]string) string {
			var names []string
			for _, list := range lists {
				for _, text := range list {
					for part, name := range map[string]string{"is not a valid reference": "invalid", "lists 11 registries": "too-many", "needs pull secret": "lacks"} {
						if strings.Contains(text, part) {
							names = append(names, name)
						}
					}
				}
			}
			return strings.Join(names, " ")
		}
		if got := kinds(created.Messages, updated.Messages); got != row.messages || created.Allowed != (row.messages == "") {
			t.Errorf("%s: denied for %s, want %s", row.enforcement, got, row.messages)
		}
		if got := kinds(created.Warnings, updated.Warnings); got != row.warnings {
			t.Errorf("%s: warned of %s, want %s", row.enforcement, got, row.warnings)
		}
		if got := kinds(created.Recorded, updated.Recorded); got != row.recorded {
			t.Errorf("%s: recorded %s, want %s", row.enforcement, got, row.recorded)
		}
		if !updated.Allowed {
			t.Errorf("%s: a lacking secret denies", row.enforcement)
		}
	}
}

func TestNamespaceLabelsThatAreNotKnownAreAnError(t *testing.T) {
	web := pod(t, "", "containers: [{name: c, image: nginx}]")
	account := one(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}")
	for _, object := range []map[string]any{web, account} {
		if outcome, err := session(t, nsSet).Admit(t.Context(), engine.Request{Object: object}); err == nil || outcome.Allowed {
			t.Errorf("%v: %+v, %v: a guess", object["kind"], outcome, err)
		}
	}
	for labels, want := range map[string]string{"yes": "m.example/hub/library/nginx:latest", "no": "nginx"} {
		outcome := admit(t, session(t, nsSet), engine.Request{Object: web, NamespaceLabels: map[string]string{"mirror": labels}})
		if got := outcome.Object["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"]; got != want {
			t.Errorf("mirror=%s: %v, want %s", labels, got, want)
		}
	}
}
