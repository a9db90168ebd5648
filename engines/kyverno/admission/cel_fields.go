package admission

import (
	"fmt"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/policies/gpol/template"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Fields that CEL policies do not have in older versions of Kyverno (../versions).

func targetMatchConditions(spec *policiesv1beta1.MutatingPolicySpec) []admissionregistrationv1.MatchCondition {
	return spec.TargetMatchConditions
}

func mutatingAnnotations(spec *policiesv1beta1.MutatingPolicySpec) []admissionregistrationv1.AuditAnnotation {
	return spec.AuditAnnotations
}

func generatingAnnotations(spec *policiesv1beta1.GeneratingPolicySpec) []admissionregistrationv1.AuditAnnotation {
	return spec.AuditAnnotations
}

func generatesServerSide(spec *policiesv1beta1.GeneratingPolicySpec) bool {
	return spec.UseServerSideApply
}

// templateExpressions are those within the template of the i-th generation.
func templateExpressions(i int, generation policiesv1beta1.Generation) []expression {
	if generation.Template == nil || generation.Template.Interpolate != policiesv1beta1.InterpolationModeCEL {
		return nil
	}
	var all []expression
	for _, text := range template.ExtractExpressions(generation.Template.Value) {
		all = append(all, expression{fmt.Sprintf("spec.generate[%d].template", i), text})
	}
	return all
}
