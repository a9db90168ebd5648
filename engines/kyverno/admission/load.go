package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/deprecations"
	policyvalidate "github.com/kyverno/kyverno/pkg/validation/policy"

	"mirrorgen.dev/gen/engines/protocol"
)

// Load decodes, validates and prepares policies. The error names every file and
// policy that a cluster would refuse, or that cannot be run offline.
func (e *Engine) Load(ctx context.Context, files []protocol.File) (*Session, error) {
	session := &Session{engine: e}
	var problems []error
	seen := map[string]string{}
	warned := map[string]bool{}
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
			name := policyName(decoded)
			at = fmt.Sprintf("%s: %s %q", at, decoded.GetKind(), name)
			if first, ok := seen[name]; ok {
				problems = append(problems, fmt.Errorf("%s: a policy of this name is in %s already", at, first))
				continue
			}
			seen[name] = file.Path
			warnings, err := validate(decoded)
			if err != nil {
				for _, problem := range flatten(err) {
					problems = append(problems, fmt.Errorf("%s: %w", at, problem))
				}
				continue
			}
			for _, warning := range warnings {
				if !warned[warning] {
					warned[warning] = true
					session.warnings = append(session.warnings, warning)
				}
			}
			session.policies = append(session.policies, newPolicy(ctx, name, decoded))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if len(session.policies) == 0 {
		return nil, fmt.Errorf("no ClusterPolicy or Policy of %s in %d file(s): nothing to judge by", policyVersion, len(files))
	}
	session.prepare()
	if len(session.rules) == 0 {
		return nil, errors.New("the policies have no rules: nothing to judge by")
	}
	return session, nil
}

// decode turns a panic of a decoder into an error, as everything that reads what
// a user wrote must.
func (e *Engine) decode(document []byte) (policy kyvernov1.PolicyInterface, err error) {
	defer recovered(&err)
	return e.schema.decode(document)
}

// validate asks Kyverno's own admission validator, then refuses what would be
// judged differently here than in a cluster.
func validate(policy kyvernov1.PolicyInterface) (warnings []string, err error) {
	defer recovered(&err)
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
	if warning, ok := deprecations.BuildKindWarning("kyverno.io", "v1", policy.GetKind()); ok {
		warnings = append(warnings, warning.Message)
	}
	return warnings, nil
}

// policyName is unique among policies: a Policy's has its namespace.
func policyName(policy kyvernov1.PolicyInterface) string {
	if policy.IsNamespaced() {
		return policy.GetNamespace() + "/" + policy.GetName()
	}
	return policy.GetName()
}

// flatten takes joined errors apart, so that each stands on a line with its place.
func flatten(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, flatten(one)...)
		}
		return all
	}
	return []error{errors.New(strings.TrimSpace(err.Error()))}
}
