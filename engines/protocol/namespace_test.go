package protocol

import (
	"reflect"
	"strings"
	"testing"
)

func TestANamespaceIsFilledInBesideWhatIsThere(t *testing.T) {
	for _, row := range []struct {
		why          string
		object, want map[string]any
	}{
		{"no object", nil, nil},
		{"no metadata", map[string]any{"kind": "Pod"}, map[string]any{"kind": "Pod", "metadata": map[string]any{"namespace": "shop"}}},
		{"other metadata stay", map[string]any{"metadata": map[string]any{"name": "web"}}, map[string]any{"metadata": map[string]any{"name": "web", "namespace": "shop"}}},
		{"another namespace is not believed", map[string]any{"metadata": map[string]any{"namespace": "bank"}}, map[string]any{"metadata": map[string]any{"namespace": "shop"}}},
		{"it is there", map[string]any{"metadata": map[string]any{"namespace": "shop"}}, map[string]any{"metadata": map[string]any{"namespace": "shop"}}},
	} {
		before := clone(row.object)
		got, err := InNamespace(row.object, "shop")
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.why, got, err, row.want)
		}
		if !reflect.DeepEqual(row.object, before) {
			t.Errorf("%s: the object itself became %v", row.why, row.object)
		}
	}
	if _, err := InNamespace(map[string]any{"metadata": "x"}, "shop"); err == nil || !strings.Contains(err.Error(), "metadata is not a map") {
		t.Errorf("metadata that are none: %v", err)
	}
}

func clone(object map[string]any) map[string]any {
	if object == nil {
		return nil
	}
	made := map[string]any{}
	for key, value := range object {
		if inner, ok := value.(map[string]any); ok {
			value = clone(inner)
		}
		made[key] = value
	}
	return made
}
