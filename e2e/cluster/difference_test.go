package cluster

import (
	"reflect"
	"testing"
)

// object is JSON as the API server's answers are read.
type object = map[string]any

func TestOnlyWhatPoliciesChangedIsCarriedOver(t *testing.T) {
	for _, row := range []struct {
		why                        string
		written, bare, after, want any
	}{
		{"the server's defaults are in both, and are not carried",
			object{"spec": object{}}, object{"spec": object{"dnsPolicy": "ClusterFirst"}}, object{"spec": object{"dnsPolicy": "ClusterFirst"}}, object{"spec": object{}}},
		{"a changed field beside defaults",
			object{"c": []any{object{"image": "a"}}},
			object{"c": []any{object{"image": "a", "pull": "Always"}}},
			object{"c": []any{object{"image": "b", "pull": "Always"}}},
			object{"c": []any{object{"image": "b"}}}},
		{"a default that follows from the change is a change",
			object{"image": "a"}, object{"image": "a", "pull": "Always"}, object{"image": "b", "pull": "IfNotPresent"}, object{"image": "b", "pull": "IfNotPresent"}},
		{"an added item comes last", object{"s": []any{"a"}}, object{"s": []any{"a"}}, object{"s": []any{"a", "b"}}, object{"s": []any{"a", "b"}}},
		{"an added list", object{}, object{}, object{"s": []any{"b"}}, object{"s": []any{"b"}}},
		{"an added field in what was not written", object{}, object{"m": object{"uid": "1"}}, object{"m": object{"uid": "1", "a": "b"}}, object{"m": object{"a": "b"}}},
		{"a removed field", object{"a": "1", "b": "2"}, object{"a": "1", "b": "2"}, object{"a": "1"}, object{"a": "1"}},
		{"a removed item", object{"s": []any{"a", "b"}}, object{"s": []any{"a", "b"}}, object{"s": []any{"a"}}, object{"s": []any{"a"}}},
		{"a list to which the server added is taken whole", object{"t": []any{}}, object{"t": []any{"x"}}, object{"t": []any{"y"}}, object{"t": []any{"y"}}},
		{"another type", object{"a": "1"}, object{"a": "1"}, object{"a": object{"b": "1"}}, object{"a": object{"b": "1"}}},
	} {
		before := clone(row.written)
		if got := carry(row.written, row.bare, row.after); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, wanted %v", row.why, got, row.want)
		}
		if !reflect.DeepEqual(before, row.written) {
			t.Errorf("%s: what was written is changed", row.why)
		}
	}
}

func TestWhatDiffersBetweenAnyTwoAnswersIsSettled(t *testing.T) {
	answer := func(uid, name, address string) object {
		return object{"kind": "Service", "metadata": object{"uid": uid, "name": name, "resourceVersion": uid, "managedFields": []any{uid}},
			"spec": object{"clusterIP": address, "clusterIPs": []any{address}, "selector": object{"controller-uid": uid}}}
	}
	one, two := answer("u1", "web-abc", "10.0.0.1"), answer("u2", "web-xyz", "10.0.0.2")
	settle(object{"metadata": object{"generateName": "web-"}}, one, two)
	if !reflect.DeepEqual(one, two) {
		t.Errorf("%v\n%v", one, two)
	}
	named := object{"metadata": object{"name": "web"}}
	settle(object{"metadata": object{"name": "web"}}, named)
	if !reflect.DeepEqual(named, object{"metadata": object{"name": "web"}}) {
		t.Errorf("a name that was written is settled away: %v", named)
	}
}
