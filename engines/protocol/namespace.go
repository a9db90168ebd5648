package protocol

import (
	"errors"
	"maps"
)

// InNamespace is the object with its namespace set, as an API server does before
// admission; the object itself stays as it is. nil stays nil. The error says that
// there is no place for a namespace.
func InNamespace(object map[string]any, namespace string) (map[string]any, error) {
	if object == nil {
		return nil, nil
	}
	metadata, isMap := object["metadata"].(map[string]any)
	if !isMap && object["metadata"] != nil {
		return nil, errors.New("the object's metadata is not a map")
	}
	if current, _ := metadata["namespace"].(string); current == namespace {
		return object, nil
	}
	made := maps.Clone(object)
	fresh := make(map[string]any, len(metadata)+1)
	maps.Copy(fresh, metadata)
	fresh["namespace"] = namespace
	made["metadata"] = fresh
	return made, nil
}
