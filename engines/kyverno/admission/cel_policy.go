package admission

import (
	"slices"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/vpol/compiler"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// A celPolicy is what policies of policies.kyverno.io have in common. Each is
// compiled once, when it is loaded.
type celPolicy struct {
	// name is the policy's, its namespace before it if it is of one. Such a policy has
	// no rules with names, so that it stands for itself in what is reported.
	name string
	// short is metadata.name, as Kyverno says it.
	short     string
	namespace string
	fail      bool // failurePolicy Fail
	// constraints are what the policy and each of its derived variants match.
	constraints []admissionregistrationv1.MatchResources
	// door is what the API server asks before it calls Kyverno.
	door door
	// asksRequest and asksNamespace: some expression reads request or namespaceObject.
	asksRequest, asksNamespace bool
}

// newCELPolicy takes one of Kyverno's, and the expressions in it.
func newCELPolicy(source metav1.Object, expressions []expression) celPolicy {
	made := celPolicy{
		name:          nameOf(source),
		short:         source.GetName(),
		namespace:     source.GetNamespace(),
		asksRequest:   slices.ContainsFunc(expressions, reads("request")),
		asksNamespace: slices.ContainsFunc(expressions, reads("namespaceObject")),
	}
	// All of Kyverno's types have it, but not all of its interfaces.
	if has, ok := source.(interface {
		GetFailurePolicy(forceIgnore bool) admissionregistrationv1.FailurePolicyType
	}); ok {
		made.fail = has.GetFailurePolicy(false) == admissionregistrationv1.Fail
	}
	return made
}

// concerns reports whether Kyverno's webhook hands the request to the policy at all:
// one of a namespace judges requests in it only.
func (p *celPolicy) concerns(r *request) bool {
	return p.namespace == "" || p.namespace == r.namespace
}

// A mutatingPolicy is a MutatingPolicy or NamespacedMutatingPolicy.
type mutatingPolicy struct {
	celPolicy
	source policiesv1beta1.MutatingPolicyLike
	// variants are the policy and what Kyverno derives from it for Pod controllers.
	variants []mutatingVariant
	// merges: some mutation is an ApplyConfiguration, which needs the kind's schema.
	merges bool
}

type mutatingVariant struct {
	criteria
	engine mpolengine.Policy
}

func (p *mutatingPolicy) criteria() (all []criteria) {
	for i := range p.variants {
		all = append(all, p.variants[i].criteria)
	}
	return all
}

// A validatingPolicy is a ValidatingPolicy or NamespacedValidatingPolicy.
type validatingPolicy struct {
	celPolicy
	actions  sets.Set[admissionregistrationv1.ValidationAction]
	variants []validatingVariant
}

type validatingVariant struct {
	criteria
	compiled *vpolcompiler.Policy
	// strict is the same with failurePolicy Fail where the policy's is Ignore: under
	// Ignore Kyverno does not tell a matchCondition that fails from one that is false.
	strict *vpolcompiler.Policy
	// extraction is Kyverno's engine with this variant alone; nil: the variant is
	// evaluated without it.
	extraction vpolengine.ProviderFunc
}

func (p *validatingPolicy) criteria() (all []criteria) {
	for i := range p.variants {
		all = append(all, p.variants[i].criteria)
	}
	return all
}
