package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/e2e/stack/stacktest"
)

// targets are those whose policies a cluster runs.
var targets = []string{"kubernetes", "kyverno-cel", "kyverno"}

func TestWithEachTarget(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Kyverno: true})
	for _, target := range targets {
		for _, row := range []struct {
			claim string
			prove func(*world)
		}{
			{"an-old-pod-with-an-upstream-image-takes-a-label", oldPodTakesALabel},
			{"an-old-pod-with-an-upstream-image-loses-its-finalizer", oldPodLosesItsFinalizer},
			{"a-sidecar-that-a-webhook-injects-later-does-not-slip-through", laterSidecarOfAWebhook},
			{"a-sidecar-that-a-policy-injects-later-is-rewritten", laterSidecarOfAPolicy},
			{"of-five-hundred-pods-at-once-each-is-rewritten", manyPodsAtOnce},
		} {
			t.Run(target+"/"+row.claim, func(t *testing.T) { row.prove(newWorld(t, s, target)) })
		}
	}
	// The last, as these end Kyverno.
	for _, target := range targets[1:] {
		t.Run(target+"/without-kyverno-pods-come-as-written-under-ignore", func(t *testing.T) { kyvernoIsDown(newWorld(t, s, target), "ignore.yaml", "") })
		t.Run(target+"/without-kyverno-pods-are-refused-under-fail", func(t *testing.T) { kyvernoIsDown(newWorld(t, s, target), "fail.yaml", "failed calling webhook") })
	}
	t.Run("kubernetes/kyvernos-end-changes-nothing", func(t *testing.T) {
		w := newWorld(t, s, "kubernetes")
		w.inForce("fail.yaml")
		s.KillKyverno()
		_, err := s.API.Create(w.Context(), w.pod("without-kyverno", upstream))
		w.ok(err)
		w.want("without-kyverno", mirrored)
		w.ok(s.StartKyverno(w.Context()))
	})
}

// The kubelet would restart the container of a Pod whose image changes.
func oldPodTakesALabel(w *world) {
	_, err := w.stack.Back.Create(w.Context(), w.pod("old", upstream))
	w.ok(err)
	w.inForce("fail.yaml")
	w.patch("old", map[string]any{"metadata": map[string]any{"labels": map[string]any{"team": "shop"}}})
	w.want("old", upstream)
}

// A Pod that cannot lose its finalizer never goes, and its namespace neither.
func oldPodLosesItsFinalizer(w *world) {
	pod := w.pod("old", upstream)
	pod["metadata"].(map[string]any)["finalizers"] = []any{"example.com/drain"}
	_, err := w.stack.Back.Create(w.Context(), pod)
	w.ok(err)
	w.inForce("fail.yaml")
	w.ok(w.stack.API.Delete(w.Context(), pod))
	w.want("old", upstream)
	w.patch("old", map[string]any{"metadata": map[string]any{"finalizers": nil}})
	w.until("the Pod's end", func(ctx context.Context) error {
		answer, err := w.stack.Back.Do(ctx, kubeapi.Request{Method: http.MethodGet, Path: w.pods() + "/old"})
		if err == nil && answer.Code != http.StatusNotFound {
			err = errNotYet
		}
		return err
	})
}

// Under Ignore, the default, a webhook that is late would let a Pod through as it
// is written, and nobody would be told.
func manyPodsAtOnce(w *world) {
	w.inForce("ignore.yaml")
	const count, atOnce = 500, 8
	work := make(chan int)
	var group sync.WaitGroup
	problems := make([]error, count)
	for range atOnce {
		group.Go(func() {
			for i := range work {
				_, problems[i] = w.stack.API.Create(w.Context(), w.pod(fmt.Sprintf("p%d", i), upstream, fmt.Sprintf("quay.io/acme/app%d:%d", i, i)))
			}
		})
	}
	for i := range count {
		work <- i
	}
	close(work)
	group.Wait()
	w.ok(errors.Join(problems...))
	answer, err := w.stack.Back.Must(w.Context(), kubeapi.Request{Method: http.MethodGet, Path: w.pods()})
	w.ok(err)
	pods, _ := answer.Body["items"].([]any)
	if len(pods) != count {
		w.Errorf("%d Pods are stored, wanted %d", len(pods), count)
	}
	for _, item := range pods {
		pod, _ := item.(map[string]any)
		name := kubeapi.Metadata(pod, "name")
		want := fmt.Sprintf("[%s mirror.example.com/quay.io/acme/app%s:%s]", mirrored, name[1:], name[1:])
		if got := fmt.Sprint(images(pod)); got != want {
			w.Errorf("Pod %s has %s, wanted %s", name, got, want)
		}
	}
}

// kyvernoIsDown ends Kyverno as a crash does. refusal is what the API server then
// says of a new Pod; empty: it takes the Pod as it was written.
func kyvernoIsDown(w *world, spec, refusal string) {
	w.inForce(spec)
	w.stack.KillKyverno()
	_, err := w.stack.API.Create(w.Context(), w.pod("down", upstream))
	switch {
	case refusal == "":
		w.ok(err)
		w.want("down", upstream)
	case err == nil:
		w.Errorf("the Pod is admitted, wanted is that it is refused")
	case !strings.Contains(err.Error(), refusal):
		w.Errorf("the Pod is refused with %v, wanted: %s", err, refusal)
	}
	w.ok(w.stack.StartKyverno(w.Context()))
	// Policies that are there at its start are in force a moment later.
	w.until("the rewrite after Kyverno's return", func(ctx context.Context) error {
		name := "back"
		answer, err := w.stack.API.Do(ctx, kubeapi.Request{Method: http.MethodPost, Path: w.pods(), Query: map[string][]string{"dryRun": {"All"}}, Body: w.pod(name, upstream)})
		if err == nil {
			err = answer.Err()
		}
		if err == nil && images(answer.Body)[0] != mirrored {
			err = errNotYet
		}
		return err
	})
}
