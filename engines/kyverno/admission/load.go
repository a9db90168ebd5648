package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	policyvalidate "github.com/kyverno/kyverno/pkg/validation/policy"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"

	"mirrorgen.dev/gen/engines/protocol"
)

// Load decodes, validates and prepares policies. The error names every file and
// policy that a cluster would refuse, or that cannot be run offline.
func (e *Engine) Load(ctx context.Context, files []protocol.File) (*Session, error) {
	session := &Session{engine: e}
	var problems []error
	seen := map[string]string{}
	warned := map[string]bool{}
	loaded := 0
	for _, file := range files {
		all, err := documents(file.Data)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file.Path, err))
			continue
		}
		for i, document := range all {
			at := file.Path
			if len(all) > 1 {
				at = fmt.Sprintf("%s: document %d", file.Path, i+1)
			}
			decoded, err := e.decode(document)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", at, err))
				continue
			}
			kind, name := decoded.GetObjectKind().GroupVersionKind().GroupKind(), nameOf(decoded.(metav1.Object))
			at = fmt.Sprintf("%s: %s %q", at, kind.Kind, name)
			key := kind.String() + " " + name
			if first, ok := seen[key]; ok {
				problems = append(problems, fmt.Errorf("%s: a policy of this name is in %s already", at, first))
				continue
			}
			seen[key] = file.Path
			warnings, err := session.add(ctx, decoded)
			if err != nil {
				for _, problem := range flatten(err) {
					problems = append(problems, fmt.Errorf("%s: %w", at, problem))
				}
				continue
			}
			loaded++
			for _, warning := range warnings {
				if !warned[warning] {
					warned[warning] = true
					session.warnings = append(session.warnings, warning)
				}
			}
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if loaded == 0 {
		return nil, fmt.Errorf("no policy of Kyverno's in %d file(s): nothing to judge by", len(files))
	}
	session.prepare()
	if len(session.rules) == 0 {
		return nil, errors.New("the policies have no rules: nothing to judge by")
	}
	return session, nil
}

// decode turns a panic of a decoder into an error, as everything that reads what
// a user wrote must.
func (e *Engine) decode(document []byte) (policy runtime.Object, err error) {
	defer recovered(&err)
	return e.schema.decode(document)
}

// add validates a policy and takes it up.
func (s *Session) add(ctx context.Context, decoded runtime.Object) (warnings []string, err error) {
	defer recovered(&err)
	switch policy := decoded.(type) {
	case kyvernov1.PolicyInterface:
		if warnings, err = validate(policy); err == nil {
			s.policies = append(s.policies, newPolicy(ctx, nameOf(policy), policy))
		}
		return warnings, err
	case policiesv1beta1.MutatingPolicyLike:
		return s.addMutating(policy)
	case policiesv1beta1.ValidatingPolicyLike:
		return s.addValidating(policy)
	case policiesv1beta1.GeneratingPolicyLike:
		return s.addGenerating(policy)
	}
	return nil, fmt.Errorf("a %T is not run by this engine", decoded)
}

// validate asks Kyverno's own admission validator, then refuses what would be
// judged differently here than in a cluster.
func validate(policy kyvernov1.PolicyInterface) (warnings []string, err error) {
	// mock: without a cluster neither kinds nor RBAC can be looked up. The validator
	// asks the cluster's version where there are matchConditions, mock or not, so
	// they are judged apart.
	subject := policy
	if conditions := policy.GetSpec().GetMatchConditions(); len(conditions) > 0 {
		if err := policyvalidate.ValidateCustomWebhookMatchConditions(conditions); err != nil {
			return nil, err
		}
		subject = withRules(policy, policy.GetSpec().Rules)
		configuration := *subject.GetSpec().WebhookConfiguration
		configuration.MatchConditions = nil
		subject.GetSpec().WebhookConfiguration = &configuration
	}
	warnings, err = policyvalidate.Validate(subject, nil, nil, true, "", "")
	if err != nil {
		return nil, err
	}
	if err := offline(policy); err != nil {
		return nil, err
	}
	if warning := deprecation(policy.GetKind()); warning != "" {
		warnings = append(warnings, warning)
	}
	return warnings, nil
}

// nameOf is unique among policies of a kind: one of a namespace has it in its name.
func nameOf(policy metav1.Object) string {
	if namespace := policy.GetNamespace(); namespace != "" {
		return namespace + "/" + policy.GetName()
	}
	return policy.GetName()
}

// flatten takes joined errors apart, so that each stands on a line with its place.
func flatten(err error) []error {
	var all []error
	for _, one := range apart(err) {
		all = append(all, errors.New(strings.TrimSpace(one.Error())))
	}
	return all
}

// apart are the errors that are joined in one.
func apart(err error) []error {
	var parts []error
	var joined interface{ Unwrap() []error }
	if aggregate, ok := err.(utilerrors.Aggregate); ok {
		parts = aggregate.Errors()
	} else if errors.As(err, &joined) {
		parts = joined.Unwrap()
	} else {
		return []error{err}
	}
	var all []error
	for _, one := range parts {
		all = append(all, apart(one)...)
	}
	return all
}
