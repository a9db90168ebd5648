package admission

import (
	"fmt"
	"maps"
	"slices"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	matchutils "github.com/kyverno/kyverno/pkg/utils/match"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mirrorgen.dev/gen/engines/protocol"
)

// namespaceLabels are the labels of the object's namespace: those of the request,
// else of the Namespace among the cluster's objects. false: they are not known.
func namespaceLabels(admit *protocol.Admit, name string) (map[string]string, bool) {
	labels := maps.Clone(admit.NamespaceLabels)
	if labels == nil {
		for _, object := range admit.Cluster {
			if u := (&unstructured.Unstructured{Object: object}); isNamespace(u) && u.GetName() == name {
				labels = u.GetLabels()
				if labels == nil {
					labels = map[string]string{}
				}
			}
		}
	}
	if labels == nil {
		return nil, false
	}
	labels[corev1.LabelMetadataName] = name
	return labels, true
}

// selectable are the labels that selectors are held against: where they are not known,
// the one that every namespace has. needsLabels is asked before, so that no other
// decides then.
func (r *request) selectable() map[string]string {
	if r.labels == nil && r.namespace != "" && !r.isNamespace() {
		return map[string]string{corev1.LabelMetadataName: r.namespace}
	}
	return r.labels
}

// asksForLabels reports a selector that asks for other labels than the name.
func asksForLabels(selector *metav1.LabelSelector) bool {
	if selector == nil {
		return false
	}
	for label := range selector.MatchLabels {
		if label != corev1.LabelMetadataName {
			return true
		}
	}
	return slices.ContainsFunc(selector.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool { return r.Key != corev1.LabelMetadataName })
}

// needsLabels refuses to guess: a policy whose rules for this kind ask for the
// namespace's labels cannot be judged without them. As in the webhook, objects
// without a namespace are never looked up.
func (r *request) needsLabels(p *policy, phases []string) error {
	if r.labels != nil || r.namespace == "" || r.gvk.Kind == "Namespace" {
		return nil
	}
	admission := slices.Contains(phases, phaseMutate) || slices.Contains(phases, phaseValidate)
	asks := admission && p.overrideSelectors
	for _, rule := range p.selectors {
		if inBackground(&rule) && !slices.Contains(phases, phaseBackground) || !inBackground(&rule) && !admission {
			continue
		}
		kinds := rule.MatchResources.GetKinds()
		asks = asks || len(kinds) == 0 || matchutils.CheckKind(kinds, r.gvk, r.subresource, true)
	}
	if asks {
		return fmt.Errorf("policy %s selects by namespaceSelector: the request needs namespaceLabels", p.name)
	}
	return nil
}

// inBackground: the rule is not run at admission but after it.
func inBackground(rule *kyvernov1.Rule) bool { return rule.HasGenerate() || rule.HasMutateExisting() }
