package overlay

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// generic is value as maps, lists and scalars.
func generic(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var tree any
	err = json.Unmarshal(data, &tree)
	return tree, err
}

// isText reports whether a field of a kustomization, or of a transformer's
// configuration, holds text that is never loaded: an address in a label or in a
// ConfigMap is data. Any field that is not listed is taken for a path, so a
// field of a later kustomize is refused rather than overlooked.
func isText(field string) bool {
	switch field {
	case "metadata", "annotations", "commonAnnotations", "labels", "commonLabels",
		"literals", "options", "images", "imageTags", "imageTag", "sourceValue", "value":
		return true
	}
	return false
}

// firstRemote finds the first string that kustomize would fetch, in the order
// of the fields' names.
func firstRemote(field string, tree any) (where, value string, found bool) {
	switch node := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if isText(key) {
				continue
			}
			inner := key
			if field != "" {
				inner = field + "." + key
			}
			if where, value, found = firstRemote(inner, node[key]); found {
				return where, value, true
			}
		}
	case []any:
		for i, item := range node {
			if where, value, found = firstRemote(fmt.Sprintf("%s[%d]", field, i), item); found {
				return where, value, true
			}
		}
	case string:
		return field, node, remote(node)
	}
	return "", "", false
}
