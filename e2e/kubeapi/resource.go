package kubeapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A Resource is where objects of a kind are kept.
type Resource struct {
	// Version is the API group and version: v1, apps/v1.
	Version string
	// Name is the plural in paths.
	Name       string
	Namespaced bool
}

// Path is where an object is kept; an empty name is the collection.
func (r Resource) Path(namespace, name string) string {
	parts := []string{"", "apis", r.Version}
	if !strings.Contains(r.Version, "/") {
		parts[1] = "api"
	}
	if r.Namespaced && namespace != "" {
		parts = append(parts, "namespaces", url.PathEscape(namespace))
	}
	parts = append(parts, r.Name)
	if name != "" {
		parts = append(parts, url.PathEscape(name))
	}
	return strings.Join(parts, "/")
}

// Resource finds where a kind is kept, as the server tells.
func (c *Client) Resource(ctx context.Context, version, kind string) (Resource, error) {
	c.mu.Lock()
	known, ok := c.resources[version][kind]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	prefix := "/apis/"
	if !strings.Contains(version, "/") {
		prefix = "/api/"
	}
	answer, err := c.Must(ctx, Request{Method: http.MethodGet, Path: prefix + version})
	if err != nil {
		return Resource{}, fmt.Errorf("%s %s: %w", version, kind, err)
	}
	found := map[string]Resource{}
	list, _ := answer.Body["resources"].([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		name, _ := fields["name"].(string)
		of, _ := fields["kind"].(string)
		namespaced, _ := fields["namespaced"].(bool)
		if name != "" && !strings.Contains(name, "/") {
			found[of] = Resource{Version: version, Name: name, Namespaced: namespaced}
		}
	}
	c.mu.Lock()
	c.resources[version] = found
	c.mu.Unlock()
	if _, ok := found[kind]; !ok {
		return Resource{}, fmt.Errorf("%s %s: the API server has no such kind", version, kind)
	}
	return found[kind], nil
}

// Of finds where an object is kept.
func (c *Client) Of(ctx context.Context, object map[string]any) (Resource, error) {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return c.Resource(ctx, version, kind)
}

// Metadata is a field of an object's metadata that is text; empty where it is none.
func Metadata(object map[string]any, field string) string {
	metadata, _ := object["metadata"].(map[string]any)
	text, _ := metadata[field].(string)
	return text
}

// Apply makes an object what is given, as kubectl apply --server-side does.
func (c *Client) Apply(ctx context.Context, object map[string]any) (*Answer, error) {
	resource, err := c.Of(ctx, object)
	if err != nil {
		return nil, err
	}
	return c.Must(ctx, Request{
		Method: http.MethodPatch, Path: resource.Path(Metadata(object, "namespace"), Metadata(object, "name")),
		Query: url.Values{"fieldManager": {"e2e"}, "force": {"true"}}, ContentType: Apply, Body: object,
	})
}

// Create makes an object.
func (c *Client) Create(ctx context.Context, object map[string]any) (*Answer, error) {
	resource, err := c.Of(ctx, object)
	if err != nil {
		return nil, err
	}
	return c.Must(ctx, Request{Method: http.MethodPost, Path: resource.Path(Metadata(object, "namespace"), ""), Body: object})
}

// Delete removes an object at once; one that is not there is fine.
func (c *Client) Delete(ctx context.Context, object map[string]any) error {
	resource, err := c.Of(ctx, object)
	if err != nil {
		return err
	}
	path := resource.Path(Metadata(object, "namespace"), Metadata(object, "name"))
	answer, err := c.Do(ctx, Request{Method: http.MethodDelete, Path: path, Query: url.Values{"gracePeriodSeconds": {"0"}}})
	if err == nil && answer.Code != http.StatusNotFound {
		err = answer.Err()
	}
	if err != nil {
		return fmt.Errorf("DELETE %s: %w", path, err)
	}
	return nil
}
