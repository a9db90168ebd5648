package cluster

import (
	"errors"
	"net/http"
	"testing"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/harness/engine"
)

func TestANamespaceThatAPolicyNamesKeepsItsName(t *testing.T) {
	p := newPlaces(nil, "case", "values: [shop, \"edge\"]\nexpression: namespaceObject.metadata.name == 'web'")
	for _, row := range []struct {
		why, namespace, want string
	}{
		{"in a list", "shop", "shop"},
		{"in double quotes", "edge", "edge"},
		{"in an expression", "web", "web"},
		{"the system's are more than a policy's", "kube-system", "kube-system"},
		{"where kubectl puts what names none", "", "default"},
		{"a longer name is another", "shop2", "case-001"},
		{"and so is a part", "hop", "case-001"},
	} {
		if got := p.named(row.namespace); got != row.want {
			t.Errorf("%s: %q is %q, wanted %q", row.why, row.namespace, got, row.want)
		}
	}
}

func TestOnlyWhatTheServerTakesFromNobodyIsUnsubmittable(t *testing.T) {
	for _, row := range []struct {
		why  string
		code int
		want bool
	}{
		{"invalid", http.StatusUnprocessableEntity, true},
		{"not to be decoded", http.StatusBadRequest, true},
		{"there already: the test's mistake", http.StatusConflict, false},
		{"nowhere: the test's mistake", http.StatusNotFound, false},
		{"forbidden: a policy's, or the test's mistake", http.StatusForbidden, false},
		{"the server's own failure", http.StatusInternalServerError, false},
	} {
		err := refused(&kubeapi.Answer{Code: row.code, Body: object{"message": "no"}})
		if err == nil || errors.Is(err, engine.ErrUnsubmittable) != row.want {
			t.Errorf("%s: got %v", row.why, err)
		}
	}
	if err := refused(&kubeapi.Answer{Code: http.StatusCreated}); err != nil {
		t.Errorf("done: got %v", err)
	}
}

func TestWhatIsSentHasNoFieldOfTheServers(t *testing.T) {
	p := &place{namespace: "case-001"}
	written := object{"kind": "Pod", "metadata": object{"name": "web", "namespace": "shop", "deletionTimestamp": "2026-11-21T10:00:00Z", "uid": "1"}}
	sent := p.sent(written)["metadata"].(object)
	if len(sent) != 2 || sent["name"] != "web" || sent["namespace"] != "case-001" {
		t.Errorf("got %v", sent)
	}
	if written["metadata"].(object)["namespace"] != "shop" {
		t.Error("what was written is changed")
	}
	alone := (&place{namespace: "case-002", alone: true}).sent(object{"kind": "ClusterRole", "metadata": object{"name": "reader"}})
	if got := kubeapi.Metadata(alone, "name"); got != "case-002" {
		t.Errorf("an object without a namespace is called %q", got)
	}
}
