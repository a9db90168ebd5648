package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/generator/mirror"
)

// sentinel makes a namespace in scope, and says which Secrets will be cloned to it:
// when they are, whatever was asked for before has been looked at.
func (w *world) sentinel(ctx context.Context, plans []*mirror.Plan) (ready func(context.Context) error, err error) {
	name := "sentinel" + w.suffix
	labels := map[string]any{}
	var clones []string
	for _, plan := range plans {
		if selector := plan.Scope.NamespaceSelector; selector != nil {
			for key, value := range selector.MatchLabels {
				labels[key] = value
			}
		}
		for _, m := range plan.Mirrors {
			if m.PullSecret != nil && slices.ContainsFunc(w.c.Cluster, func(object map[string]any) bool {
				return object["kind"] == "Secret" && kubeapi.Metadata(object, "namespace") == m.PullSecret.Namespace && kubeapi.Metadata(object, "name") == m.PullSecret.Name
			}) {
				clones = append(clones, m.PullSecret.Clone)
			}
		}
	}
	if len(clones) == 0 {
		return nil, fmt.Errorf("%s: no Secret is there that could be cloned, so nothing shows when the controllers are done", w.c.Name)
	}
	_, err = w.stack.API.Create(ctx, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": labels}})
	return func(ctx context.Context) error {
		for _, clone := range clones {
			if _, err := w.stack.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/api/v1/namespaces/" + name + "/secrets/" + clone}); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// clear removes the case's own namespaces with what is in them, and what is in
// the ones that stay. Nobody else finalizes a namespace here.
func (w *world) clear(ctx context.Context) error {
	names := append(w.looked(), "sentinel"+w.suffix)
	for _, object := range w.c.Cluster {
		names = append(names, w.name(kubeapi.Metadata(object, "namespace")))
	}
	slices.Sort(names)
	for _, namespace := range slices.Compact(names) {
		path := "/api/v1/namespaces/" + namespace
		calls := []kubeapi.Request{{Method: http.MethodDelete, Path: path + "/secrets"}, {Method: http.MethodDelete, Path: path + "/serviceaccounts"}}
		if !slices.Contains(w.fixed, namespace) {
			calls = append(calls, kubeapi.Request{Method: http.MethodDelete, Path: path}, kubeapi.Request{Method: http.MethodPut, Path: path + "/finalize",
				Body: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}})
		}
		for _, call := range calls {
			// Not every case has all of them.
			answer, err := w.stack.Back.Do(ctx, call)
			if err == nil && answer.Code != http.StatusNotFound && answer.Code != http.StatusConflict {
				err = answer.Err()
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
