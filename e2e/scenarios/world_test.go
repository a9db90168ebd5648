package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/generated"
	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/harness/engine"
)

// The images of the scenarios: as they are written, and what they become.
const (
	upstream  = "nginx:1.25"
	mirrored  = "mirror.example.com/docker.io/library/nginx:1.25"
	sidecar   = "quay.io/acme/proxy:2"
	mirrored2 = "mirror.example.com/quay.io/acme/proxy:2"
)

// A world is one target's policies in force on a cluster, and a namespace in scope.
type world struct {
	*testing.T
	stack     *stack.Stack
	target    string
	namespace string
}

// newWorld makes a namespace in scope. Nothing is in force yet.
func newWorld(t *testing.T, s *stack.Stack, target string) *world {
	t.Helper()
	w := &world{T: t, stack: s, target: target, namespace: fmt.Sprintf("scenario-%d", time.Now().UnixNano())}
	_, err := s.Back.Create(t.Context(), map[string]any{"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": w.namespace, "labels": map[string]any{"mirror": "enabled"}}})
	w.ok(err)
	return w
}

// inForce applies what the target makes of a MirrorSet until the test ends.
func (w *world) inForce(spec string) {
	w.Helper()
	set, err := generated.Policies("testdata/"+spec, w.target)
	w.ok(err)
	pod := func(image string) engine.Request {
		return engine.Request{Operation: engine.Create, NamespaceLabels: map[string]string{"mirror": "enabled"}, Object: w.pod("canary", image)}
	}
	canaries := []cluster.Canary{{Request: pod(upstream), Changed: true}, {Request: pod("NGINX"), Denied: true}}
	session, err := cluster.New(w.target, w.stack, canaries).Load(w.Context(), set.Files[w.target])
	w.ok(err)
	w.Cleanup(func() { w.ok(session.Close()) })
}

// pod is a Pod with these images, in containers c0, c1...
func (w *world) pod(name string, images ...string) map[string]any {
	var containers []any
	for i, image := range images {
		containers = append(containers, map[string]any{"name": fmt.Sprintf("c%d", i), "image": image})
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "namespace": w.namespace},
		"spec": map[string]any{"containers": containers}}
}

func (w *world) pods() string { return "/api/v1/namespaces/" + w.namespace + "/pods" }

// patch changes a Pod with the policies in force, as kubectl label and kubectl
// patch do.
func (w *world) patch(name string, change map[string]any) {
	w.Helper()
	_, err := w.stack.API.Must(w.Context(), kubeapi.Request{Method: http.MethodPatch, Path: w.pods() + "/" + name, ContentType: "application/merge-patch+json", Body: change})
	w.ok(err)
}

// images are those of a stored Pod.
func (w *world) images(name string) []string {
	w.Helper()
	answer, err := w.stack.Back.Must(w.Context(), kubeapi.Request{Method: http.MethodGet, Path: w.pods() + "/" + name})
	w.ok(err)
	return images(answer.Body)
}

func images(pod map[string]any) []string {
	spec, _ := pod["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	var all []string
	for _, item := range containers {
		container, _ := item.(map[string]any)
		image, _ := container["image"].(string)
		all = append(all, image)
	}
	return all
}

func (w *world) want(name string, want ...string) {
	w.Helper()
	if got := w.images(name); fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("Pod %s has %v, wanted %v", name, got, want)
	}
}

// until waits for a condition that others bring about.
func (w *world) until(what string, ready func(context.Context) error) {
	w.Helper()
	w.ok(stack.Until(w.Context(), what, time.Minute, ready))
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var errNotYet = errors.New("not yet")
