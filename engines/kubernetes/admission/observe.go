package admission

import (
	"context"
	"errors"
	"reflect"
	"strconv"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// The plugins say what they decided, but not what they looked at, nor what they
// let pass under failurePolicy Ignore. So the parts that they call are wrapped:
// the wrappers change nothing and note what they see in the request's observation.

// An observation is what is seen of one dispatch. The plugins run a dispatch in
// one goroutine.
type observation struct {
	findings *findings
	// conditions are the errors of the match conditions evaluated last, messages the
	// results of the message expressions evaluated last.
	conditions []error
	messages   []cel.EvaluationResult
	// evaluation is that of the mutation under way.
	evaluation evaluation
	// results are those of validators.
	results []validating.ValidateResult
	// broken says why there can be no verdict.
	broken error
}

type observationKey struct{}

func observing(ctx context.Context, o *observation) context.Context {
	return context.WithValue(ctx, observationKey{}, o)
}

func observed(ctx context.Context) *observation { return ctx.Value(observationKey{}).(*observation) }

// observedConditions are match conditions.
type observedConditions struct{ cel.ConditionEvaluator }

func (c observedConditions) ForInput(ctx context.Context, attributes *admission.VersionedAttributes, request *admissionv1.AdmissionRequest,
	bindings cel.OptionalVariableBindings, namespace *corev1.Namespace, budget int64) ([]cel.EvaluationResult, int64, error) {
	results, left, err := c.ConditionEvaluator.ForInput(ctx, attributes, request, bindings, namespace, budget)
	o := observed(ctx)
	o.conditions = nil
	if err != nil {
		o.conditions = append(o.conditions, err)
	}
	for _, result := range results {
		if result.Error != nil {
			o.conditions = append(o.conditions, result.Error)
		}
	}
	return results, left, err
}

// observedMessages are message expressions.
type observedMessages struct{ cel.ConditionEvaluator }

func (m observedMessages) ForInput(ctx context.Context, attributes *admission.VersionedAttributes, request *admissionv1.AdmissionRequest,
	bindings cel.OptionalVariableBindings, namespace *corev1.Namespace, budget int64) ([]cel.EvaluationResult, int64, error) {
	results, left, err := m.ConditionEvaluator.ForInput(ctx, attributes, request, bindings, namespace, budget)
	observed(ctx).messages = results
	return results, left, err
}

// looked is the condition by which a generated policy spares itself Pods whose images
// all come from mirrors. It has looked at every image then, and found nothing to do:
// the object is covered, unlike one that other conditions leave out.
const looked = "an-image-from-elsewhere"

// observedMatcher is the matcher of a policy with match conditions.
type observedMatcher struct {
	matchconditions.Matcher
	policy string
}

func (m observedMatcher) Match(ctx context.Context, attributes *admission.VersionedAttributes, params runtime.Object, authz authorizer.Authorizer) matchconditions.MatchResult {
	result := m.Matcher.Match(ctx, attributes, params, authz)
	o := observed(ctx)
	switch {
	case result.Error != nil:
		// failurePolicy Fail: the plugin denies.
		o.findings.ran(m.policy, true)
	case result.FailedConditionName == looked:
		o.findings.ran(m.policy, false)
	case !result.Matches && result.FailedConditionName == "":
		// failurePolicy Ignore: no condition is false, and one cannot be evaluated.
		o.findings.failed(m.policy, "spec.matchConditions", errors.Join(o.conditions...))
	}
	return result
}

// observedPatcher is one mutation; it is called where the policy matches.
type observedPatcher struct {
	patch.Patcher
	policy string
	ignore bool
	index  int
}

func (p observedPatcher) Patch(ctx context.Context, request patch.Request, budget int64) (runtime.Object, error) {
	before := request.VersionedAttributes.VersionedObject
	after, err := p.Patcher.Patch(ctx, request, budget)
	o := observed(ctx)
	var status *apierrors.StatusError
	switch {
	case err == nil:
		o.findings.ran(p.policy, !sameContent(before, after))
	case errors.Is(err, errNoSchema):
		o.broken = errors.Join(o.broken, err)
	case p.ignore && !errors.As(err, &status):
		o.findings.ran(p.policy, false)
		o.findings.failed(p.policy, "spec.mutations["+strconv.Itoa(p.index)+"]", err)
	default:
		o.findings.ran(p.policy, true)
	}
	return after, err
}

// sameContent: all objects here are unstructured.
func sameContent(a, b runtime.Object) bool {
	one, ok := a.(*unstructured.Unstructured)
	other, okToo := b.(*unstructured.Unstructured)
	return ok && okToo && reflect.DeepEqual(one.Object, other.Object)
}

// observedValidator is a ValidatingAdmissionPolicy.
type observedValidator struct{ validating.Validator }

func (v observedValidator) Validate(ctx context.Context, resource runtimeschema.GroupVersionResource, attributes *admission.VersionedAttributes,
	params runtime.Object, namespace *corev1.Namespace, budget int64, authz authorizer.Authorizer) validating.ValidateResult {
	o := observed(ctx)
	o.messages = nil
	result := v.Validator.Validate(ctx, resource, attributes, params, namespace, budget, authz)
	o.results = append(o.results, result)
	return result
}
