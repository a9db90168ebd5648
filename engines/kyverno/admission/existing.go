package admission

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/ext/wildcard"
	"github.com/kyverno/kyverno/pkg/background/common"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	engineutils "github.com/kyverno/kyverno/pkg/utils/engine"
	kubeutils "github.com/kyverno/kyverno/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// existing is the operation of an object that stands in the cluster when the
// policies are applied.
const existing = kyvernov1.AdmissionOperation("EXISTING")

// applied is what Kyverno's policy controller does when a policy is applied, for
// the one object that the request is about: other objects of the cluster would be
// triggers as well, but are not asked about. It is handleMutate and
// handleGenerateForExisting of pkg/policy. A policy whose mutate rules do not act on
// what exists has its generate rules wait for the next hourly scan; what the cluster
// comes to is the same.
func (b *background) applied(ctx context.Context) {
	var specs []kyvernov2.UpdateRequestSpec
	for _, p := range b.session.later {
		for _, acts := range []func(*kyvernov1.Spec, *kyvernov1.Rule) bool{mutatesExisting, generatesExisting} {
			for _, rule := range p.source.GetSpec().Rules {
				if acts(p.source.GetSpec(), &rule) {
					specs = append(specs, b.appliedRule(ctx, p, rule)...)
				}
			}
		}
	}
	b.work(specs)
}

func mutatesExisting(spec *kyvernov1.Spec, rule *kyvernov1.Rule) bool {
	if !rule.HasMutateExisting() {
		return false
	}
	if own := rule.Mutation.MutateExistingOnPolicyUpdate; own != nil {
		return *own
	}
	return spec.MutateExistingOnPolicyUpdate
}

func generatesExisting(spec *kyvernov1.Spec, rule *kyvernov1.Rule) bool {
	if !rule.HasGenerate() {
		return false
	}
	if own := rule.Generation.GenerateExisting; own != nil {
		return *own
	}
	return spec.GenerateExisting
}

// appliedRule is the UpdateRequest of one rule for the object, if there is one.
func (b *background) appliedRule(ctx context.Context, p *policy, rule kyvernov1.Rule) []kyvernov2.UpdateRequestSpec {
	trigger, err := b.listed(ctx, p.source, rule)
	if err == nil && trigger == nil {
		return nil
	}
	if err == nil {
		err = p.unfit
	}
	var labels map[string]string
	alone := withRules(p.source, []kyvernov1.Rule{rule})
	if err == nil {
		labels, err = engineutils.GetNamespaceSelectorsFromNamespaceLister(trigger.GetKind(), trigger.GetNamespace(), namespaces{store: b.store}, []kyvernov1.PolicyInterface{alone}, logr.Discard())
	}
	if err != nil {
		b.findings.failed(p, rule.Name, err.Error())
		return nil
	}
	e := b.session.engine
	on, err := common.NewBackgroundContext(logr.Discard(), b.client, kyvernov2.UpdateRequestSpecContext{}, alone, trigger, e.configuration, e.jmespath, labels)
	if err != nil {
		b.findings.failed(p, rule.Name, err.Error())
		return nil
	}
	var specs []kyvernov2.UpdateRequestSpec
	response := b.engine().ApplyBackgroundChecks(ctx, on)
	for i := range response.PolicyResponse.Rules {
		answer := &response.PolicyResponse.Rules[i]
		if answer.Name() != rule.Name || !answer.HasStatus(engineapi.RuleStatusPass) {
			continue
		}
		spec := kyvernov2.UpdateRequestSpec{Type: kyvernov2.Generate, Policy: p.name}
		if rule.HasGenerate() {
			spec.RuleContext = []kyvernov2.RuleContext{{Rule: rule.Name, Trigger: resourceSpec(trigger)}}
		} else {
			spec.Type, spec.Rule, spec.Resource = kyvernov2.Mutate, rule.Name, resourceSpec(trigger)
		}
		specs = append(specs, spec)
	}
	return specs
}

// listed is the object if Kyverno finds it when it looks for what a rule's match
// may cover, which is less than the match does: a selector with wildcards cannot be
// asked for, and a Namespace lies in no namespace. It is getTriggers of pkg/policy.
func (b *background) listed(ctx context.Context, policy kyvernov1.PolicyInterface, rule kyvernov1.Rule) (*unstructured.Unstructured, error) {
	var unlisted error
	for _, match := range matchFilters(rule.MatchResources) {
		for _, selector := range match.Kinds {
			group, version, kind, _ := kubeutils.ParseKindSelector(selector)
			groupVersion := ""
			if group != "*" && version != "*" {
				groupVersion = group + "/" + version
			} else if version != "*" {
				groupVersion = version
			}
			found, err := b.client.ListResource(ctx, groupVersion, kind, "", match.Selector)
			if err != nil {
				// Kyverno logs it and goes on.
				if wildcard.Match(kind, b.object.GetKind()) {
					unlisted = fmt.Errorf("failed to list matched resource: %w", err)
				}
				continue
			}
			for i := range found.Items {
				if item := &found.Items[i]; item.GetUID() == b.object.GetUID() && keyOf(item) == keyOf(&b.object) && isNamed(match, item, policy.IsNamespaced()) {
					return item, nil
				}
			}
		}
	}
	return nil, unlisted
}

// isNamed is resourceMatches of pkg/policy.
func isNamed(match kyvernov1.ResourceDescription, object *unstructured.Unstructured, namespacedPolicy bool) bool {
	fits := func(patterns []string, name string) bool {
		return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool { return wildcard.Match(pattern, name) })
	}
	return (match.Name == "" || wildcard.Match(match.Name, object.GetName())) && fits(match.Names, object.GetName()) &&
		(namespacedPolicy || fits(match.Namespaces, object.GetNamespace()))
}
