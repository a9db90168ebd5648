package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/harness/engine"
)

// A place is the namespace in which a request is made, with what has to stand
// there before.
type place struct {
	// namespace is its name on the server. Where the object itself belongs to no
	// namespace, it is alone, and this is the object's name there.
	namespace string
	alone     bool
	once      sync.Once
	err       error
}

// places gives every request a namespace of its own, with the labels that the
// request's has: requests with another namespace, other labels or another stored
// object never meet. A namespace that the policies name keeps its name.
type places struct {
	back *kubeapi.Client
	// policies is the text of what is in force.
	policies string
	// prefix begins the names of namespaces.
	prefix string

	mu sync.Mutex
	by map[string]*place
	// labelled are the namespaces that kept their names, with the labels that they
	// were given.
	labelled map[string]map[string]string
}

func newPlaces(back *kubeapi.Client, prefix, policies string) *places {
	return &places{back: back, policies: policies, prefix: prefix, by: map[string]*place{}, labelled: map[string]map[string]string{}}
}

// at is the place of a request, made ready.
func (p *places) at(ctx context.Context, request engine.Request) (*place, error) {
	object := request.Object
	if object == nil {
		object = request.OldObject
	}
	namespace, alone := kubeapi.Metadata(object, "namespace"), false
	if _, sub := parents[request.SubResource]; !sub {
		resource, err := p.back.Of(ctx, object)
		if err != nil {
			return nil, err
		}
		if alone = !resource.Namespaced; alone {
			namespace = kubeapi.Metadata(object, "name")
		}
	}
	key, err := json.Marshal([]any{namespace, request.NamespaceLabels, request.OldObject, request.SubResource, alone})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	at := p.by[string(key)]
	if at == nil {
		at = &place{namespace: p.named(namespace), alone: alone}
		if request.Operation == engine.Connect {
			// What is connected to is a Pod of the place's own.
			at.namespace = p.fresh()
		}
		p.by[string(key)] = at
	}
	p.mu.Unlock()
	at.once.Do(func() { at.err = p.ready(ctx, at, request) })
	return at, at.err
}

// named is a namespace's name on the server. An object without a namespace goes
// where kubectl puts it.
func (p *places) named(namespace string) string {
	switch {
	case namespace == "":
		return "default"
	case slices.Contains(system, namespace):
		return namespace
	case regexp.MustCompile(`(^|[^a-z0-9-])` + regexp.QuoteMeta(namespace) + `([^a-z0-9-]|$)`).MatchString(p.policies):
		return namespace
	}
	return p.fresh()
}

// fresh is a namespace's name that no other place has.
func (p *places) fresh() string { return fmt.Sprintf("%s-%03d", p.prefix, len(p.by)+1) }

// system are the namespaces that more than a policy may treat in their own way:
// Kyverno's own settings leave some of them out.
var system = []string{"gatekeeper-system", "kube-node-lease", "kube-public", "kube-system", "kyverno"}

// ready makes the namespace and what stands in it.
func (p *places) ready(ctx context.Context, at *place, request engine.Request) error {
	if !at.alone {
		if err := p.namespace(ctx, at.namespace, request.NamespaceLabels); err != nil {
			return err
		}
	}
	switch {
	case request.Operation == engine.Connect:
		return p.store(ctx, at, podNamed(connected))
	case request.SubResource == "binding":
		return p.store(ctx, at, podNamed(kubeapi.Metadata(request.Object, "name")))
	case request.SubResource == "scale":
		return p.store(ctx, at, deploymentOf(request.OldObject))
	case request.OldObject != nil:
		return p.store(ctx, at, request.OldObject)
	}
	return nil
}

// namespace makes one with these labels, or gives them to one that is there.
func (p *places) namespace(ctx context.Context, name string, labels map[string]string) error {
	p.mu.Lock()
	given, seen := p.labelled[name]
	p.labelled[name] = labels
	p.mu.Unlock()
	if seen && !maps.Equal(given, labels) {
		return fmt.Errorf("namespace %s: the policies name it, and cases want it with labels %v and %v: it can have one set of labels at a time", name, given, labels)
	}
	wanted := map[string]any{}
	for key, value := range labels {
		wanted[key] = value
	}
	_, err := p.back.Apply(ctx, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": wanted}})
	return err
}

// store puts an object into the cluster past all policies, as if it had stood
// there before them.
func (p *places) store(ctx context.Context, at *place, object map[string]any) error {
	written := at.sent(object)
	spec, _ := written["spec"].(map[string]any)
	ephemeral, hasEphemeral := spec["ephemeralContainers"]
	if hasEphemeral {
		// A Pod never comes with them: they are added to one that runs.
		delete(spec, "ephemeralContainers")
	}
	resource, err := p.back.Of(ctx, written)
	if err != nil {
		return err
	}
	name := kubeapi.Metadata(written, "name")
	answer, err := p.back.Do(ctx, kubeapi.Request{Method: http.MethodPost, Path: resource.Path(at.namespace, ""), Body: written})
	if err != nil {
		return err
	}
	if err := refused(answer); err != nil {
		return fmt.Errorf("the stored object: %w", err)
	}
	if hasEphemeral {
		spec["ephemeralContainers"] = ephemeral
		answer, err := p.back.Do(ctx, kubeapi.Request{Method: http.MethodPut, Path: resource.Path(at.namespace, name) + "/ephemeralcontainers", Body: written})
		if err != nil {
			return err
		}
		if err := refused(answer); err != nil {
			return fmt.Errorf("the stored object's ephemeral containers: %w", err)
		}
	}
	if metadata, _ := object["metadata"].(map[string]any); metadata["deletionTimestamp"] != nil {
		// A finalizer keeps it.
		_, err := p.back.Must(ctx, kubeapi.Request{Method: http.MethodDelete, Path: resource.Path(at.namespace, name)})
		return err
	}
	return nil
}

// podNamed is a Pod with an image of no source.
func podNamed(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "namespace": "any"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "registry.invalid/main:1"}}}}
}

// deploymentOf is the Deployment that a Scale is of.
func deploymentOf(scale map[string]any) map[string]any {
	pod := podNamed("")
	labels := map[string]any{"app": "any"}
	spec, _ := scale["spec"].(map[string]any)
	return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": kubeapi.Metadata(scale, "name"), "namespace": "any"},
		"spec": map[string]any{"replicas": spec["replicas"], "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": pod["spec"]}}}
}

// refused marks what an API server takes from nobody as not submittable; what it
// refuses for another reason is the test's own mistake.
func refused(answer *kubeapi.Answer) error {
	switch {
	case answer.OK():
		return nil
	case answer.Code == http.StatusUnprocessableEntity, answer.Code == http.StatusBadRequest:
		return fmt.Errorf("%w: %s", engine.ErrUnsubmittable, strings.TrimSpace(answer.Message()))
	}
	return answer.Err()
}
