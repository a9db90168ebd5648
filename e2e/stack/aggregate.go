package stack

import (
	"context"
	"net/http"
	"reflect"

	"mirrorgen.dev/gen/e2e/kubeapi"
)

// Aggregate fills in the rules of aggregated ClusterRoles from those that their
// labels select, as a cluster's clusterrole-aggregation controller does. It is
// called again after ClusterRoles were added.
func (s *Stack) Aggregate(ctx context.Context) error {
	const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
	answer, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	roles, _ := answer.Body["items"].([]any)
	for _, item := range roles {
		role, _ := item.(map[string]any)
		aggregation, ok := role["aggregationRule"].(map[string]any)
		if !ok {
			continue
		}
		selectors, _ := aggregation["clusterRoleSelectors"].([]any)
		var rules []any
		for _, other := range roles {
			from, _ := other.(map[string]any)
			// One that is aggregated itself has no rules of its own.
			if from["aggregationRule"] == nil && selectedByAny(selectors, from) {
				more, _ := from["rules"].([]any)
				rules = append(rules, more...)
			}
		}
		if had, _ := role["rules"].([]any); len(rules) == 0 || reflect.DeepEqual(had, rules) {
			continue
		}
		role["rules"] = rules
		role["apiVersion"], role["kind"] = "rbac.authorization.k8s.io/v1", "ClusterRole"
		if _, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodPut, Path: path + "/" + kubeapi.Metadata(role, "name"), Body: role}); err != nil {
			return err
		}
	}
	return nil
}

// selectedByAny reports whether a selector's labels are all on the object. The
// selectors of Kyverno and of Kubernetes know labels alone, no expressions.
func selectedByAny(selectors []any, object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	for _, item := range selectors {
		selector, _ := item.(map[string]any)
		wanted, _ := selector["matchLabels"].(map[string]any)
		all := len(wanted) > 0
		for key, value := range wanted {
			all = all && labels[key] == value
		}
		if all {
			return true
		}
	}
	return false
}
