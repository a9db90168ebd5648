package admission

import (
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
)

// A compilation compiles one policy's expressions as the plugins do in their
// functions compilePolicy, which k8s.io/apiserver does not export; beside that it
// keeps what does not compile.
type compilation struct {
	policy string
	ignore bool // failurePolicy
	// fail is the same as the plugins want it.
	fail     *admissionregistrationv1.FailurePolicyType
	unread   unread
	compiler *cel.CompositedCompiler
	problems []error
}

func newCompilation(policy string, fail *admissionregistrationv1.FailurePolicyType, unread unread) (*compilation, error) {
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	return &compilation{
		policy:   policy,
		ignore:   fail != nil && *fail == admissionregistrationv1.Ignore,
		fail:     fail,
		unread:   unread,
		compiler: compiler,
	}, nil
}

// failed notes what does not compile at a path of the policy.
func (c *compilation) failed(path string, errs ...error) {
	for _, err := range errs {
		c.problems = append(c.problems, fmt.Errorf("%s: %w", path, err))
	}
}

func (c *compilation) variables(variables []admissionregistrationv1.Variable, declared cel.OptionalVariableDeclarations) {
	for i, variable := range variables {
		compiled := c.compiler.CompileAndStoreVariable(&validating.Variable{Name: variable.Name, Expression: variable.Expression}, declared, environment.StoredExpressions)
		if compiled.Error != nil {
			c.failed(fmt.Sprintf("spec.variables[%d].expression", i), compiled.Error)
		}
	}
}

func (c *compilation) conditions(path string, expressions []cel.ExpressionAccessor, declared cel.OptionalVariableDeclarations) cel.ConditionEvaluator {
	made := c.compiler.CompileCondition(expressions, declared, environment.StoredExpressions)
	c.failed(path, made.CompilationErrors()...)
	return sparedConditions{made, c.unread}
}

// matcher is nil where the policy has no conditions, as the plugins want it.
func (c *compilation) matcher(conditions []admissionregistrationv1.MatchCondition, declared cel.OptionalVariableDeclarations) matchconditions.Matcher {
	if len(conditions) == 0 {
		return nil
	}
	expressions := make([]cel.ExpressionAccessor, len(conditions))
	for i := range conditions {
		expressions[i] = (*matchconditions.MatchCondition)(&conditions[i])
	}
	evaluator := observedConditions{c.conditions("spec.matchConditions", expressions, declared)}
	return observedMatcher{
		Matcher: matchconditions.NewMatcher(evaluator, c.fail, "policy", "validate", c.policy),
		policy:  c.policy,
	}
}

// mutator compiles a MutatingAdmissionPolicy.
func mutator(policy *admissionregistrationv1.MutatingAdmissionPolicy) (mutating.PolicyEvaluator, error) {
	c, err := newCompilation(policy.Name, policy.Spec.FailurePolicy, unreadIn(mutatingExpressions(policy)))
	if err != nil {
		return mutating.PolicyEvaluator{}, err
	}
	declared := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	c.variables(policy.Spec.Variables, declared)
	made := mutating.PolicyEvaluator{
		CompositedCompiler: c.compiler,
		Matcher:            c.matcher(policy.Spec.MatchConditions, declared),
	}
	declared.HasPatchTypes = true
	for i, mutation := range policy.Spec.Mutations {
		made.Mutators = append(made.Mutators, observedPatcher{
			Patcher: c.patcher(fmt.Sprintf("spec.mutations[%d]", i), mutation, declared),
			policy:  c.policy,
			ignore:  c.ignore,
			index:   i,
		})
	}
	return made, errors.Join(c.problems...)
}

func (c *compilation) patcher(path string, mutation admissionregistrationv1.Mutation, declared cel.OptionalVariableDeclarations) patch.Patcher {
	switch mutation.PatchType {
	case admissionregistrationv1.PatchTypeJSONPatch:
		evaluator := c.compiler.CompileMutatingEvaluator(&patch.JSONPatchCondition{Expression: mutation.JSONPatch.Expression}, declared, environment.StoredExpressions)
		c.failed(path+".jsonPatch.expression", evaluator.CompilationErrors()...)
		return newJSONPatcher(sparedMutation{evaluator, c.unread})
	case admissionregistrationv1.PatchTypeApplyConfiguration:
		evaluator := c.compiler.CompileMutatingEvaluator(&patch.ApplyConfigurationCondition{Expression: mutation.ApplyConfiguration.Expression}, declared, environment.StoredExpressions)
		c.failed(path+".applyConfiguration.expression", evaluator.CompilationErrors()...)
		return patch.NewApplyConfigurationPatcher(sparedMutation{evaluator, c.unread})
	}
	c.failed(path+".patchType", fmt.Errorf("%q is not known", mutation.PatchType)) // validation has refused it before
	return nil
}

// validator compiles a ValidatingAdmissionPolicy.
func validator(policy *admissionregistrationv1.ValidatingAdmissionPolicy) (validating.Validator, error) {
	c, err := newCompilation(policy.Name, policy.Spec.FailurePolicy, unreadIn(validatingExpressions(policy)))
	if err != nil {
		return nil, err
	}
	declared := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	c.variables(policy.Spec.Variables, declared)
	var expressions, messages, annotations []cel.ExpressionAccessor
	for _, validation := range policy.Spec.Validations {
		expressions = append(expressions, &validating.ValidationCondition{
			Expression: validation.Expression,
			Message:    validation.Message,
			Reason:     validation.Reason,
		})
		var message cel.ExpressionAccessor
		if validation.MessageExpression != "" {
			message = &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression}
		}
		messages = append(messages, message)
	}
	for _, annotation := range policy.Spec.AuditAnnotations {
		annotations = append(annotations, &validating.AuditAnnotationCondition{Key: annotation.Key, ValueExpression: annotation.ValueExpression})
	}
	made := observedValidator{Validator: validating.NewValidator(
		c.conditions("spec.validations", expressions, declared),
		c.matcher(policy.Spec.MatchConditions, declared),
		c.conditions("spec.auditAnnotations", annotations, declared),
		observedMessages{c.conditions("spec.validations", messages, cel.OptionalVariableDeclarations{})},
		policy.Spec.FailurePolicy,
		nil,
	)}
	return made, errors.Join(c.problems...)
}
