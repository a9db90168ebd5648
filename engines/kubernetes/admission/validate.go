package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/warning"
)

// validate runs each policy under each of its bindings in a dispatch of its own. A
// cluster runs all in one and tells only the first denial, and of an audit only
// what came first; here all are told, and none can sway another: a validating
// policy changes nothing.
func (s *Session) validate(ctx context.Context, r *request, object map[string]any, f *findings) (allowed bool, err error) {
	allowed = true
	matcher := generic.NewPolicyMatcher(r.matcher())
	for i := range s.validating {
		hook := s.validating[i]
		o := &observation{findings: f}
		warned := &warnings{}
		on := warning.WithWarningRecorder(observing(ctx, o), warned)
		err := validating.NewDispatcher(noAuthorizer{o}, matcher).Dispatch(on, r.attributes(object), s.objects, s.validating[i:i+1])
		if o.broken != nil {
			return false, o.broken
		}
		var status *apierrors.StatusError
		if err != nil && !errors.As(err, &status) {
			return false, err
		}
		v := verdict{findings: f, policy: hook.Policy, binding: hook.Bindings[0], observation: o}
		v.read(warned)
		if v.denied != (err != nil) {
			return false, fmt.Errorf("policy %s: the plugin says %v, its validator %q: a bug of this engine", hook.Policy.Name, err, f.messages)
		}
		if err != nil {
			allowed = false
		}
	}
	return allowed, nil
}

// warnings records what a plugin sends as Warning headers.
type warnings struct{ texts []string }

// AddWarning implements warning.Recorder.
func (w *warnings) AddWarning(_, text string) { w.texts = append(w.texts, text) }

// A verdict reads what one policy under one binding came to.
type verdict struct {
	*findings
	policy      *admissionregistrationv1.ValidatingAdmissionPolicy
	binding     *admissionregistrationv1.ValidatingAdmissionPolicyBinding
	observation *observation

	denied, fired bool
}

func (v *verdict) read(warned *warnings) {
	for _, result := range v.observation.results {
		if result.Decisions == nil {
			continue // the match conditions do not cover the object
		}
		for i, decision := range result.Decisions {
			v.decision(i, decision)
		}
		for _, annotation := range result.AuditAnnotations {
			v.annotation(annotation)
		}
		v.ran(v.policy.Name, v.fired)
	}
	before := fmt.Sprintf("Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': ", v.policy.Name, v.binding.Name)
	for _, text := range warned.texts {
		v.warnings = append(v.warnings, strings.TrimPrefix(text, before))
	}
}

// decision reads that of one validation.
func (v *verdict) decision(index int, decision validating.PolicyDecision) {
	path := fmt.Sprintf("spec.validations[%d]", index)
	if decision.Action != validating.ActionDeny {
		if decision.Evaluation == validating.EvalError {
			v.failed(v.policy.Name, path, errors.New(decision.Message)) // failurePolicy Ignore
		}
		return
	}
	v.fired = true
	for _, action := range v.binding.Spec.ValidationActions {
		switch action {
		case admissionregistrationv1.Deny:
			v.denied = true
			v.messages = append(v.messages, decision.Message)
		case admissionregistrationv1.Audit:
			v.recorded = append(v.recorded, decision.Message)
		}
	}
	// The plugin falls back to the message, or to the expression, without a word.
	if messages := v.observation.messages; decision.Evaluation == validating.EvalDeny && index < len(messages) && messages[index].Error != nil {
		v.failed(v.policy.Name, path+".messageExpression", messages[index].Error)
	}
}

// annotation reads an audit annotation.
func (v *verdict) annotation(annotation validating.PolicyAuditAnnotation) {
	switch annotation.Action {
	case validating.AuditAnnotationActionPublish:
		v.fired = true
		// Bindings that say the same share an annotation.
		if recorded := v.policy.Name + "/" + annotation.Key + ": " + annotation.Value; !slices.Contains(v.recorded, recorded) {
			v.recorded = append(v.recorded, recorded)
		}
	case validating.AuditAnnotationActionError:
		v.fired, v.denied = true, true
		v.messages = append(v.messages, annotation.Error)
	case validating.AuditAnnotationActionExclude:
		if annotation.Error != "" {
			v.failed(v.policy.Name, "spec.auditAnnotations", errors.New(annotation.Error))
		}
	}
}
