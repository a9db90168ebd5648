package mirrortest

import (
	"math/rand"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// RandomImageCache makes an ImageCache of Alibaba ECI as plain JSON values. Some
// images, secrets and annotations are of a wrong type, or there already.
func RandomImageCache(r *rand.Rand, set *spec.MirrorSet) map[string]any {
	var images []any
	for range r.Intn(6) {
		images = append(images, RandomImage(r, set))
	}
	images = append(images, pick(r, set.Spec.Mirrors).Mirror+"/x")
	switch r.Intn(40) {
	case 0, 1, 2, 3, 4, 5:
		images = append(images, pick(r, []any{nil, 1.0, true, map[string]any{"image": "nginx"}, []any{"nginx"}, "", "NGINX"}))
	case 6:
		// Near the limit, so that a rewrite may go beyond it.
		for range 450 {
			images = append(images, pick(r, set.Spec.Mirrors).Source+"/"+repeat("x", 60))
		}
	}
	body := map[string]any{"images": images}
	switch r.Intn(12) {
	case 0:
		body["images"] = pick(r, []any{nil, "nginx", map[string]any{"a": "nginx"}, []any{}})
	case 1:
		delete(body, "images")
	}
	if r.Intn(4) == 0 {
		named := []any{"a:b"}
		for _, m := range set.Spec.Mirrors {
			if m.PullSecret != nil && r.Intn(2) == 0 {
				named = append(named, m.PullSecret.Namespace+":"+m.PullSecret.Name)
			}
		}
		body["imagePullSecrets"] = pick(r, []any{nil, "x", map[string]any{"a": "b"}, []any{}, []any{nil, 1.0, true, map[string]any{"name": "x"}, "x", "x"}, named, named})
	}
	metadata := map[string]any{"name": "cache"}
	switch r.Intn(4) {
	case 0, 1:
		annotations := map[string]any{}
		for _, a := range mirror.Annotations() {
			if r.Intn(2) == 0 {
				annotations[a.Key] = pick(r, annotationTexts)
			} else if r.Intn(6) == 0 {
				annotations[a.Key] = pick(r, []any{nil, 1.0, []any{"x"}})
			}
		}
		metadata["annotations"] = annotations
	case 2:
		metadata["annotations"] = pick(r, []any{nil, "x", []any{}, map[string]any{}})
	}
	cache := map[string]any{"apiVersion": "eci.alibabacloud.com/v1", "kind": "ImageCache", "metadata": metadata, "spec": body}
	if r.Intn(20) == 0 {
		cache["spec"] = pick(r, []any{nil, "x", []any{}})
	}
	return cache
}
