package admission

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
)

// check runs the API server's own validation, which compiles every expression as
// that of a new policy: with what the minor version before knows, too.
func check(o *manifest) (problems []error) {
	var found field.ErrorList
	switch typed := o.internal.(type) {
	case *admissionregistration.MutatingAdmissionPolicy:
		found = validation.ValidateMutatingAdmissionPolicy(typed)
		problems = append(problems, offline(typed.Spec.ParamKind, nil)...)
	case *admissionregistration.MutatingAdmissionPolicyBinding:
		found = validation.ValidateMutatingAdmissionPolicyBinding(typed)
		problems = append(problems, offline(nil, typed.Spec.ParamRef)...)
	case *admissionregistration.ValidatingAdmissionPolicy:
		found = validation.ValidateValidatingAdmissionPolicy(typed)
		problems = append(problems, offline(typed.Spec.ParamKind, nil)...)
	case *admissionregistration.ValidatingAdmissionPolicyBinding:
		found = validation.ValidateValidatingAdmissionPolicyBinding(typed)
		problems = append(problems, offline(nil, typed.Spec.ParamRef)...)
	}
	for _, one := range found {
		problems = append(problems, errors.New(describe(one)))
	}
	return problems
}

// offline refuses what needs a cluster.
func offline(kind *admissionregistration.ParamKind, ref *admissionregistration.ParamRef) (problems []error) {
	if kind != nil {
		problems = append(problems, fmt.Errorf("spec.paramKind: %s: parameters are read from a cluster, and there is none here; write the values into the policy", kind.Kind))
	}
	if ref != nil {
		problems = append(problems, errors.New("spec.paramRef: parameters are read from a cluster, and there is none here; write the values into the policy"))
	}
	return problems
}

// describe is the problem without the expression that it is about: the compiler quotes
// the line, and an expression may have 100,000 characters.
func describe(problem *field.Error) string {
	if problem.Type == field.ErrorTypeInvalid && strings.HasSuffix(strings.ToLower(problem.Field), "expression") {
		return problem.Field + ": " + strings.TrimSpace(problem.Detail)
	}
	return problem.Error()
}
