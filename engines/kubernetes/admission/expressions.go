package admission

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// expressions are those of a policy, its variables' among them: the match
// conditions, and the rest.
type expressions struct{ conditions, rest []string }

func expressionsOf(conditions []admissionregistrationv1.MatchCondition, variables []admissionregistrationv1.Variable) (e expressions) {
	for _, condition := range conditions {
		e.conditions = append(e.conditions, condition.Expression)
	}
	for _, variable := range variables {
		e.rest = append(e.rest, variable.Expression)
	}
	return e
}

func mutatingExpressions(policy *admissionregistrationv1.MutatingAdmissionPolicy) expressions {
	e := expressionsOf(policy.Spec.MatchConditions, policy.Spec.Variables)
	for _, mutation := range policy.Spec.Mutations {
		if mutation.JSONPatch != nil {
			e.rest = append(e.rest, mutation.JSONPatch.Expression)
		}
		if mutation.ApplyConfiguration != nil {
			e.rest = append(e.rest, mutation.ApplyConfiguration.Expression)
		}
	}
	return e
}

func validatingExpressions(policy *admissionregistrationv1.ValidatingAdmissionPolicy) expressions {
	e := expressionsOf(policy.Spec.MatchConditions, policy.Spec.Variables)
	for _, validation := range policy.Spec.Validations {
		e.rest = append(e.rest, validation.Expression, validation.MessageExpression)
	}
	for _, annotation := range policy.Spec.AuditAnnotations {
		e.rest = append(e.rest, annotation.ValueExpression)
	}
	return e
}

// mention: one of the expressions names a variable, perhaps only in a string.
func mention(expressions []string, name string) bool {
	return slices.ContainsFunc(expressions, func(expression string) bool { return strings.Contains(expression, name) })
}
