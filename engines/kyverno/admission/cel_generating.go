package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/policies/gpol"
	gpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/gpol/compiler"
	gpolengine "github.com/kyverno/kyverno/pkg/cel/policies/gpol/engine"
	"k8s.io/utils/ptr"
)

// A generatingPolicy is a GeneratingPolicy or NamespacedGeneratingPolicy.
type generatingPolicy struct {
	celPolicy
	criteria
	source policiesv1beta1.GeneratingPolicyLike
	// alone is the policy as Kyverno's controller is given it: not to be synchronized,
	// because the controller does so at some time afterwards. Here it is done at once.
	alone gpolengine.Policy
}

// addGenerating validates a GeneratingPolicy with Kyverno's admission validator and
// compiles it; it is run in the background phase.
func (s *Session) addGenerating(source policiesv1beta1.GeneratingPolicyLike) (warnings []string, err error) {
	if _, err := gpol.Validate(source); err != nil {
		return nil, celProblems(err)
	}
	if err := offlineGenerating(source); err != nil {
		return nil, err
	}
	spec := source.GetSpec()
	p := &generatingPolicy{celPolicy: newCELPolicy(source, generatingExpressions(spec)), source: source}
	if p.criteria, err = newCriteria(*spec.MatchConstraints); err != nil {
		return nil, err
	}
	alone := source.DeepCopyObject().(policiesv1beta1.GeneratingPolicyLike)
	if evaluation := alone.GetSpec().EvaluationConfiguration; evaluation != nil && evaluation.SynchronizationConfiguration != nil {
		evaluation.SynchronizationConfiguration.Enabled = ptr.To(false)
	}
	compiled, problems := gpolcompiler.NewCompiler().Compile(source, nil)
	if len(problems) > 0 {
		return nil, celProblems(problems.ToAggregate())
	}
	p.alone = gpolengine.Policy{Policy: alone, CompiledPolicy: compiled}
	s.generating = append(s.generating, p)
	return deprecated(source), nil
}

// offlineGenerating refuses what would generate something else here than in a cluster.
func offlineGenerating(policy policiesv1beta1.GeneratingPolicyLike) error {
	spec := policy.GetSpec()
	var problems []error
	if generatesServerSide(spec) {
		problems = append(problems, errors.New("spec.useServerSideApply is true: who owns which field is kept by an API server, and this engine has none"))
	}
	return errors.Join(append(problems, asksOutside(generatingExpressions(spec), "resource", "generator")...)...)
}

func generatingExpressions(spec *policiesv1beta1.GeneratingPolicySpec) []expression {
	all := commonExpressions(spec.Variables, spec.MatchConditions, generatingAnnotations(spec))
	for i, generation := range spec.Generation {
		all = append(all, expression{fmt.Sprintf("spec.generate[%d].expression", i), generation.Expression})
		all = append(all, templateExpressions(i, generation)...)
	}
	return all
}

// generatingPolicies are Kyverno's Provider.
type generatingPolicies []*generatingPolicy

// Get finds a policy by the name that an UpdateRequest has.
func (all generatingPolicies) Get(_ context.Context, name string) (gpolengine.Policy, error) {
	for _, p := range all {
		if p.name == name {
			return p.alone, nil
		}
	}
	return gpolengine.Policy{}, fmt.Errorf("generating policy %s not found", strings.TrimSpace(name))
}
