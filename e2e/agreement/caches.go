package agreement

import (
	"slices"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/harness/engine"
)

// caches are new ImageCaches, the one other kind whose images are rewritten; none
// where the set is not for the platform that has them.
func (d *drawer) caches(n int) []engine.Request {
	if !slices.Contains(d.plan.Serverless, mirror.AlibabaECI) {
		return nil
	}
	var all []engine.Request
	for range n {
		cache := mirrortest.RandomImageCache(d.r, d.set)
		mendAnnotations(cache["metadata"].(map[string]any))
		all = append(all, engine.Request{Operation: engine.Create, Object: cache})
	}
	return all
}

// mendAnnotations leaves of annotations what has the type that a server demands of
// every kind.
func mendAnnotations(metadata map[string]any) {
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		delete(metadata, "annotations")
		return
	}
	for key, value := range annotations {
		if _, ok := value.(string); !ok {
			delete(annotations, key)
		}
	}
}

// cacheKind is the definition of ImageCaches, with the least that an API server
// asks of one, so that anything may stand in them.
func cacheKind() map[string]any {
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "imagecaches.eci.alibabacloud.com"},
		"spec": map[string]any{
			"group": "eci.alibabacloud.com", "scope": "Cluster",
			"names": map[string]any{"kind": "ImageCache", "plural": "imagecaches", "singular": "imagecache"},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}},
		},
	}
}
