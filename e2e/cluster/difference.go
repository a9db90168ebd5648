package cluster

import (
	"maps"
	"reflect"
)

// carry makes of an object as it was written what policies made of it: the
// changes from the object that the server made of it without policies (bare) to
// the one that it made with them (after). What the server itself fills in is in
// both, and so is not carried over.
func carry(written, bare, after any) any {
	if reflect.DeepEqual(bare, after) {
		return written
	}
	switch after := after.(type) {
	case map[string]any:
		bare, ok := bare.(map[string]any)
		if !ok {
			return after
		}
		fields, _ := written.(map[string]any)
		out := maps.Clone(fields)
		if out == nil {
			out = map[string]any{}
		}
		for key := range bare {
			if _, kept := after[key]; !kept {
				delete(out, key)
			}
		}
		for key, value := range after {
			before, had := bare[key]
			switch {
			case !had:
				out[key] = value
			case !reflect.DeepEqual(before, value):
				out[key] = carry(fields[key], before, value)
			}
		}
		return out
	case []any:
		bare, ok := bare.([]any)
		items, isList := written.([]any)
		if !ok || !isList || len(items) != len(bare) {
			// The server itself added or dropped items: which is which is not known.
			return after
		}
		out := make([]any, len(after))
		for i := range after {
			if i < len(bare) {
				out[i] = carry(items[i], bare[i], after[i])
			} else {
				out[i] = after[i]
			}
		}
		return out
	}
	return after
}

// assigned are the fields of metadata that the server gives to every object anew.
var assigned = []string{"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "resourceVersion", "uid"}

// settle takes out of two answers to the same request what differs between any two.
func settle(written map[string]any, answers ...map[string]any) {
	for _, answer := range answers {
		metadata, _ := answer["metadata"].(map[string]any)
		if uid, _ := metadata["uid"].(string); uid != "" {
			// A Job's selector and labels hold it.
			rename(answer, uid, "uid")
		}
		for _, field := range assigned {
			delete(metadata, field)
		}
		if was, _ := written["metadata"].(map[string]any); was["name"] == nil {
			// Made from generateName.
			delete(metadata, "name")
		}
		if answer["kind"] == "Service" {
			spec, _ := answer["spec"].(map[string]any)
			for _, field := range []string{"clusterIP", "clusterIPs"} {
				delete(spec, field)
			}
		}
	}
}

// rename replaces every text that is from.
func rename(value any, from, to string) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = rename(item, from, to)
		}
	case []any:
		for i, item := range v {
			v[i] = rename(item, from, to)
		}
	case string:
		if v == from {
			return to
		}
	}
	return value
}

// clone copies a decoded value.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = clone(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = clone(item)
		}
		return out
	}
	return value
}
