package agreement

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/reference"
)

// A lying session answers as the reference does, but for what lie makes of it.
type lying struct {
	engine.Session
	lie func(engine.Request, engine.Outcome) (engine.Outcome, error)
}

func (l *lying) Admit(ctx context.Context, request engine.Request) (engine.Outcome, error) {
	outcome, err := l.Session.Admit(ctx, request)
	if err != nil {
		return outcome, err
	}
	return l.lie(request, outcome)
}

// hub is a set of which everything is known.
func hub(t *testing.T) engine.Session {
	t.Helper()
	plan := mirror.Compile(&spec.MirrorSet{Name: "hub", Spec: spec.Spec{Mirrors: []spec.Mirror{{Name: "hub", Source: "docker.io", Mirror: "m.example.com"}}}})
	session, err := reference.New(plan).Load(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func create(images ...string) engine.Request {
	var containers []any
	for i, image := range images {
		containers = append(containers, map[string]any{"name": "c" + string(rune('0'+i)), "image": image})
	}
	return engine.Request{Operation: engine.Create, Object: map[string]any{"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "p", "namespace": namespace, "labels": map[string]any{"a": "b"}}, "spec": map[string]any{"containers": containers}}}
}

func TestADifferenceIsFoundAndMadeSmall(t *testing.T) {
	for _, row := range []struct {
		why      string
		requests []engine.Request
		lie      func(engine.Request, engine.Outcome) (engine.Outcome, error)
		want     []string
		kept     []string
		left     string
	}{
		{"an image that is not rewritten", []engine.Request{create("nginx", "busybox", "quay.io/a", "redis")},
			func(request engine.Request, out engine.Outcome) (engine.Outcome, error) {
				out.Object = mirrortest.Copy(out.Object).(map[string]any)
				for i, image := range images(request.Object) {
					if image.Text == "busybox" {
						images(out.Object)[i].Set("busybox")
					}
				}
				return out, nil
			}, []string{"the object is", "m.example.com/library/busybox"}, []string{`"busybox"`}, "redis"},
		{"a Pod that is let through", []engine.Request{create("nginx", "NGINX")},
			func(request engine.Request, out engine.Outcome) (engine.Outcome, error) {
				out.Allowed, out.Messages = true, nil
				return out, nil
			}, []string{"allowed is true, wanted false", "messages are"}, []string{"NGINX"}, `"nginx"`},
		{"a second pass that changes something", []engine.Request{create("nginx", "quay.io/a")},
			func(request engine.Request, out engine.Outcome) (engine.Outcome, error) {
				for i, image := range images(request.Object) {
					if strings.HasPrefix(image.Text, "m.example.com/") {
						out.Object = mirrortest.Copy(out.Object).(map[string]any)
						images(out.Object)[i].Set("m.example.com/" + image.Text)
					}
				}
				return out, nil
			}, []string{"a second pass"}, []string{"nginx"}, "quay.io/a"},
		{"no verdict", []engine.Request{create("nginx")},
			func(engine.Request, engine.Outcome) (engine.Outcome, error) {
				return engine.Outcome{}, errors.New("no answer")
			}, []string{"no answer"}, []string{"nginx"}, `"a"`},
	} {
		truth := hub(t)
		a := &arena{target: "kubernetes", session: &lying{truth, row.lie}, reference: truth}
		total := &counts{}
		found := a.submit(t.Context(), row.requests, total)
		if len(found) != 1 || total.differences != 1 || total.requests != 0 {
			t.Errorf("%s: %d differences found, %v", row.why, len(found), total)
			continue
		}
		told := a.explain(t.Context(), found[0])
		for _, text := range append(row.want, row.kept...) {
			if !strings.Contains(told, text) {
				t.Errorf("%s: %q is not told:\n%s", row.why, text, told)
			}
		}
		if strings.Contains(told, row.left) {
			t.Errorf("%s: %q has nothing to do with it:\n%s", row.why, row.left, told)
		}
	}
}

func TestWhatAgreesIsCounted(t *testing.T) {
	truth := hub(t)
	refusing := &lying{truth, func(request engine.Request, out engine.Outcome) (engine.Outcome, error) {
		if images(request.Object)[0].Text == "refused" {
			return out, engine.ErrUnsubmittable
		}
		return out, nil
	}}
	a := &arena{target: "kubernetes", session: refusing, reference: truth}
	total := &counts{}
	found := a.submit(t.Context(), []engine.Request{create("nginx", "quay.io/a"), create("NGINX", "nginx", "Redis"), create("refused")}, total)
	want := counts{requests: 2, pods: 2, images: 5, rewritten: 1, untouched: 1, denied: 2, refusals: 1, second: 1, unsubmittable: 1}
	if len(found) > 0 || *total != want {
		t.Errorf("got %+v, wanted %+v; %v", *total, want, found)
	}
}

// TestOnlyKyvernosWatchMayBeLate: anything else that is right the second time alone
// is a difference.
func TestOnlyKyvernosWatchMayBeLate(t *testing.T) {
	for _, row := range []struct {
		why, target string
		selects     bool
		labels      map[string]string
		wrong       int // how many answers are wrong before they are right
		late        int
	}{
		{"Kyverno does not know the namespace's labels yet", "kyverno-cel", true, map[string]string{"mirror": "yes"}, 1, 1},
		{"it knows them", "kyverno-cel", true, map[string]string{"mirror": "yes"}, 0, 0},
		{"it never does", "kyverno", true, map[string]string{"mirror": "yes"}, 2, 0},
		{"no policy asks for labels", "kyverno-cel", false, map[string]string{"mirror": "yes"}, 1, 0},
		{"the namespace has none", "kyverno", true, nil, 1, 0},
		{"an API server asks itself", "kubernetes", true, map[string]string{"mirror": "yes"}, 1, 0},
	} {
		truth, asked := hub(t), 0
		session := &lying{truth, func(request engine.Request, out engine.Outcome) (engine.Outcome, error) {
			if asked++; asked <= row.wrong {
				out.Object = request.Object
			}
			return out, nil
		}}
		request := create("nginx")
		request.NamespaceLabels = row.labels
		a := &arena{target: row.target, session: session, reference: truth, selects: row.selects}
		total := &counts{}
		a.submit(t.Context(), []engine.Request{request}, total)
		differences := 0
		if row.wrong > row.late {
			differences = 1
		}
		if total.late != row.late || total.differences != differences || total.requests != 1-differences {
			t.Errorf("%s: %v", row.why, total)
		}
	}
}

func TestAnAgreementInWhichNothingHappenedIsNone(t *testing.T) {
	full := counts{rewritten: 1, untouched: 1, denied: 1, warned: 1, recorded: 1, secrets: 1, annotations: 1, second: 1, changedCaches: 1}
	if lacks := full.lacks(); len(lacks) > 0 {
		t.Errorf("%v is lacking where nothing is", lacks)
	}
	for _, row := range []struct {
		name string
		n    *int
	}{
		{"rewritten", &full.rewritten}, {"untouched", &full.untouched}, {"denied", &full.denied}, {"warned of", &full.warned}, {"recorded", &full.recorded},
		{"given a pull secret", &full.secrets}, {"given an annotation", &full.annotations}, {"submitted again", &full.second}, {"changed in an ImageCache", &full.changedCaches},
	} {
		*row.n = 0
		if lacks := full.lacks(); len(lacks) != 1 || lacks[0] != row.name {
			t.Errorf("without any %s: %q is lacking", row.name, lacks)
		}
		*row.n = 1
	}
}
