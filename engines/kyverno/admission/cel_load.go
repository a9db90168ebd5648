package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/policies/mpol"
	mpolautogen "github.com/kyverno/kyverno/pkg/cel/policies/mpol/autogen"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	"github.com/kyverno/kyverno/pkg/cel/policies/vpol"
	vpolautogen "github.com/kyverno/kyverno/pkg/cel/policies/vpol/autogen"
	vpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/vpol/compiler"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// addMutating validates a MutatingPolicy with Kyverno's admission validator and
// compiles it, what Kyverno derives for Pod controllers included.
func (s *Session) addMutating(source policiesv1beta1.MutatingPolicyLike) (warnings []string, err error) {
	if _, err := mpol.Validate(source); err != nil {
		return nil, celProblems(err)
	}
	if err := offlineMutating(source); err != nil {
		return nil, err
	}
	spec := source.GetSpec()
	p := &mutatingPolicy{celPolicy: newCELPolicy(source, mutatingExpressions(spec)), source: source}
	for _, mutation := range spec.Mutations {
		p.merges = p.merges || mutation.ApplyConfiguration != nil
	}
	if err := p.compile(source, false); err != nil {
		return nil, err
	}
	derived, err := mpolautogen.Autogen(source)
	if err != nil {
		return nil, fmt.Errorf("spec.autogen: %w", err)
	}
	var derivations []derivation
	for _, config := range slices.Sorted(maps.Keys(derived)) {
		like := source.DeepCopyObject().(policiesv1beta1.MutatingPolicyLike)
		*like.GetSpec() = *derived[config].Spec
		if err := p.compile(like, config == mutatingExtraction); err != nil {
			return nil, underivable(config, err)
		}
		derivations = append(derivations, derivation{config, derived[config].Targets, like.GetMatchConditions()})
	}
	p.door = newDoor(p.criteria(), timeout(spec.WebhookConfiguration), spec.MatchConditions, derivations)
	if mutatesAtAdmission(source) {
		s.mutating = append(s.mutating, p)
	}
	if spec.MutateExistingEnabled() {
		s.mutatingExisting = append(s.mutatingExisting, p)
	}
	return deprecated(source), nil
}

// compile adds a variant.
func (p *mutatingPolicy) compile(source policiesv1beta1.MutatingPolicyLike, extraction bool) error {
	made, err := newCriteria(source.GetMatchConstraints())
	if err != nil {
		return err
	}
	compiled, problems := mpolcompiler.NewCompiler().Compile(source, nil)
	if len(problems) > 0 {
		return celProblems(problems.ToAggregate())
	}
	p.constraints = append(p.constraints, made.constraints)
	p.variants = append(p.variants, mutatingVariant{made, compiledMutating(source, compiled, extraction)})
	return nil
}

// addValidating does the same for a ValidatingPolicy.
func (s *Session) addValidating(source policiesv1beta1.ValidatingPolicyLike) (warnings []string, err error) {
	if _, err := vpol.Validate(source); err != nil {
		return nil, celProblems(err)
	}
	if err := offlineValidating(source); err != nil {
		return nil, err
	}
	spec := source.GetValidatingPolicySpec()
	p := &validatingPolicy{celPolicy: newCELPolicy(source, validatingExpressions(spec)), actions: sets.New(spec.ValidationActions()...)}
	if err := p.compile(source, false); err != nil {
		return nil, err
	}
	derived, err := vpolautogen.Autogen(source)
	if err != nil {
		return nil, fmt.Errorf("spec.autogen: %w", err)
	}
	var derivations []derivation
	for _, config := range slices.Sorted(maps.Keys(derived)) {
		like := source.DeepCopyObject().(policiesv1beta1.ValidatingPolicyLike)
		*like.GetValidatingPolicySpec() = *derived[config].Spec
		if err := p.compile(like, config == validatingExtraction); err != nil {
			return nil, underivable(config, err)
		}
		derivations = append(derivations, derivation{config, derived[config].Targets, like.GetMatchConditions()})
	}
	p.door = newDoor(p.criteria(), timeout(spec.WebhookConfiguration), spec.MatchConditions, derivations)
	s.validating = append(s.validating, p)
	return deprecated(source), nil
}

// compile adds a variant.
func (p *validatingPolicy) compile(source policiesv1beta1.ValidatingPolicyLike, extraction bool) error {
	spec := source.GetValidatingPolicySpec()
	made, err := newCriteria(*spec.MatchConstraints)
	if err != nil {
		return err
	}
	variant := validatingVariant{criteria: made}
	compiler := vpolcompiler.NewCompiler()
	compiled, problems := compiler.Compile(source, nil)
	if len(problems) > 0 {
		return celProblems(problems.ToAggregate())
	}
	variant.compiled = compiled
	if !p.fail && len(spec.MatchConditions) > 0 {
		strict := source.DeepCopyObject().(policiesv1beta1.ValidatingPolicyLike)
		fail := admissionregistrationv1.Fail
		strict.GetValidatingPolicySpec().FailurePolicy = &fail
		if variant.strict, problems = compiler.Compile(strict, nil); len(problems) > 0 {
			return celProblems(problems.ToAggregate())
		}
	}
	if extraction {
		alone := extracting(vpolengine.Policy{Actions: p.actions, Policy: source, CompiledPolicy: compiled})
		variant.extraction = func(context.Context) ([]vpolengine.Policy, error) { return []vpolengine.Policy{alone}, nil }
	}
	p.constraints = append(p.constraints, made.constraints)
	p.variants = append(p.variants, variant)
	return nil
}

func underivable(config string, err error) error {
	var all []error
	for _, problem := range apart(err) {
		all = append(all, fmt.Errorf("spec.autogen: what Kyverno derives for %s does not compile, and a cluster does not run the policy: %w", config, problem))
	}
	return errors.Join(all...)
}

func timeout(configuration *policiesv1beta1.WebhookConfiguration) *int32 {
	if configuration == nil {
		return nil
	}
	return configuration.TimeoutSeconds
}

// deprecated is what an API server says of the version of a CRD that is.
func deprecated(policy runtime.Object) []string {
	if gvk := policy.GetObjectKind().GroupVersionKind(); gvk.Version == "v1alpha1" {
		return []string{fmt.Sprintf("%s %s is deprecated", gvk.GroupVersion(), gvk.Kind)}
	}
	return nil
}

// celProblems words what Kyverno's validators and compilers find. They put the whole
// expression into each message, which here may be a table of a thousand rows, and the
// compiler of ValidatingPolicies a placeholder before everything else.
func celProblems(err error) error {
	var all []error
	for _, problem := range apart(err) {
		var at *field.Error
		switch {
		case !errors.As(problem, &at):
			all = append(all, problem)
		case at.Type == field.ErrorTypeInternal && strings.HasSuffix(at.Detail, "error: failed to compile policy"):
		case at.Type == field.ErrorTypeInvalid:
			all = append(all, fmt.Errorf("%s: %s", at.Field, celIssues(at.Detail)))
		default:
			all = append(all, fmt.Errorf("%s: %s", at.Field, strings.TrimSpace(at.ErrorBody())))
		}
	}
	return errors.Join(all...)
}

// celIssues are a CEL compiler's findings without its drawing of the line:
// "ERROR: <input>:LINE:COLUMN: text", then the line and a caret below it.
func celIssues(detail string) string {
	var all []string
	for line := range strings.Lines(detail) {
		line = strings.TrimSpace(line)
		if issue, ok := strings.CutPrefix(line, "ERROR: <input>:"); ok {
			all = append(all, "at "+issue)
		} else if line != "" && !strings.HasPrefix(line, "|") {
			all = append(all, line)
		}
	}
	return strings.Join(all, "; ")
}
