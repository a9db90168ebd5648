package engine

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

func TestAPhaseRunsWhereItIsAskedForAndCanBe(t *testing.T) {
	all := []Phase{Mutate, Validate, Background}
	empty, cluster := []map[string]any{}, []map[string]any{{"kind": "Secret"}}
	for _, row := range []struct {
		why     string
		request Request
		want    []Phase
	}{
		{"unset phases are every phase of admission", Request{}, []Phase{Mutate, Validate}},
		{"with a cluster, what is done in it as well", Request{Cluster: cluster}, all},
		{"an empty cluster is a known one", Request{Cluster: empty}, all},
		{"an UPDATE is an admission", Request{Operation: Update, Cluster: cluster}, all},
		{"one phase", Request{Phases: []Phase{Validate}, Cluster: cluster}, []Phase{Validate}},
		{"the background alone", Request{Phases: []Phase{Background}, Cluster: cluster}, []Phase{Background}},
		{"the background of an unknown cluster", Request{Phases: []Phase{Background}}, nil},
		{"no phase at all", Request{Phases: []Phase{}, Cluster: cluster}, nil},
		{"what exists is not admitted", Request{Operation: Existing, Cluster: cluster}, []Phase{Background}},
		{"even where it is asked for", Request{Operation: Existing, Phases: []Phase{Mutate, Validate}, Cluster: cluster}, nil},
		{"what exists in an unknown cluster", Request{Operation: Existing}, nil},
		{"a phase that none is", Request{Phases: []Phase{"audit"}, Cluster: cluster}, nil},
	} {
		var got []Phase
		for _, phase := range all {
			if row.request.Runs(phase) {
				got = append(got, phase)
			}
		}
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: runs %v, want %v", row.why, got, row.want)
		}
	}
}

func TestARequestThatNoClusterCouldMakeIsRefused(t *testing.T) {
	object := map[string]any{"kind": "Pod"}
	for _, row := range []struct {
		why     string
		request Request
		want    string // empty: accepted
	}{
		{"a CREATE", Request{Object: object}, ""},
		{"a CREATE of nothing", Request{}, "a request needs an object"},
		{"a CREATE written out", Request{Operation: Create}, "a request needs an object"},
		{"a CONNECT of nothing", Request{Operation: Connect}, "a request needs an object"},
		{"an UPDATE", Request{Operation: Update, Object: object, OldObject: object}, ""},
		{"an UPDATE of nothing stored", Request{Operation: Update, Object: object}, "an UPDATE needs the object and the old object"},
		{"an UPDATE to nothing", Request{Operation: Update, OldObject: object}, "an UPDATE needs the object and the old object"},
		{"a DELETE", Request{Operation: Delete, OldObject: object}, ""},
		{"a DELETE of nothing", Request{Operation: Delete, Object: object}, "a DELETE needs the old object"},
		{"what exists", Request{Operation: Existing, Object: object, Cluster: []map[string]any{}}, ""},
		{"what exists, without an object", Request{Operation: Existing, OldObject: object}, "a request needs an object"},
		{"an operation that none is", Request{Operation: "existing", Object: object}, "operation existing: must be CREATE, UPDATE, DELETE, CONNECT or EXISTING"},
	} {
		err := row.request.Validate()
		if got := errorText(err); got != row.want {
			t.Errorf("%s: got %q, want %q", row.why, got, row.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestTheClusterGoesOverTheWireAndBack(t *testing.T) {
	session := load(t, fake(t, "has a background", nil))
	secret := map[string]any{"kind": "Secret", "metadata": map[string]any{"name": "s"}, "n": int64(5), "x": 0.25, "list": []any{int64(1), "a", nil, true}}
	made := map[string]any{"kind": "Made", "whole": int64(9007199254740993), "part": 0.5}
	for _, row := range []struct {
		why     string
		request Request
		phases  []string
		cluster []map[string]any // nil: the phase was not run
		said    []string
	}{
		{"objects, their numbers whole", Request{Object: map[string]any{"kind": "Namespace"}, Cluster: []map[string]any{secret}},
			[]string{"mutate", "validate", "background"}, []map[string]any{secret, made}, []string{"CREATE"}},
		{"an empty cluster is not an unknown one", Request{Object: map[string]any{"kind": "Pod"}, Cluster: []map[string]any{}},
			[]string{"mutate", "validate", "background"}, []map[string]any{}, []string{"CREATE"}},
		{"an unknown one is not asked about", Request{Object: map[string]any{"kind": "Namespace"}}, []string{"mutate", "validate"}, nil, nil},
		{"what exists", Request{Object: map[string]any{"kind": "Namespace"}, Operation: Existing, Cluster: []map[string]any{}},
			[]string{"background"}, []map[string]any{made}, []string{"EXISTING"}},
		{"admission alone leaves the cluster out", Request{Object: map[string]any{"kind": "Namespace"}, Phases: []Phase{Mutate}, Cluster: []map[string]any{secret}}, []string{"mutate"}, nil, nil},
	} {
		outcome, err := session.Admit(context.Background(), row.request)
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if !reflect.DeepEqual(outcome.Matched, row.phases) || !reflect.DeepEqual(outcome.Recorded, row.said) {
			t.Errorf("%s: the engine ran %v on %v, want %v on %v", row.why, outcome.Matched, outcome.Recorded, row.phases, row.said)
		}
		if !reflect.DeepEqual(outcome.Cluster, row.cluster) || (outcome.Cluster == nil) != (row.cluster == nil) {
			t.Errorf("%s: the cluster came back as %#v, want %#v", row.why, outcome.Cluster, row.cluster)
		}
	}
	if _, err := session.Admit(context.Background(), Request{Object: secret, Operation: Existing}); err == nil || !strings.Contains(err.Error(), "runs none of the phases asked for") {
		t.Errorf("what exists in an unknown cluster: %v", err)
	}
}

func TestAnEngineWithoutTheBackgroundRunsNothingInIt(t *testing.T) {
	session := load(t, fake(t, "well", nil))
	cluster := []map[string]any{{"kind": "Secret"}}
	outcome, err := session.Admit(context.Background(), Request{Object: map[string]any{"kind": "Namespace"}, Cluster: cluster})
	if err != nil || outcome.Cluster != nil || !reflect.DeepEqual(outcome.Matched, []string{"mutate", "validate"}) {
		t.Errorf("the cluster %v, phases %v, %v: a cluster that no one looked at is no outcome", outcome.Cluster, outcome.Matched, err)
	}
	for why, request := range map[string]Request{
		"asked for alone": {Object: map[string]any{"kind": "Namespace"}, Phases: []Phase{Background}, Cluster: cluster},
		"what exists":     {Object: map[string]any{"kind": "Namespace"}, Operation: Existing, Cluster: cluster},
	} {
		if _, err := session.Admit(context.Background(), request); err == nil || !strings.Contains(err.Error(), "runs none of the phases asked for; it has [mutate validate]") {
			t.Errorf("%s: %v", why, err)
		}
	}
}
