package agreement

import (
	"testing"

	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

// TestControllersAreLeftToTheirPods sends every kind that makes Pods through the
// engines whose policies look at Pods: none changes it, refuses it, or fails over
// it, whatever it makes of a policy for the sake of controllers.
func TestControllersAreLeftToTheirPods(t *testing.T) {
	set := &spec.MirrorSet{Name: "set", Spec: spec.Spec{Mirrors: []spec.Mirror{{Name: "hub", Source: "docker.io", Mirror: "m.example.com/hub"}}}}
	l := load(t, columns(t), set)
	defer l.close(t)
	pod := map[string]any{"metadata": map[string]any{"name": "p", "namespace": "shop", "labels": map[string]any{"app": "p"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "nginx"}}}}
	for _, kind := range controllers {
		object := controllerOf(kind, pod)
		for i, c := range l.columns {
			if c.workloads {
				continue
			}
			for _, request := range []engine.Request{
				{Object: object, Operation: engine.Create, NamespaceLabels: map[string]string{}},
				{Object: object, OldObject: object, Operation: engine.Update, NamespaceLabels: map[string]string{}},
			} {
				got, err := l.sessions[i].Admit(t.Context(), request)
				if err != nil {
					t.Errorf("%s: %s %s: %v", c.name, request.Operation, kind[1], err)
					continue
				}
				if !got.Allowed || !sameJSON(got.Object, object) || len(got.Matched) > 0 || len(got.Warnings) > 0 {
					t.Errorf("%s: %s %s: allowed %v, matched %q, warnings %q, object %s", c.name, request.Operation, kind[1], got.Allowed, got.Matched, got.Warnings, show(got.Object))
				}
			}
		}
	}
}
