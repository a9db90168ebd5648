package admission

import (
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// policyOf is the kind and the name of the policy that a binding is for; empty for
// a policy.
func policyOf(o *manifest) (kind, name string) {
	switch binding := o.stored.(type) {
	case *admissionregistrationv1.MutatingAdmissionPolicyBinding:
		return kindMutating, binding.Spec.PolicyName
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		return kindValidating, binding.Spec.PolicyName
	}
	return "", ""
}

// unbound refuses policies without a binding and bindings without a policy: an API
// server takes both, and neither does anything.
func unbound(objects []*manifest) (problems []error) {
	policies, bound := map[string]bool{}, map[string]bool{}
	for _, o := range objects {
		if kind, name := policyOf(o); kind != "" {
			bound[kind+"/"+name] = true
		} else {
			policies[o.kind+"/"+o.GetName()] = true
		}
	}
	for _, o := range objects {
		kind, name := policyOf(o)
		switch {
		case kind == "" && !bound[o.kind+"/"+o.GetName()]:
			problems = append(problems, fmt.Errorf("%s: no %sBinding names it, so nothing would be judged by it", o.at, o.kind))
		case kind != "" && name != "" && !policies[kind+"/"+name]:
			problems = append(problems, fmt.Errorf("%s: spec.policyName: %q: there is no %s of this name, so nothing would be judged", o.at, name, kind))
		}
	}
	return problems
}
