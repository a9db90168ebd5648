package cluster

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/harness/engine"
)

// reporting are the names of Kyverno's policies in force that write what they find
// into reports and say nothing to the user.
func (s *session) reporting() []string {
	var names []string
	for _, object := range s.applied {
		if reports(object) {
			names = append(names, kubeapi.Metadata(object, "name"))
		}
	}
	return names
}

func reports(policy map[string]any) bool {
	spec, _ := policy["spec"].(map[string]any)
	switch policy["kind"] {
	case "ValidatingPolicy":
		actions, _ := spec["validationActions"].([]any)
		return slices.Contains(actions, any("Audit"))
	case "ClusterPolicy":
		rules, _ := spec["rules"].([]any)
		return spec["emitWarning"] != true && slices.ContainsFunc(rules, func(rule any) bool {
			fields, _ := rule.(map[string]any)
			validate, _ := fields["validate"].(map[string]any)
			return validate["failureAction"] == "Audit"
		})
	}
	return false
}

// reported makes a new Pod for real, as Kyverno reports on no dry run, reads what
// Kyverno reports of it, and deletes both. Other requests are not reported on here.
func (s *session) reported(ctx context.Context, at *place, request engine.Request, policies []string) ([]string, error) {
	if request.Operation != engine.Create || request.SubResource != "" || request.Object["kind"] != "Pod" {
		return nil, nil
	}
	pod := at.sent(request.Object)
	// One at a time, and none that another leaves behind.
	name := fmt.Sprintf("reported-%d", time.Now().UnixNano())
	pod["metadata"].(map[string]any)["name"] = name
	pods := "/api/v1/namespaces/" + at.namespace + "/pods"
	if _, err := s.stack.API.Must(ctx, kubeapi.Request{Method: http.MethodPost, Path: pods, Body: pod}); err != nil {
		return nil, err
	}
	var words []string
	reports := "/apis/reports.kyverno.io/v1/namespaces/" + at.namespace + "/ephemeralreports"
	err := stack.Until(ctx, "Kyverno's report on "+name, 10*time.Second, func(ctx context.Context) error {
		answer, err := s.stack.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: reports})
		if err != nil {
			return err
		}
		items, _ := answer.Body["items"].([]any)
		found := false
		words = nil
		for _, item := range items {
			report, _ := item.(map[string]any)
			spec, _ := report["spec"].(map[string]any)
			if !strings.Contains(fmt.Sprint(report["metadata"]), name) {
				continue
			}
			results, _ := spec["results"].([]any)
			for _, item := range results {
				result, _ := item.(map[string]any)
				policy, _ := result["policy"].(string)
				if !slices.Contains(policies, policy) {
					continue
				}
				found = true
				if message, _ := result["message"].(string); result["result"] == "fail" {
					words = append(words, lines(strings.TrimPrefix(message, loop))...)
				}
			}
		}
		if !found {
			return fmt.Errorf("none of %s is there", strings.Join(policies, ", "))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return words, s.stack.Back.Delete(ctx, pod)
}
