package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
)

// Parse reads the objects of files, in their order.
func Parse(files []artifact.File) ([]map[string]any, error) {
	var objects []map[string]any
	for _, file := range files {
		reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
		for {
			next, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			object, err := next.Object()
			if err != nil {
				return nil, err
			}
			objects = append(objects, object)
		}
	}
	if len(objects) == 0 {
		return nil, errors.New("no policy to apply")
	}
	return objects, nil
}

// How long policies may take.
const (
	// takePatience is for the API server or Kyverno to take a policy: Kyverno asks
	// whether its controllers may do what the policy needs, and the answer lags a
	// little behind the roles.
	takePatience = 10 * time.Second
	// forcePatience is for policies to come into force, or to be gone.
	forcePatience = 30 * time.Second
)

// apply applies the policies and waits until they are in force.
func (s *session) apply(ctx context.Context) error {
	for _, object := range s.policies {
		if namespace := kubeapi.Metadata(object, "namespace"); namespace != "" {
			if err := s.places.namespace(ctx, namespace, nil); err != nil {
				return err
			}
		}
		err := stack.Until(ctx, describe(object), takePatience, func(ctx context.Context) error {
			_, err := s.stack.API.Apply(ctx, object)
			return err
		})
		if err != nil {
			return err
		}
		s.applied = append(s.applied, object)
	}
	for _, object := range s.policies {
		if err := stack.Until(ctx, describe(object), forcePatience, func(ctx context.Context) error { return s.ready(ctx, object) }); err != nil {
			return fmt.Errorf("%w\n%s", err, s.stack.Log("kyverno"))
		}
	}
	// With these, the policies that were deleted before are gone too.
	if err := s.overtake(ctx); err != nil {
		return err
	}
	// A canary that never shows anything is a case that fails, in its own words.
	_ = stack.Until(ctx, "the policies", forcePatience, func(ctx context.Context) error { return s.shown(ctx, true) })
	return ctx.Err()
}

// ready asks a policy of Kyverno's whether it is ready; other kinds have no such
// field.
func (s *session) ready(ctx context.Context, policy map[string]any) error {
	version, _ := policy["apiVersion"].(string)
	if !strings.HasPrefix(version, "kyverno.io/") && !strings.HasPrefix(version, "policies.kyverno.io/") {
		return nil
	}
	resource, err := s.stack.Back.Of(ctx, policy)
	if err != nil {
		return err
	}
	answer, err := s.stack.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: resource.Path(kubeapi.Metadata(policy, "namespace"), kubeapi.Metadata(policy, "name"))})
	if err != nil {
		return err
	}
	status, _ := answer.Body["status"].(map[string]any)
	conditions, _ := status["conditionStatus"].(map[string]any)
	if conditions["ready"] == true || stack.HasCondition(answer.Body, "Ready", "True") {
		return nil
	}
	return fmt.Errorf("it is not ready: %v", status)
}

// native reports whether the policies are of Kubernetes' own kinds.
func (s *session) native() bool {
	return slices.ContainsFunc(s.policies, func(object map[string]any) bool {
		version, _ := object["apiVersion"].(string)
		return strings.HasPrefix(version, "admissionregistration.k8s.io/")
	})
}

// Close deletes the policies and waits until they are gone from admission too.
func (s *session) Close() error {
	err := s.remove()
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	s.engine.problem = errors.Join(s.engine.problem, err)
	return err
}

func (s *session) remove() error {
	// The run may have been cut off; what it applied goes all the same.
	ctx, cancel := context.WithTimeout(context.Background(), 2*forcePatience)
	defer cancel()
	// What the controllers do about a policy that goes, they need its roles for.
	for _, roles := range []bool{false, true} {
		var problems []error
		for i := len(s.applied) - 1; i >= 0; i-- {
			if version, _ := s.applied[i]["apiVersion"].(string); roles == strings.HasPrefix(version, "rbac.authorization.k8s.io/") {
				problems = append(problems, s.stack.API.Delete(ctx, s.applied[i]))
			}
		}
		if !roles {
			problems = append(problems, s.stack.Quiet(ctx, forcePatience))
		}
		if err := errors.Join(problems...); err != nil {
			return err
		}
	}
	// Nothing is noted any more, so nothing is waited for.
	s.applied = nil
	if s.native() {
		// What is applied next waits for that; see apply.
		return nil
	}
	return stack.Until(ctx, "the policies to be gone", forcePatience, func(ctx context.Context) error { return s.shown(ctx, false) })
}

func describe(object map[string]any) string {
	kind, _ := object["kind"].(string)
	return kind + " " + kubeapi.Metadata(object, "name")
}
