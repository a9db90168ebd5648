package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/harness/engine"
)

// parents are the kinds whose subresources take objects of other kinds.
var parents = map[string]struct{ version, kind string }{
	"binding": {"v1", "Pod"},
	"exec":    {"v1", "Pod"},
	"scale":   {"apps/v1", "Deployment"},
}

// submission says how a request is made at a place. Nothing is stored by it.
func (p *place) submission(ctx context.Context, client *kubeapi.Client, request engine.Request) (kubeapi.Request, error) {
	target := request.Object
	if request.Operation == engine.Delete {
		target = request.OldObject
	}
	target = p.sent(target)
	resource, err := p.resource(ctx, client, request.SubResource, target)
	if err != nil {
		return kubeapi.Request{}, err
	}
	name := kubeapi.Metadata(target, "name")
	s := kubeapi.Request{Query: url.Values{"dryRun": {"All"}}}
	switch request.Operation {
	case engine.Create, "":
		s.Method, s.Path = http.MethodPost, resource.Path(p.namespace, "")
		if request.SubResource != "" {
			s.Path = resource.Path(p.namespace, name) + "/" + request.SubResource
		}
	case engine.Update:
		s.Method, s.Path = http.MethodPut, resource.Path(p.namespace, name)
		if request.SubResource != "" {
			s.Path += "/" + request.SubResource
		}
	case engine.Delete:
		s.Method, s.Path = http.MethodDelete, resource.Path(p.namespace, name)
		return s, nil
	case engine.Connect:
		// Options are no body but a query, and there is nothing to try dry.
		s.Method, s.Path = http.MethodPost, resource.Path(p.namespace, connected)+"/"+request.SubResource
		s.Query = url.Values{}
		for key, value := range request.Object {
			if key != "apiVersion" && key != "kind" {
				s.Query.Set(key, fmt.Sprint(value))
			}
		}
		return s, nil
	default:
		return kubeapi.Request{}, fmt.Errorf("operation %s: is no admission", request.Operation)
	}
	if request.Operation == engine.Update && request.SubResource == "" {
		// As kubectl replace does; kinds that are defined by a cluster's users demand it.
		stored, err := client.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: s.Path})
		if err != nil {
			return kubeapi.Request{}, err
		}
		target["metadata"].(map[string]any)["resourceVersion"] = kubeapi.Metadata(stored.Body, "resourceVersion")
	}
	s.Body = target
	return s, nil
}

// connected is the Pod that a CONNECT is made to.
const connected = "connected"

// sent is an object as it is sent: in the namespace of the place, or by its name
// where it has no namespace, and without the fields that only a server writes.
func (p *place) sent(object map[string]any) map[string]any {
	object = clone(object).(map[string]any)
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		return object
	}
	for _, field := range assigned {
		delete(metadata, field)
	}
	if _, ok := metadata["namespace"]; ok {
		metadata["namespace"] = p.namespace
	}
	if p.alone {
		metadata["name"] = p.namespace
	}
	return object
}

// resource is where the object of a request is kept, or its parent.
func (p *place) resource(ctx context.Context, client *kubeapi.Client, sub string, object map[string]any) (kubeapi.Resource, error) {
	if parent, ok := parents[sub]; ok {
		return client.Resource(ctx, parent.version, parent.kind)
	}
	return client.Of(ctx, object)
}
