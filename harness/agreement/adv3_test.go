package agreement

import (
	"encoding/json"
	"math/rand"
	"os"
	"reflect"
	"testing"

	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

func one(v any) string { b, _ := json.Marshal(v); return string(b) }
func lean(v []map[string]any) string {
	out := ""
	for _, x := range v {
		out += "\n    " + one(x)
	}
	return out
}

func TestAdvBackground(t *testing.T) {
	if os.Getenv("ADV") == "" {
		t.Skip()
	}
	all := columns(t)
	set := &spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "hub", Source: "docker.io", Mirror: "harbor/h:1"[:0] + "harbor.example/hub", PullSecret: &spec.PullSecret{Name: "a", Namespace: "home", ServiceAccounts: []string{"default", "builder"}}},
			{Name: "images", Source: "quay.io", Mirror: "harbor.example/quay", PullSecret: &spec.PullSecret{Name: "b", Namespace: "home2", ServiceAccounts: []string{"default"}}},
			{Name: "gcr", Source: "gcr.io", Mirror: "harbor.example/gcr", PullSecret: &spec.PullSecret{Name: "a", Namespace: "home"}},
		},
		Scope: spec.Scope{ExcludeNamespaces: []string{"build"}, NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "yes"}}},
	}}
	l := load(t, all, set)
	defer l.close(t)
	bad := 0
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		pick := func(v ...any) any { return v[r.Intn(len(v))] }
		secret := func(ns, name string) map[string]any {
			m := map[string]any{"name": name, "namespace": ns}
			switch r.Intn(6) {
			case 0:
				m["labels"] = map[string]any{"team": "x"}
			case 1:
				m["annotations"] = map[string]any{"note": "y"}
			}
			return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": m, "type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": pick("e30=", "eyJhdXRocyI6e319")}}
		}
		account := func(ns, name string) map[string]any {
			a := map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": name, "namespace": ns}}
			switch r.Intn(5) {
			case 0:
				a["imagePullSecrets"] = []any{map[string]any{"name": "mine"}}
			case 1:
				a["imagePullSecrets"] = []any{map[string]any{"name": "mirrorgen-cn-images"}}
			case 2:
				a["imagePullSecrets"] = []any{}
			}
			return a
		}
		var cluster []map[string]any
		cluster = []map[string]any{}
		add := func(p float64, o map[string]any) {
			if r.Float64() < p {
				cluster = append(cluster, o)
			}
		}
		add(0.9, secret("home", "a"))
		add(0.9, secret("home2", "b"))
		name := pick("shop", "shop", "shop", "build", "kube-system", "home", "home2").(string)
		if os.Getenv("NOOLD") == "" {
			add(0.3, secret(name, "mirrorgen-cn-hub"))
			add(0.3, secret(name, "mirrorgen-cn-images"))
		}
		add(0.3, secret(name, "regcred"))
		add(0.5, account(name, "default"))
		add(0.5, account(name, "builder"))
		add(0.3, account(name, "other"))
		add(0.3, account("elsewhere", "default"))
		ns := func() map[string]any {
			m := map[string]any{"name": name}
			if l := pick(nil, map[string]any{"mirror": "yes"}, map[string]any{"mirror": "yes", "kubernetes.io/metadata.name": name}, map[string]any{"mirror": "no"}); l != nil {
				m["labels"] = l
			}
			o := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": m}
			if r.Intn(8) == 0 {
				o["status"] = map[string]any{"phase": pick("Active", "Terminating")}
			}
			return o
		}
		req := engine.Request{Object: ns(), Operation: engine.Operation(pick("CREATE", "EXISTING", "UPDATE", "UPDATE").(string)), NamespaceLabels: map[string]string{}, Cluster: cluster, Phases: []engine.Phase{engine.Background}}
		if req.Operation == engine.Update {
			req.OldObject = ns()
		}
		_ = mirrortest.Copy
		want, err := l.reference.Admit(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range l.columns {
			if !c.mutates {
				continue
			}
			got, err := l.sessions[i].Admit(t.Context(), req)
			if err != nil {
				t.Error(seed, err, show(req))
				continue
			}
			if show(got.Cluster) != show(want.Cluster) || len(got.Warnings) != len(want.Warnings) || (len(got.Matched) > 0) != (len(want.Matched) > 0) || !sameJSON(got.Object, want.Object) {
				bad++
				if bad < 4 {
					t.Errorf("seed %d: op %s object %s old %s\ncluster %s\ngot %s\nwant %s\nwarn %q | %q\nmatched %q | %q", seed, req.Operation, one(req.Object), one(req.OldObject), lean(cluster), lean(got.Cluster), lean(want.Cluster), got.Warnings, want.Warnings, got.Matched, want.Matched)
				}
			}
		}
	}
	t.Log("bad", bad)
	_ = reflect.DeepEqual
}
