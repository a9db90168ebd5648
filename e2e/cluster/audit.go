package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/harness/engine"
)

// failuresNoted is the audit annotation of a ValidatingAdmissionPolicy that is
// bound with the action Audit.
const failuresNoted = "validation.policy.admission.k8s.io/validation_failure"

// recorded is what policies noted of a request and told nobody.
func (s *session) recorded(ctx context.Context, at *place, request engine.Request, answer *kubeapi.Answer) ([]string, error) {
	if policies := s.reporting(); len(policies) > 0 {
		return s.reported(ctx, at, request, policies)
	}
	if s.audits() {
		return s.audited(ctx, answer)
	}
	return nil, nil
}

// audits reports whether a policy in force notes what it finds in the audit log.
func (s *session) audits() bool {
	return slices.ContainsFunc(s.applied, func(object map[string]any) bool {
		spec, _ := object["spec"].(map[string]any)
		actions, _ := spec["validationActions"].([]any)
		return object["kind"] == "ValidatingAdmissionPolicyBinding" && slices.Contains(actions, any("Audit"))
	})
}

// audited reads what policies noted of a request in the audit log.
func (s *session) audited(ctx context.Context, answer *kubeapi.Answer) ([]string, error) {
	var event struct {
		AuditID     string            `json:"auditID"`
		Annotations map[string]string `json:"annotations"`
	}
	// The server writes the event about when it answers.
	err := stack.Until(ctx, "the audit event "+answer.AuditID, 10*time.Second, func(context.Context) error {
		file, err := os.Open(s.stack.AuditLog())
		if err != nil {
			return err
		}
		defer file.Close()
		rows := bufio.NewScanner(file)
		rows.Buffer(nil, 1<<20)
		for rows.Scan() {
			if !bytes.Contains(rows.Bytes(), []byte(answer.AuditID)) {
				continue
			}
			if err := json.Unmarshal(rows.Bytes(), &event); err == nil && event.AuditID == answer.AuditID {
				return nil
			}
		}
		return fmt.Errorf("it is not in the log: %w", rows.Err())
	})
	if err != nil {
		return nil, err
	}
	noted, found := event.Annotations[failuresNoted]
	if !found {
		return nil, nil
	}
	var failures []struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(noted), &failures); err != nil {
		return nil, fmt.Errorf("audit annotation %s: %w", failuresNoted, err)
	}
	var words []string
	for _, failure := range failures {
		words = append(words, failure.Message)
	}
	return words, nil
}
