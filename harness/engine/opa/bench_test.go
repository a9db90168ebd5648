package opa_test

import (
	"context"
	"fmt"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
)

// manyMirrors is a plan of n mirrors, all registries limited.
func manyMirrors(n int) *mirror.Plan {
	set := &spec.MirrorSet{Name: "cn"}
	for i := range n {
		set.Spec.Mirrors = append(set.Spec.Mirrors, spec.Mirror{
			Name: fmt.Sprintf("m%d", i), Source: fmt.Sprintf("r%d.example.com", i), Mirror: fmt.Sprintf("m.example.com/r%d", i)})
	}
	set.Spec.Constraint.AllowRegistries = []string{"registry.corp.example"}
	return mirror.Compile(set)
}

// benchPod is the usual Pod after mutation: two containers, one init container.
func benchPod(i int) map[string]any {
	container := func(name, image string) map[string]any {
		return map[string]any{
			"name": name, "image": image,
			"ports":     []any{map[string]any{"containerPort": int64(8080), "name": "http"}},
			"env":       []any{map[string]any{"name": "A", "value": "b"}, map[string]any{"name": "C", "value": "d"}},
			"resources": map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "128Mi"}, "limits": map[string]any{"memory": "256Mi"}},
		}
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": fmt.Sprintf("pod-%d", i), "namespace": "shop", "labels": map[string]any{"app": "web"}},
		"spec": map[string]any{
			"containers": []any{
				container("web", fmt.Sprintf("m.example.com/r0/team%d/web:1.%d", i%50, i)),
				container("sidecar", "m.example.com/r0/envoy@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
			},
			"initContainers": []any{container("init", "registry.corp.example/tools/init:2")},
		},
	}
}

func BenchmarkAdmit(b *testing.B) {
	for _, e := range []engine.Engine{opa.NewGatekeeper(), opa.NewRego()} {
		for _, mirrors := range []int{1, 50, 200, 1000} {
			b.Run(fmt.Sprintf("%s/mirrors=%d", e.Name(), mirrors), func(b *testing.B) {
				session := load(b, e, rendered(b, manyMirrors(mirrors)))
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					outcome, err := session.Admit(context.Background(), engine.Request{Object: benchPod(i)})
					if err != nil || !outcome.Allowed || len(outcome.Matched) != 1 {
						b.Fatalf("%v %+v", err, outcome)
					}
				}
			})
		}
	}
}
