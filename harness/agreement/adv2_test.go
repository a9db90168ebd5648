package agreement

import (
	"math/rand"
	"os"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/harness/engine"
)

func TestAdvCaches(t *testing.T) {
	if os.Getenv("ADV") == "" {
		t.Skip()
	}
	all := columns(t)
	count, changedN := 0, 0
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		set := mirrortest.RandomSet(r)
		if len(set.Spec.Serverless) == 0 {
			set.Spec.Serverless = []string{"alibaba-eci"}
		} else {
			set.Spec.Serverless = append([]string{"alibaba-eci"}, set.Spec.Serverless[1:]...)
		}
		l := load(t, all, set)
		pick := func(v ...any) any { return v[r.Intn(len(v))] }
		for range 20 {
			var images []any
			for range r.Intn(6) {
				images = append(images, mirrortest.RandomImage(r, set))
			}
			images = append(images, set.Spec.Mirrors[r.Intn(len(set.Spec.Mirrors))].Mirror+"/x")
			if r.Intn(5) == 0 {
				images = append(images, pick(nil, 1.0, true, map[string]any{"image": "nginx"}, []any{"nginx"}, "", "NGINX"))
			}
			if r.Intn(40) == 0 {
				for range 450 {
					images = append(images, "quay.io/"+strings.Repeat("x", 60))
				}
			}
			spec := map[string]any{"images": any(images)}
			switch r.Intn(12) {
			case 0:
				spec["images"] = pick(nil, "nginx", map[string]any{"a": "nginx"}, []any{})
			case 1:
				delete(spec, "images")
			}
			var secrets []any
			for _, m := range set.Spec.Mirrors {
				if m.PullSecret != nil {
					secrets = append(secrets, m.PullSecret.Namespace+":"+m.PullSecret.Name)
				}
			}
			switch r.Intn(6) {
			case 0:
				spec["imagePullSecrets"] = pick(nil, "x", map[string]any{"a": "b"}, []any{}, []any{nil, 1.0, true, map[string]any{"name": "x"}, "x", "x"}, append([]any{"a:b"}, secrets...))
			}
			metadata := map[string]any{"name": "x"}
			annotations := map[string]any{}
			for _, a := range mirror.Annotations() {
				if r.Intn(2) == 0 {
					annotations[a.Key] = pick(" ", "", ",", "harbor.example", "x,", "10.0.0.9:5000 , x", 1.0, nil, "all")
				}
			}
			if r.Intn(2) == 0 {
				metadata["annotations"] = annotations
			} else if r.Intn(3) == 0 {
				metadata["annotations"] = pick(nil, "x", []any{}, map[string]any{})
			}
			o := map[string]any{"apiVersion": "eci.alibabacloud.com/v1", "kind": "ImageCache", "metadata": metadata, "spec": spec}
			if r.Intn(20) == 0 {
				o["spec"] = pick(nil, "x", []any{})
			}
			req := engine.Request{Object: o, Operation: engine.Create, NamespaceLabels: map[string]string{}}
			want := l.admit(t, t.Context(), l.reference, req, engine.Mutate)
			for i, c := range l.columns {
				if !c.mutates {
					continue
				}
				got := l.admit(t, t.Context(), l.sessions[i], req, engine.Mutate)
				count++
				if !sameJSON(o, want.Object) {
					changedN++
				}
				if !sameJSON(got.Object, want.Object) || len(got.Warnings) > 0 || !got.Allowed {
					t.Fatalf("seed %d: %s\nfrom %s\nto %s\nwant %s\nwarn %q", seed, show(set.Object()), show(o), show(got.Object), show(want.Object), got.Warnings)
				}
				req2 := req
				req2.Object = want.Object
				if got := l.admit(t, t.Context(), l.sessions[i], req2, engine.Mutate); !sameJSON(got.Object, want.Object) {
					t.Fatalf("second pass %s", show(got.Object))
				}
			}
		}
		l.close(t)
	}
	t.Log(count, changedN)
}
