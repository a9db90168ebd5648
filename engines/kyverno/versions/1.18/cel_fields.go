package admission

import (
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Fields that CEL policies of Kyverno 1.18 do not have.

func targetMatchConditions(*policiesv1beta1.MutatingPolicySpec) []admissionregistrationv1.MatchCondition {
	return nil
}

func mutatingAnnotations(*policiesv1beta1.MutatingPolicySpec) []admissionregistrationv1.AuditAnnotation {
	return nil
}

func generatingAnnotations(*policiesv1beta1.GeneratingPolicySpec) []admissionregistrationv1.AuditAnnotation {
	return nil
}

func generatesServerSide(*policiesv1beta1.GeneratingPolicySpec) bool { return false }

func templateExpressions(int, policiesv1beta1.Generation) []expression { return nil }
