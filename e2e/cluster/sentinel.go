package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
)

// overtake returns when every admission policy of Kubernetes' own kinds that was
// applied or deleted before is in force or gone. The server compiles all that its
// watches have brought once a second, and a watch brings changes in their order:
// so when a policy that was made last acts, all that came before it do.
func (s *session) overtake(ctx context.Context) (err error) {
	if !s.native() {
		return nil
	}
	name := fmt.Sprintf("e2e-sentinel-%d", time.Now().UnixNano())
	objects := sentinels(name)
	defer func() {
		for _, object := range objects {
			if gone := s.stack.API.Delete(context.WithoutCancel(ctx), object); err == nil {
				err = gone
			}
		}
	}()
	for _, object := range objects {
		if _, err := s.stack.API.Create(ctx, object); err != nil {
			return err
		}
	}
	probe := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "namespace": "default"}}
	return stack.Until(ctx, name, forcePatience, func(ctx context.Context) error {
		answer, err := s.stack.API.Must(ctx, kubeapi.Request{Method: http.MethodPost, Path: "/api/v1/namespaces/default/configmaps", Query: url.Values{"dryRun": {"All"}}, Body: probe})
		if err != nil {
			return err
		}
		data, _ := answer.Body["data"].(map[string]any)
		if data["seen"] != name {
			return fmt.Errorf("policies that change objects are not in force yet")
		}
		if !slices.ContainsFunc(answer.Warnings, func(text string) bool { return strings.HasSuffix(text, name+" was seen") }) {
			return fmt.Errorf("policies that judge objects are not in force yet")
		}
		return nil
	})
}

// sentinels are a policy that marks a ConfigMap of that name and one that warns of
// it, with their bindings, which come last.
func sentinels(name string) []map[string]any {
	const version = "admissionregistration.k8s.io/v1"
	quoted := "'" + name + "'"
	scope := map[string]any{"resourceRules": []any{map[string]any{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"configmaps"}}}}
	metadata := func() map[string]any { return map[string]any{"name": name} }
	only := []any{map[string]any{"name": "named", "expression": "object.metadata.name == " + quoted}}
	return []map[string]any{
		{"apiVersion": version, "kind": "MutatingAdmissionPolicy", "metadata": metadata(), "spec": map[string]any{
			"matchConstraints": scope, "matchConditions": only, "failurePolicy": "Fail", "reinvocationPolicy": "Never",
			"mutations": []any{map[string]any{"patchType": "JSONPatch", "jsonPatch": map[string]any{
				"expression": "[JSONPatch{op: 'add', path: '/data', value: {'seen': " + quoted + "}}]"}}}}},
		{"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": metadata(), "spec": map[string]any{
			"matchConstraints": scope, "matchConditions": only, "failurePolicy": "Fail",
			"validations": []any{map[string]any{"expression": "false", "message": name + " was seen"}}}},
		{"apiVersion": version, "kind": "MutatingAdmissionPolicyBinding", "metadata": metadata(), "spec": map[string]any{"policyName": name}},
		{"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata(), "spec": map[string]any{"policyName": name, "validationActions": []any{"Warn"}}},
	}
}
