package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"

	"mirrorgen.dev/gen/engines/protocol"
)

// A Session is a set of loaded policies. It holds memory alone. It may be used by
// several goroutines at once.
type Session struct {
	engine *Engine
	// mutating are all MutatingAdmissionPolicies, by name.
	mutating []mutating.PolicyHook
	// validating are the ValidatingAdmissionPolicies, by name, one hook per binding.
	validating []validating.PolicyHook
	// asking are the policies that ask for the labels of a namespace.
	asking   []asking
	rules    []string
	warnings []string
	objects  admission.ObjectInterfaces
}

// Rules lists the names of the policies, sorted.
func (s *Session) Rules() []string { return slices.Clone(s.rules) }

// Warnings are about versions that an API server does not serve by default. What
// Kubernetes finds when it checks types, package typecheck tells.
func (s *Session) Warnings() []string { return slices.Clone(s.warnings) }

// session compiles what has been read.
func (e *Engine) session(objects []*manifest) (*Session, error) {
	s := &Session{engine: e, objects: unstructuredObjects()}
	// An API server keeps the policies in a Go map and runs them in whatever order
	// that gives. A test must not depend on it, so here it is the order of names.
	slices.SortStableFunc(objects, func(a, b *manifest) int { return cmp.Compare(a.GetName(), b.GetName()) })
	var problems []error
	for _, o := range objects {
		s.warnings = append(s.warnings, o.warnings...)
		var err error
		switch policy := o.stored.(type) {
		case *admissionregistrationv1.MutatingAdmissionPolicy:
			hook := mutating.PolicyHook{Policy: policy, Bindings: bindings[*admissionregistrationv1.MutatingAdmissionPolicyBinding](objects, kindMutating, policy.Name)}
			hook.Evaluator, err = mutator(policy)
			s.mutating = append(s.mutating, hook)
			s.rules = append(s.rules, policy.Name)
		case *admissionregistrationv1.ValidatingAdmissionPolicy:
			hook := validating.PolicyHook{Policy: policy}
			hook.Evaluator, err = validator(policy)
			for _, binding := range bindings[*admissionregistrationv1.ValidatingAdmissionPolicyBinding](objects, kindValidating, policy.Name) {
				hook.Bindings = []*admissionregistrationv1.ValidatingAdmissionPolicyBinding{binding}
				s.validating = append(s.validating, hook)
			}
			s.rules = append(s.rules, policy.Name)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", o.at, err))
		}
	}
	s.rules = slices.Compact(s.rules)
	s.ask()
	return s, errors.Join(problems...)
}

// bindings are those of one policy.
func bindings[B runtime.Object](objects []*manifest, kind, name string) (all []B) {
	for _, o := range objects {
		if ofKind, ofName := policyOf(o); ofKind == kind && ofName == name {
			all = append(all, o.stored.(B))
		}
	}
	return all
}

// unstructuredObjects are what plugins ask for about objects. There is no type to
// convert to: objects are unstructured all the way.
func unstructuredObjects() admission.ObjectInterfaces {
	return admission.NewObjectInterfacesFromScheme(runtime.NewScheme())
}

// Admit runs one request through the policies. An error means that there is no
// verdict; a denial is an Outcome.
func (s *Session) Admit(ctx context.Context, admit *protocol.Admit) (outcome *protocol.Outcome, err error) {
	defer recovered(&err)
	if err := checkPhases(admit); err != nil {
		return nil, err
	}
	r, err := newRequest(admit)
	if err != nil {
		return nil, err
	}
	f := &findings{}
	object, allowed := r.object, true
	if exempt.Has(r.gvr.GroupResource()) {
		return f.outcome(true), nil
	}
	if err := s.needsLabels(r, admit.Phases); err != nil {
		return nil, err
	}
	// There is nothing to change where something is deleted.
	if r.operation != admission.Delete && slices.Contains(admit.Phases, phaseMutate) {
		object, allowed, err = s.mutate(ctx, r, f)
		if err != nil {
			return nil, err
		}
	}
	// A request that is refused while it is mutated never reaches the validating policies.
	if allowed && slices.Contains(admit.Phases, phaseValidate) {
		allowed, err = s.validate(ctx, r, object, f)
		if err != nil {
			return nil, err
		}
	}
	outcome = f.outcome(allowed)
	// Also where it is denied: a user wants to see what was judged.
	outcome.Object = r.changed(object)
	return outcome, nil
}
