package agreement

import (
	"maps"
	"math/rand"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

// mutators are the engines that change objects.
func (l *loaded) mutators() map[string]engine.Session {
	sessions := map[string]engine.Session{}
	for i, c := range l.columns {
		if c.mutates {
			sessions[c.name] = l.sessions[i]
		}
	}
	return sessions
}

// TestEnginesAgreeOnImageCaches holds the one other kind whose images are
// rewritten to the reference, and to itself on a second pass.
func TestEnginesAgreeOnImageCaches(t *testing.T) {
	all := columns(t)
	changed := 0
	for seed := range int64(30) {
		r := rand.New(rand.NewSource(seed))
		set := mirrortest.RandomSet(r)
		set.Spec.Serverless = [][]string{{"alibaba-eci"}, {"alibaba-eci", "tencent-eks", mirror.VolcengineVCI}}[r.Intn(2)]
		l := load(t, all, set)
		for range 20 {
			request := create(mirrortest.RandomImageCache(r, set))
			before := show(request.Object)
			want := l.admit(t, t.Context(), l.reference, request, engine.Mutate)
			if show(want.Object) != before {
				changed++
			}
			again := request
			again.Object = want.Object
			if second := l.admit(t, t.Context(), l.reference, again, engine.Mutate); !sameJSON(second.Object, want.Object) {
				t.Fatalf("seed %d: the reference changes on a second pass\n%s\nto\n%s", seed, show(want.Object), show(second.Object))
			}
			for name, session := range l.mutators() {
				got := l.admit(t, t.Context(), session, request, engine.Mutate)
				if !sameJSON(got.Object, want.Object) || !got.Allowed || len(got.Warnings) > 0 {
					t.Fatalf("seed %d: %s mutates\n%s\nto\n%s\nwanted is\n%s\nwarnings %q\nset %s", seed, name, before, show(got.Object), show(want.Object), got.Warnings, show(set.Object()))
				}
				if second := l.admit(t, t.Context(), session, again, engine.Mutate); !sameJSON(second.Object, want.Object) {
					t.Fatalf("seed %d: %s changes on a second pass\n%s\nto\n%s", seed, name, show(want.Object), show(second.Object))
				}
			}
		}
		l.close(t)
	}
	if changed < 150 {
		t.Errorf("%d ImageCaches were changed: too few to mean anything", changed)
	}
}

// TestEnginesAgreeOnClusters holds cloning and ServiceAccounts to the reference.
// A clone whose source is gone is left out: in a cluster Kyverno deleted it with
// the source, and offline it has no labels to be found by.
func TestEnginesAgreeOnClusters(t *testing.T) {
	set := &spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "hub", Source: "docker.io", Mirror: "harbor.example/hub", PullSecret: &spec.PullSecret{Name: "a", Namespace: "home", ServiceAccounts: []string{"default", "builder"}}},
			{Name: "images", Source: "quay.io", Mirror: "harbor.example/quay", PullSecret: &spec.PullSecret{Name: "b", Namespace: "away", ServiceAccounts: []string{"default"}}},
			{Name: "gcr", Source: "gcr.io", Mirror: "harbor.example/gcr", PullSecret: &spec.PullSecret{Name: "a", Namespace: "home"}},
		},
		Scope: spec.Scope{ExcludeNamespaces: []string{"build"}, NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "yes"}}},
	}}
	l := load(t, columns(t), set)
	defer l.close(t)
	for seed := range int64(200) {
		r := rand.New(rand.NewSource(seed))
		request := randomCluster(r)
		want, err := l.reference.Admit(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		again := request
		again.Cluster = want.Cluster
		if second, err := l.reference.Admit(t.Context(), again); err != nil || show(second.Cluster) != show(want.Cluster) {
			t.Fatalf("seed %d: a second pass over\n%s\nmakes\n%s\n%v", seed, show(want.Cluster), show(second.Cluster), err)
		}
		for name, session := range l.mutators() {
			want := want
			switch name {
			case "kubernetes":
				continue // it does nothing after admission
			case "kyverno-cel":
				want = inCEL(request, want)
			}
			got, err := session.Admit(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if show(got.Cluster) != show(want.Cluster) || !sameJSON(got.Object, want.Object) || len(got.Warnings) != len(want.Warnings) || (len(got.Matched) > 0) != (len(want.Matched) > 0) {
				t.Fatalf("seed %d: %s of %s %s (old %s) in\n%s\nmakes\n%s\nwarnings %q, matched %q\nwanted is\n%s\nwarnings %q, matched %q", seed, name, request.Operation, show(request.Object), show(request.OldObject),
					show(request.Cluster), show(got.Cluster), got.Warnings, got.Matched, show(want.Cluster), want.Warnings, want.Matched)
			}
		}
	}
}

// inCEL is the reference's answer as Kyverno's policies in CEL have it (docs/credentials.md):
// a clone has nothing of its source's metadata, a Secret of its name that was there
// before is left alone, and an account that is not there is nothing to speak of.
func inCEL(request engine.Request, want engine.Outcome) engine.Outcome {
	cloned := func(object map[string]any) string {
		metadata, _ := object["metadata"].(map[string]any)
		name, _ := metadata["name"].(string)
		if object["kind"] != "Secret" || !strings.HasPrefix(name, "mirrorgen-") {
			return ""
		}
		return name
	}
	labels := func(namespace map[string]any) any {
		metadata, _ := namespace["metadata"].(map[string]any)
		all, _ := metadata["labels"].(map[string]any)
		return all["mirror"]
	}
	there := map[string]map[string]any{}
	if labels(request.OldObject) != "yes" {
		for _, object := range request.Cluster {
			there[cloned(object)] = object
		}
	}
	if len(want.Matched) == 0 {
		return want
	}
	made := want
	made.Cluster, made.Warnings = []map[string]any{}, nil
	for _, object := range want.Cluster {
		if name := cloned(object); name != "" {
			if was := there[name]; was != nil {
				object = was
			} else {
				metadata := object["metadata"].(map[string]any)
				object = maps.Clone(object)
				object["metadata"] = map[string]any{"name": name, "namespace": metadata["namespace"]}
			}
		}
		made.Cluster = append(made.Cluster, object)
	}
	for _, warning := range want.Warnings {
		if !strings.Contains(warning, "ServiceAccount") {
			made.Warnings = append(made.Warnings, warning)
		}
	}
	return made
}

// randomCluster is a Namespace on its way into a cluster that may hold sources,
// clones, Secrets of others and ServiceAccounts.
func randomCluster(r *rand.Rand) engine.Request {
	pick := func(values ...any) any { return values[r.Intn(len(values))] }
	name := pick("shop", "shop", "shop", "build", "kube-system", "home", "away").(string)
	secret := func(namespace, name string) map[string]any {
		metadata := map[string]any{"name": name, "namespace": namespace}
		switch r.Intn(6) {
		case 0:
			metadata["labels"] = map[string]any{"team": "x"}
		case 1:
			metadata["annotations"] = map[string]any{"note": "y"}
		}
		return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": pick("e30=", "eyJhdXRocyI6e319")}}
	}
	account := func(namespace, name string) map[string]any {
		made := map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": name, "namespace": namespace}}
		switch r.Intn(5) {
		case 0:
			made["imagePullSecrets"] = []any{map[string]any{"name": "mine"}}
		case 1:
			made["imagePullSecrets"] = []any{map[string]any{"name": "mirrorgen-cn-images"}}
		case 2:
			made["imagePullSecrets"] = []any{}
		}
		return made
	}
	request := engine.Request{Operation: engine.Operation(pick("CREATE", "EXISTING", "UPDATE", "UPDATE").(string)), NamespaceLabels: map[string]string{}, Cluster: []map[string]any{}, Phases: []engine.Phase{engine.Background}}
	add := func(chance int, object map[string]any) {
		if r.Intn(10) < chance {
			request.Cluster = append(request.Cluster, object)
		}
	}
	sources := 8
	if request.Operation == engine.Update {
		sources = 10
	}
	add(sources, secret("home", "a"))
	add(sources, secret("away", "b"))
	add(3, secret(name, "mirrorgen-cn-hub"))
	add(3, secret(name, "mirrorgen-cn-images"))
	add(3, secret(name, "regcred"))
	add(5, account(name, "default"))
	add(5, account(name, "builder"))
	add(3, account(name, "other"))
	add(3, account("elsewhere", "default"))
	namespace := func() map[string]any {
		metadata := map[string]any{"name": name}
		if labels := pick(nil, map[string]any{"mirror": "yes"}, map[string]any{"mirror": "yes", "kubernetes.io/metadata.name": name}, map[string]any{"mirror": "no"}); labels != nil {
			metadata["labels"] = labels
		}
		object := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
		if r.Intn(8) == 0 {
			object["status"] = map[string]any{"phase": pick("Active", "Terminating")}
		}
		return object
	}
	request.Object = namespace()
	if request.Operation == engine.Update {
		request.OldObject = namespace()
	}
	return request
}
