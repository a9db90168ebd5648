package admission

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
)

// A policy that is asking cannot be judged without the labels of the namespace: it
// or its binding selects by them, or its expressions can read them.
type asking struct {
	phase string
	// policy and binding are those whose selectors for namespaces are widened to what
	// is known without labels, the name: if they do not match, neither do the real ones.
	policy  generic.PolicyAccessor
	binding generic.BindingAccessor
}

// ask finds the policies that are asking.
func (s *Session) ask() {
	add := func(phase string, policy generic.PolicyAccessor, binding generic.BindingAccessor, e expressions) {
		constraints, selects := widened(policy.GetMatchConstraints())
		resources, bindingSelects := widened(binding.GetMatchResources())
		// Match conditions do not see the namespace.
		if selects || bindingSelects || mention(e.rest, cel.NamespaceVarName) {
			s.asking = append(s.asking, asking{phase, widePolicy{policy, constraints}, wideBinding{binding, resources}})
		}
	}
	for _, hook := range s.mutating {
		for _, binding := range hook.Bindings {
			add(phaseMutate, mutating.NewMutatingAdmissionPolicyAccessor(hook.Policy), mutating.NewMutatingAdmissionPolicyBindingAccessor(binding), mutatingExpressions(hook.Policy))
		}
	}
	for _, hook := range s.validating {
		add(phaseValidate, validating.NewValidatingAdmissionPolicyAccessor(hook.Policy), validating.NewValidatingAdmissionPolicyBindingAccessor(hook.Bindings[0]), validatingExpressions(hook.Policy))
	}
}

// widened leaves of a selector for namespaces only what it says of their names;
// selects: it says more.
func widened(resources *admissionregistrationv1.MatchResources) (wide *admissionregistrationv1.MatchResources, selects bool) {
	if resources == nil || resources.NamespaceSelector == nil {
		return resources, false
	}
	wide = resources.DeepCopy()
	selector := wide.NamespaceSelector
	for key := range selector.MatchLabels {
		if key != corev1.LabelMetadataName {
			delete(selector.MatchLabels, key)
			selects = true
		}
	}
	selector.MatchExpressions = slices.DeleteFunc(selector.MatchExpressions, func(requirement metav1.LabelSelectorRequirement) bool {
		if requirement.Key == corev1.LabelMetadataName {
			return false
		}
		selects = true
		return true
	})
	return wide, selects
}

type widePolicy struct {
	generic.PolicyAccessor
	constraints *admissionregistrationv1.MatchResources
}

func (w widePolicy) GetMatchConstraints() *admissionregistrationv1.MatchResources {
	return w.constraints
}

type wideBinding struct {
	generic.BindingAccessor
	resources *admissionregistrationv1.MatchResources
}

func (w wideBinding) GetMatchResources() *admissionregistrationv1.MatchResources { return w.resources }

// needsLabels refuses to guess where the labels of the namespace are unknown.
func (s *Session) needsLabels(r *request, phases []string) error {
	if r.labelled || r.in == nil {
		return nil
	}
	matcher := generic.NewPolicyMatcher(r.matcher())
	attributes := r.attributes(r.object)
	for _, a := range s.asking {
		if !slices.Contains(phases, a.phase) {
			continue
		}
		matches, _, _, err := matcher.DefinitionMatches(attributes, s.objects, a.policy)
		if err == nil && matches {
			matches, err = matcher.BindingMatches(attributes, s.objects, a.binding)
		}
		if err != nil {
			return err
		}
		if matches {
			return fmt.Errorf("policy %s asks for the labels of namespace %s: the request needs namespaceLabels", a.policy.GetName(), r.namespace)
		}
	}
	return nil
}
