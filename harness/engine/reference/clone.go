package reference

// clone copies maps and lists, so that a request's object stays as it was.
func clone(object map[string]any) map[string]any { return cloneValue(object).(map[string]any) }

func cloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = cloneValue(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cloneValue(item)
		}
		return out
	}
	return value
}
