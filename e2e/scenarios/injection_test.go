package scenarios

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"mirrorgen.dev/gen/e2e/kubeapi"
)

// injection is what a service mesh adds to a Pod that does not have it.
var injection = map[string]any{"op": "add", "path": "/spec/containers/-", "value": map[string]any{"name": "mesh", "image": sidecar}}

// A webhook of others is called after ours, as its name comes later, and ours are
// called again. Kyverno 1.19.1 registers the webhooks of its MutatingPolicies with
// reinvocationPolicy Never, whatever the policy says (kyverno/kyverno#17282): there
// the constraint sees what the rewrite does not, and the Pod is refused.
func laterSidecarOfAWebhook(w *world) {
	refused := ""
	if w.target == "kyverno-cel" {
		refused = `spec.containers[1] "mesh": image "quay.io/acme/proxy:2" (quay.io/acme/proxy:2) must be "mirror.example.com/quay.io/acme/proxy:2"`
	}
	w.inForce("fail.yaml")
	server := httptest.NewTLSServer(http.HandlerFunc(inject))
	w.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	w.injects(refused, map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
		"metadata": map[string]any{"name": "zz-mesh-" + w.namespace},
		"webhooks": []any{map[string]any{
			"name": "inject.mesh.example.com", "admissionReviewVersions": []any{"v1"}, "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 10,
			"reinvocationPolicy": "Never",
			"clientConfig":       map[string]any{"url": server.URL + "/inject", "caBundle": authority},
			"namespaceSelector":  w.here(),
			"rules":              []any{map[string]any{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"}}},
		}},
	})
}

// A policy of Kubernetes' own kind may inject, too, after ours and before webhooks.
func laterSidecarOfAPolicy(w *world) {
	w.inForce("fail.yaml")
	name := "zz-mesh-" + w.namespace
	w.injects("", map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"failurePolicy": "Fail", "reinvocationPolicy": "Never",
			"matchConstraints": map[string]any{
				"namespaceSelector": w.here(),
				"resourceRules":     []any{map[string]any{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"}}},
			},
			"matchConditions": []any{map[string]any{"name": "not-there", "expression": "!object.spec.containers.exists(c, c.name == 'mesh')"}},
			"mutations": []any{map[string]any{"patchType": "JSONPatch", "jsonPatch": map[string]any{
				"expression": fmt.Sprintf("[JSONPatch{op: 'add', path: '/spec/containers/-', value: Object.spec.containers{name: 'mesh', image: %q}}]", sidecar)}}},
		},
	}, map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"policyName": name},
	})
}

// here selects the world's namespace.
func (w *world) here() map[string]any {
	return map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": w.namespace}}
}

// injects sets up what adds the sidecar, waits until it does, and asks what becomes
// of a Pod: that both images are rewritten or, where refused is said, that.
func (w *world) injects(refused string, objects ...map[string]any) {
	w.Helper()
	for _, object := range objects {
		_, err := w.stack.API.Create(w.Context(), object)
		w.ok(err)
		w.Cleanup(func() { w.ok(w.stack.API.Delete(context.WithoutCancel(w.Context()), object)) })
	}
	number := 0
	var last *kubeapi.Answer
	w.until("the injection", func(ctx context.Context) (err error) {
		number++
		if last, err = w.stack.API.Do(ctx, kubeapi.Request{Method: http.MethodPost, Path: w.pods(), Body: w.pod(fmt.Sprintf("meshed-%d", number), upstream)}); err != nil {
			return err
		}
		if last.OK() && len(images(last.Body)) < 2 {
			return errNotYet
		}
		return nil
	})
	switch {
	case refused != "":
		if last.OK() || !strings.HasSuffix(last.Message(), refused) {
			w.Errorf("wanted is that it is refused: %s\ngot %d: %s", refused, last.Code, last.Message())
		}
	case !last.OK():
		w.Error(last.Err())
	default:
		if got, want := fmt.Sprint(images(last.Body)), fmt.Sprint([]string{mirrored, mirrored2}); got != want {
			w.Errorf("the Pod has %s, wanted %s", got, want)
		}
	}
}

// inject answers an AdmissionReview.
func inject(writer http.ResponseWriter, r *http.Request) {
	var review struct {
		Request struct {
			UID    string `json:"uid"`
			Object struct {
				Spec struct {
					Containers []struct {
						Name string `json:"name"`
					} `json:"containers"`
				} `json:"spec"`
			} `json:"object"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	answer := map[string]any{"uid": review.Request.UID, "allowed": true}
	there := false
	for _, container := range review.Request.Object.Spec.Containers {
		there = there || container.Name == "mesh"
	}
	if !there {
		patch, _ := json.Marshal([]any{injection})
		answer["patchType"], answer["patch"] = "JSONPatch", patch
	}
	writer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(writer).Encode(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})
}
