package protocol

import "testing"

func TestKindsWithoutANamespaceAreKnown(t *testing.T) {
	for _, row := range []struct {
		why, group, kind string
		want             bool
	}{
		{"a cache of Alibaba ECI lies in none", "eci.alibabacloud.com", "ImageCache", true},
		{"a node", "", "Node", true},
		{"a Pod lies in one", "", "Pod", false},
		{"a kind of that name in another group", "example.com", "Node", false},
		{"a Namespace is for the engine to know", "", "Namespace", false},
		{"a policy of the API server's own", "admissionregistration.k8s.io", "MutatingAdmissionPolicy", true},
	} {
		if got := ClusterScoped(row.group, row.kind); got != row.want {
			t.Errorf("%s: %s %s: %v", row.why, row.group, row.kind, got)
		}
	}
}
