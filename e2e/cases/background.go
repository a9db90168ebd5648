package cases

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/testcase"
)

// A world is what stands in the cluster of one case: its namespaces, under names
// of their own, so that what is left of another case does no harm, and the Secrets
// and ServiceAccounts in them.
type world struct {
	stack *stack.Stack
	c     *testcase.Case
	// suffix ends the names of the case's namespaces.
	suffix string
	// fixed are namespaces that policies name, and that keep their names.
	fixed []string
}

// kept are the kinds whose objects are compared.
var kept = []string{"secrets", "serviceaccounts"}

// name is a namespace's name on the server.
func (w *world) name(namespace string) string {
	if slices.Contains(w.fixed, namespace) {
		return namespace
	}
	return namespace + w.suffix
}

// moved is an object of the case as it is on the server.
func (w *world) moved(object map[string]any) map[string]any {
	out := maps.Clone(object)
	metadata, _ := object["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	if namespace, ok := metadata["namespace"].(string); ok {
		metadata["namespace"] = w.name(namespace)
	}
	if object["kind"] == "Namespace" {
		metadata["name"] = w.name(metadata["name"].(string))
		delete(out, "status")
	}
	out["metadata"] = metadata
	return out
}

// judged are the namespaces in which nothing but what is wanted may stand: those
// that the case submits. In others a controller has its own reasons, as it looks at
// every namespace that exists.
func (w *world) judged() []string {
	var all []string
	for _, object := range w.c.Objects {
		all = append(all, w.name(kubeapi.Metadata(object, "name")))
	}
	return all
}

// looked are the namespaces that are read: those judged, and where a Secret is
// cloned from.
func (w *world) looked() []string {
	all := map[string]bool{}
	for _, name := range append(w.judged(), w.fixed...) {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// build puts up what stands before the policies: the cluster's objects with their
// namespaces and, where they exist already or are being deleted, those submitted.
func (w *world) build(ctx context.Context) error {
	var objects []map[string]any
	for _, object := range w.c.Cluster {
		objects = append(objects, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": w.name(kubeapi.Metadata(object, "namespace"))}})
	}
	for _, object := range w.c.Cluster {
		objects = append(objects, w.moved(object))
	}
	if w.c.Operation == engine.Existing {
		for _, object := range w.c.Objects {
			objects = append(objects, w.moved(object))
		}
	}
	for _, object := range objects {
		if _, err := w.stack.Back.Apply(ctx, object); err != nil {
			return err
		}
	}
	for _, object := range w.c.Objects {
		if !terminating(object) {
			continue
		}
		// Nothing finalizes a namespace here, so that it stays as it is.
		if _, err := w.stack.Back.Apply(ctx, w.moved(object)); err != nil {
			return err
		}
		if err := w.stack.Back.Delete(ctx, w.moved(object)); err != nil {
			return err
		}
	}
	return nil
}

func terminating(namespace map[string]any) bool {
	status, _ := namespace["status"].(map[string]any)
	return status["phase"] == "Terminating"
}

// submit does what the case is about, with the policies in force. A namespace that
// every cluster has is not made but changed, and so is one that is being deleted.
func (w *world) submit(ctx context.Context) error {
	switch w.c.Operation {
	case engine.Existing:
		return nil
	case engine.Update:
		for _, object := range w.c.OldObjects {
			if _, err := w.stack.API.Apply(ctx, w.moved(object)); err != nil {
				return err
			}
		}
		// What it led to is there before it changes.
		if err := w.stack.Quiet(ctx, time.Minute); err != nil {
			return err
		}
	}
	for _, object := range w.c.Objects {
		moved := w.moved(object)
		metadata := moved["metadata"].(map[string]any)
		labels, _ := metadata["labels"].(map[string]any)
		labels = maps.Clone(labels)
		if labels == nil {
			labels = map[string]any{}
		}
		if w.c.Operation != engine.Update {
			// So that the write changes something where the namespace is there.
			labels["e2e"] = "submitted"
		}
		metadata["labels"] = labels
		if _, err := w.stack.API.Apply(ctx, moved); err != nil {
			return err
		}
	}
	return nil
}

// differs compares what stands in the case's namespaces with what is wanted; nil
// where they are the same.
func (w *world) differs(ctx context.Context) error {
	wanted := map[string]map[string]any{}
	for _, object := range w.c.WantCluster {
		if moved := w.moved(object); slices.Contains(w.looked(), kubeapi.Metadata(moved, "namespace")) {
			wanted[key(moved)] = moved
		}
	}
	found := map[string]map[string]any{}
	for _, namespace := range w.looked() {
		for _, kind := range kept {
			answer, err := w.stack.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/api/v1/namespaces/" + namespace + "/" + kind})
			if err != nil {
				return err
			}
			items, _ := answer.Body["items"].([]any)
			for _, item := range items {
				object, _ := item.(map[string]any)
				object["apiVersion"], object["kind"] = "v1", map[string]string{"secrets": "Secret", "serviceaccounts": "ServiceAccount"}[kind]
				found[key(object)] = object
			}
		}
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		switch {
		case found[name] == nil:
			problems = append(problems, name+" is missing")
		case fmt.Sprint(content(found[name])) != fmt.Sprint(content(wanted[name])):
			// Only the fields are named: the values are credentials.
			problems = append(problems, name+" is not as wanted")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if wanted[name] == nil && slices.Contains(w.judged(), kubeapi.Metadata(found[name], "namespace")) {
			problems = append(problems, name+" is there and not wanted")
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return nil
}

func key(object map[string]any) string {
	return fmt.Sprintf("%v %s/%s", object["kind"], kubeapi.Metadata(object, "namespace"), kubeapi.Metadata(object, "name"))
}

// content is what an object is about: all but its metadata, and a Secret's default
// type.
func content(object map[string]any) map[string]any {
	out := maps.Clone(object)
	delete(out, "metadata")
	if out["kind"] == "Secret" && out["type"] == nil {
		out["type"] = "Opaque"
	}
	return out
}
