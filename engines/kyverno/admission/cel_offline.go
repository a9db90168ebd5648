package admission

import (
	"errors"

	policieskyvernoio "github.com/kyverno/api/api/policies.kyverno.io"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
)

// offlineMutating refuses what would be a verdict about another policy here.
func offlineMutating(policy policiesv1beta1.MutatingPolicyLike) error {
	spec := policy.GetSpec()
	var problems []error
	if spec.GenerateMutatingAdmissionPolicyEnabled() {
		problems = append(problems, errors.New("spec.autogen.mutatingAdmissionPolicy.enabled is true: a cluster has the API server run this policy as a MutatingAdmissionPolicy, and this engine is Kyverno"))
	}
	if mode := spec.EvaluationMode(); mode != policieskyvernoio.EvaluationModeKubernetes {
		problems = append(problems, errors.New("spec.evaluation.mode is "+string(mode)+": this engine runs admission, which is Kubernetes"))
	}
	var answered []string
	if !mutatesAtAdmission(policy) {
		answered = []string{"resource"} // of the request's cluster
	}
	problems = append(problems, asksOutside(mutatingExpressions(spec), answered...)...)
	return errors.Join(append(problems, asksOutside(targetExpressions(spec), "resource")...)...)
}

// offlineValidating does the same for a ValidatingPolicy.
func offlineValidating(policy policiesv1beta1.ValidatingPolicyLike) error {
	spec := policy.GetValidatingPolicySpec()
	var problems []error
	if spec.GenerateValidatingAdmissionPolicyEnabled() {
		problems = append(problems, errors.New("spec.autogen.validatingAdmissionPolicy.enabled is true: a cluster has the API server run this policy as a ValidatingAdmissionPolicy, and this engine is Kyverno"))
	}
	if mode := spec.EvaluationMode(); mode != policieskyvernoio.EvaluationModeKubernetes {
		problems = append(problems, errors.New("spec.evaluation.mode is "+string(mode)+": this engine runs admission, which is Kubernetes"))
	}
	if !spec.AdmissionEnabled() {
		problems = append(problems, errors.New("spec.evaluation.admission.enabled is false: a cluster does not run this policy at admission, and this engine runs no scans"))
	}
	return errors.Join(append(problems, asksOutside(validatingExpressions(spec))...)...)
}

// asksOutside are the calls of what is outside, other than of the libraries answered.
func asksOutside(expressions []expression, answered ...string) (problems []error) {
	for _, e := range expressions {
		if err := e.asksOutside(answered); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}
