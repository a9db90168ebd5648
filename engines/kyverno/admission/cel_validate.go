package admission

import (
	"context"
	"fmt"

	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// validateCEL is pkg/webhooks/resource/vpol. Like validateWebhook it tells warnings
// and records also where something is denied.
func (s *Session) validateCEL(ctx context.Context, r *request, object unstructured.Unstructured, findings *findings) (bool, error) {
	if len(s.validating) == 0 {
		return true, nil
	}
	object, _ = r.labelled(object)
	v := &validation{engine: s.engine, request: r, object: object, namespace: r.namespaceObject()}
	atDoor := r.atDoor(object)
	allowed := true
	for _, p := range s.validating {
		if !p.concerns(r) {
			continue
		}
		opens, err := p.door.opens(ctx, atDoor, v.namespace)
		if err != nil {
			allowed = findings.unanswered(&p.celPolicy, "the API server cannot evaluate the matchConditions: "+err.Error()) && allowed
			continue
		}
		if !opens {
			continue
		}
		for i := range p.variants {
			lets, err := v.evaluate(ctx, p, &p.variants[i], findings)
			if err != nil {
				return false, fmt.Errorf("policy %s: %w", p.name, err)
			}
			allowed = allowed && lets
		}
	}
	return allowed, nil
}

// judge is what the webhook makes of a result. A policy that denies denies also where
// it cannot be evaluated, whatever its failurePolicy says: that is about
// matchConditions, and about calls that fail.
func (f *findings) judge(p *validatingPolicy, rule *engineapi.RuleResponse) (allowed bool) {
	failed, isError := rule.HasStatus(engineapi.RuleStatusFail), rule.HasStatus(engineapi.RuleStatusError)
	f.covered(p.name, failed || isError)
	if isError {
		f.unevaluated(p.name, rule.Message())
	}
	allowed = true
	if p.actions.Has(admissionregistrationv1.Deny) && (failed || isError) {
		allowed = false
		message := rule.Message() // Kyverno puts "Policy NAME failed: " before it
		if isError {
			message = fmt.Sprintf("Policy %s error: %s", p.short, message)
		}
		f.messages = append(f.messages, message)
	}
	if p.actions.Has(admissionregistrationv1.Warn) && failed {
		f.warnings = append(f.warnings, rule.Message())
	}
	if p.actions.Has(admissionregistrationv1.Audit) && failed {
		f.recorded = append(f.recorded, rule.Message())
	}
	return allowed
}

// A validation is one object before all validating policies.
type validation struct {
	engine    *Engine
	request   *request
	object    unstructured.Unstructured
	namespace *corev1.Namespace
	full      *admissionv1.AdmissionRequest // made when it is first asked for
}

func (v *validation) review() *admissionv1.AdmissionRequest {
	if v.full == nil {
		v.full = v.request.review(v.object)
	}
	return v.full
}

// evaluate is handlePolicy of vpol/engine, as evaluate of a mutation is.
func (v *validation) evaluate(ctx context.Context, p *validatingPolicy, variant *validatingVariant, findings *findings) (allowed bool, err error) {
	if variant.extraction != nil {
		return v.extracted(ctx, p, variant, findings)
	}
	attributes := v.request.attributes(v.object, v.request.nameOf(v.object))
	covers, err := v.engine.matcher.Match(&variant.criteria, attributes, v.namespace)
	if err != nil {
		return findings.judge(p, engineapi.RuleError("match", engineapi.Validation, "failed to execute matching", err, nil)), nil
	}
	if !covers {
		return true, nil
	}
	var review *admissionv1.AdmissionRequest
	if p.asksRequest {
		review = v.review()
	}
	var namespace *corev1.Namespace
	if p.asksNamespace {
		namespace = v.namespace
	}
	result, err := variant.compiled.Evaluate(ctx, nil, attributes, review, namespace, v.engine.libraries)
	if result == nil && err == nil && variant.strict != nil {
		if _, err := variant.strict.Evaluate(ctx, nil, attributes, review, namespace, v.engine.libraries); err != nil {
			findings.covered(p.name, true)
			findings.unevaluated(p.name, err.Error())
		}
		return true, nil
	}
	var rule *engineapi.RuleResponse
	switch {
	case err != nil:
		rule = engineapi.RuleError("evaluation", engineapi.Validation, "failed to load context", err, nil)
	case result == nil:
		return true, nil // the matchConditions
	case result.Error != nil:
		rule = engineapi.RuleError("", engineapi.Validation, "error", result.Error, nil)
	case result.Result:
		rule = engineapi.RulePass("", engineapi.Validation, "success", nil)
	default:
		rule = engineapi.RuleFail("", engineapi.Validation, result.Message, nil)
	}
	return findings.judge(p, rule), nil
}

// extracted has Kyverno's own engine judge the Pod templates that it finds in the object.
func (v *validation) extracted(ctx context.Context, p *validatingPolicy, variant *validatingVariant, findings *findings) (allowed bool, err error) {
	engine := vpolengine.NewEngine(variant.extraction, func(string) *corev1.Namespace { return v.namespace }, v.engine.matcher)
	response, err := engine.Handle(ctx, celengine.RequestFromAdmission(v.engine.libraries, *v.review()), nil)
	if err != nil {
		return false, err
	}
	allowed = true
	for _, policy := range response.Policies {
		for i := range policy.Rules {
			if rule := &policy.Rules[i]; !rule.HasStatus(engineapi.RuleStatusSkip) { // the matchConditions
				allowed = findings.judge(p, rule) && allowed
			}
		}
	}
	return allowed, nil
}
