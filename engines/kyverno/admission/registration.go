package admission

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kyverno/kyverno/pkg/config"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A registration is one mutating webhook that Kyverno writes (pkg/controllers/webhook).
// All are in one configuration, in the order of their names, in which the API server
// calls them: MutatingPolicies before the classic ones, failurePolicy Fail before
// Ignore. That MutatingPolicies are in a registration called validate is Kyverno's.
type registration struct {
	name string
	// ifNeeded is the reinvocationPolicy. Kyverno leaves it unset, which is Never, for
	// MutatingPolicies, whatever their own spec.reinvocationPolicy says.
	ifNeeded bool
	classic  []*policy
	mutating []*mutatingPolicy
	// rules limit what the API server calls; nil: the policies tell it themselves.
	rules []admissionregistrationv1.RuleWithOperations
}

// call calls a registration.
func (s *Session) call(ctx context.Context, r *request, object unstructured.Unstructured, called *registration, findings *findings) (unstructured.Unstructured, bool, error) {
	if called.mutating == nil {
		return s.mutateWebhook(ctx, r, object, called.classic, findings)
	}
	if called.rules != nil && !r.matches(called.rules) {
		return object, true, nil
	}
	return s.mutateCEL(ctx, r, object, called.mutating, findings)
}

// register makes the registrations of what is loaded. The policies are sorted.
func (s *Session) register() {
	for _, policies := range s.webhooks {
		s.registrations = append(s.registrations, &registration{name: config.MutatingWebhookName + policies[0].webhook.suffix(), ifNeeded: true, classic: policies})
	}
	var cluster, namespaced []*mutatingPolicy
	for _, p := range s.mutating {
		if p.namespace == "" {
			cluster = append(cluster, p)
		} else {
			namespaced = append(namespaced, p)
		}
	}
	s.registrations = append(s.registrations, registrationsOf(config.MutatingPolicyWebhookName, cluster)...)
	s.registrations = append(s.registrations, registrationsOf(namespacedMutatingWebhook, namespaced)...)
	slices.SortStableFunc(s.registrations, func(a, b *registration) int { return cmp.Compare(a.name, b.name) })
}

// registrationsOf is buildWebhookRules for MutatingPolicies. A policy with something
// that only a webhook of its own can have gets one; the others share a pair of
// webhooks, one for each failurePolicy, by the selectors that they have. Both of the
// pair call all policies of the pair: where both are called, each policy is run twice.
func registrationsOf(name string, policies []*mutatingPolicy) []*registration {
	var all []*registration
	var groups [][]*mutatingPolicy
	places := map[string]int{}
	for _, p := range policies {
		if p.door.own {
			all = append(all, &registration{name: name + failSuffix(p.fail) + "-finegrained-" + p.key(), mutating: []*mutatingPolicy{p}})
			continue
		}
		key := p.selectorKey()
		place, ok := places[key]
		if !ok {
			place = len(groups)
			places[key], groups = place, append(groups, nil)
		}
		groups[place] = append(groups[place], p)
	}
	for i, group := range groups {
		// In a cluster the groups are in the order of a hash, of which Kyverno's
		// configuration is a part; here in that of their first policies.
		suffix := ""
		if len(groups) > 1 {
			suffix = fmt.Sprintf("-%08d", i)
		}
		for _, fail := range []bool{true, false} {
			made := &registration{name: name + failSuffix(fail) + suffix, mutating: group}
			for _, p := range group {
				if p.fail == fail {
					for _, rule := range p.door.constraints.ResourceRules {
						made.rules = append(made.rules, rule.RuleWithOperations)
					}
				}
			}
			if made.rules != nil {
				all = append(all, made)
			}
		}
	}
	return all
}

func failSuffix(fail bool) string {
	if fail {
		return "-fail"
	}
	return "-ignore"
}

// key is a part of the name of a webhook.
func (p *celPolicy) key() string {
	if p.namespace != "" {
		return p.namespace + "-" + p.short
	}
	return p.short
}

// selectorKey is equal for policies that can share a webhook.
func (p *mutatingPolicy) selectorKey() string {
	constraints := p.door.constraints
	namespaces := constraints.NamespaceSelector
	if p.namespace != "" {
		namespaces = &metav1.LabelSelector{MatchLabels: map[string]string{metav1.NamespaceNone: p.namespace}}
	}
	key, _ := json.Marshal([]*metav1.LabelSelector{namespaces, constraints.ObjectSelector}) // selectors are JSON
	return string(key)
}
