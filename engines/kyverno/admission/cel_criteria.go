package admission

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// criteria are matchConstraints with the selectors parsed once.
type criteria struct {
	constraints         admissionregistrationv1.MatchResources
	namespaces, objects labels.Selector
}

func newCriteria(constraints admissionregistrationv1.MatchResources) (made criteria, err error) {
	made.constraints = constraints
	if made.namespaces, err = selector(constraints.NamespaceSelector); err != nil {
		return made, fmt.Errorf("spec.matchConstraints.namespaceSelector: %w", err)
	}
	if made.objects, err = selector(constraints.ObjectSelector); err != nil {
		return made, fmt.Errorf("spec.matchConstraints.objectSelector: %w", err)
	}
	return made, nil
}

// selector takes what is absent for everything, as Kyverno and the API server do.
func selector(from *metav1.LabelSelector) (labels.Selector, error) {
	if from == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(from)
}

// GetParsedNamespaceSelector is for Kyverno's matcher.
func (c *criteria) GetParsedNamespaceSelector() (labels.Selector, error) { return c.namespaces, nil }

// GetParsedObjectSelector is for Kyverno's matcher.
func (c *criteria) GetParsedObjectSelector() (labels.Selector, error) { return c.objects, nil }

// GetMatchResources is for Kyverno's matcher.
func (c *criteria) GetMatchResources() admissionregistrationv1.MatchResources { return c.constraints }

// lists reports whether the resource rules name the request.
func (c *criteria) lists(attributes apiadmission.Attributes) bool {
	return slices.ContainsFunc(c.constraints.ResourceRules, func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
		return (&rules.Matcher{Rule: rule.RuleWithOperations, Attr: attributes}).Matches()
	})
}

// guesses reports whether the namespace's labels decide, and not its name alone.
func (c *criteria) guesses(namespace string) bool {
	requirements, _ := c.namespaces.Requirements()
	known := labels.Set{corev1.LabelMetadataName: namespace}
	asks := false
	for _, requirement := range requirements {
		if requirement.Key() != corev1.LabelMetadataName {
			asks = true
		} else if !requirement.Matches(known) {
			return false // whatever the other labels are
		}
	}
	return asks
}

// needsLabelsCEL refuses to guess, as needsLabels of a request does for classic policies.
func (s *Session) needsLabelsCEL(r *request, phases []string) error {
	if r.labels != nil || r.namespace == "" || r.isNamespace() {
		return nil
	}
	attributes := r.attributes(r.object, "")
	if slices.Contains(phases, phaseMutate) {
		for _, p := range s.mutating {
			for i := range p.variants {
				if err := p.needsLabels(r, attributes, &p.variants[i].criteria); err != nil {
					return err
				}
			}
		}
	}
	if slices.Contains(phases, phaseValidate) {
		for _, p := range s.validating {
			for i := range p.variants {
				if err := p.needsLabels(r, attributes, &p.variants[i].criteria); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *celPolicy) needsLabels(r *request, attributes apiadmission.Attributes, c *criteria) error {
	switch {
	case !p.concerns(r) || !c.lists(attributes):
		return nil
	case c.guesses(r.namespace):
		return fmt.Errorf("policy %s selects by namespaceSelector: the request needs namespaceLabels", p.name)
	case p.asksNamespace:
		return fmt.Errorf("policy %s reads namespaceObject: the request needs namespaceLabels", p.name)
	}
	return nil
}
