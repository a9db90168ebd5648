package admission

import "maps"

// What an API server fills in before admission, and only that which admission
// policies select by; an object itself stays as it is.

// withLabel is the object with a label, which it keeps where it has it.
func withLabel(object map[string]any, key, value string) map[string]any {
	if object == nil {
		return nil
	}
	metadata, _ := object["metadata"].(map[string]any)
	if labels, _ := metadata["labels"].(map[string]any); labels[key] != nil {
		return object
	}
	return with(object, value, "metadata", "labels", key)
}

// with is the map with a value at a path, whose maps are made where they are absent.
func with(object map[string]any, value any, path ...string) map[string]any {
	made := make(map[string]any, len(object)+1)
	maps.Copy(made, object)
	if len(path) == 1 {
		made[path[0]] = value
		return made
	}
	below, _ := object[path[0]].(map[string]any)
	made[path[0]] = with(below, value, path[1:]...)
	return made
}

// without undoes with: a map on the way that is left empty goes, too, where there
// was none before.
func without(object, before map[string]any, path ...string) map[string]any {
	made := maps.Clone(object)
	below, isMap := object[path[0]].(map[string]any)
	if len(path) == 1 || !isMap {
		delete(made, path[0])
		return made
	}
	belowBefore, was := before[path[0]].(map[string]any)
	rest := without(below, belowBefore, path[1:]...)
	if made[path[0]] = rest; len(rest) == 0 && !was {
		delete(made, path[0])
	}
	return made
}
