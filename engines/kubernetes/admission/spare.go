package admission

import (
	"context"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
)

// unread says which variables no expression of a policy names. The API server's
// evaluators turn each into a map before every evaluation, which takes longer than
// a short expression does; what nobody can read need not be there.
type unread struct{ request, namespace bool }

func unreadIn(e expressions) unread {
	return unread{
		request:   !mention(e.conditions, cel.RequestVarName) && !mention(e.rest, cel.RequestVarName),
		namespace: !mention(e.rest, cel.NamespaceVarName), // match conditions have none
	}
}

func (u unread) of(request *admissionv1.AdmissionRequest, namespace *corev1.Namespace) (*admissionv1.AdmissionRequest, *corev1.Namespace) {
	if u.request {
		request = nil
	}
	if u.namespace {
		namespace = nil
	}
	return request, namespace
}

// sparedConditions are evaluated without what is unread.
type sparedConditions struct {
	cel.ConditionEvaluator
	unread unread
}

func (s sparedConditions) ForInput(ctx context.Context, attributes *admission.VersionedAttributes, request *admissionv1.AdmissionRequest,
	bindings cel.OptionalVariableBindings, namespace *corev1.Namespace, budget int64) ([]cel.EvaluationResult, int64, error) {
	request, namespace = s.unread.of(request, namespace)
	return s.ConditionEvaluator.ForInput(ctx, attributes, request, bindings, namespace, budget)
}

// sparedMutation is evaluated without what is unread.
type sparedMutation struct {
	cel.MutatingEvaluator
	unread unread
}

func (s sparedMutation) ForInput(ctx context.Context, attributes *admission.VersionedAttributes, request *admissionv1.AdmissionRequest,
	bindings cel.OptionalVariableBindings, namespace *corev1.Namespace, budget int64) (cel.EvaluationResult, int64, error) {
	request, namespace = s.unread.of(request, namespace)
	return s.MutatingEvaluator.ForInput(ctx, attributes, request, bindings, namespace, budget)
}
