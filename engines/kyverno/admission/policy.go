package admission

import (
	"context"
	"slices"
	"strings"

	"github.com/kyverno/kyverno/api/kyverno"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/ext/wildcard"
	"github.com/kyverno/kyverno/pkg/autogen"
	policyvalidate "github.com/kyverno/kyverno/pkg/validation/policy"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// A policy is prepared once, for all requests.
type policy struct {
	name string
	// webhook is the registration that the policy's requests come through.
	webhook webhook
	warns   bool // spec.emitWarning
	source  kyvernov1.PolicyInterface
	// mutate is the policy with its autogen rules written out; nil without mutate rules.
	mutate *variant
	// enforce and audit are the policy reduced to the rules of that action, as
	// Kyverno's policy cache does for each request. nil: no such rule. Unused where
	// overridden: the reduction then depends on the namespace.
	enforce, audit *variant
	overridden     bool
	// selectors are the rules that ask for the namespace's labels.
	selectors []kyvernov1.Rule
	// overrideSelectors: an action override asks for them.
	overrideSelectors bool
	// unfit is why Kyverno does not look at what exists for the policy; nil: it does.
	unfit error
}

// A variant is a policy as the engine runs it.
type variant struct {
	policy kyvernov1.PolicyInterface
	rules  []kyvernov1.Rule
}

// A webhook is a registration with the API server (pkg/controllers/webhook).
type webhook struct {
	fine   bool   // a registration of its own, for spec.webhookConfiguration.matchConditions
	fail   bool   // failurePolicy Fail
	policy string // set if fine
}

// suffix is the end of the registration's name, by which registrations are sorted.
func (w webhook) suffix() string {
	suffix := failSuffix(w.fail)
	if w.fine {
		suffix += "-finegrained-" + strings.ReplaceAll(w.policy, "/", "-")
	}
	return suffix
}

func (w webhook) failurePolicy() kyvernov1.FailurePolicyType {
	if w.fail {
		return kyvernov1.Fail
	}
	return kyvernov1.Ignore
}

func newPolicy(ctx context.Context, name string, source kyvernov1.PolicyInterface) *policy {
	spec := source.GetSpec()
	p := &policy{
		name:   name,
		source: source,
		warns:  spec.EmitWarning != nil && *spec.EmitWarning,
		webhook: webhook{
			fine: spec.CustomWebhookMatchConditions(),
			fail: spec.GetFailurePolicy(ctx) == kyvernov1.Fail,
		},
	}
	if p.webhook.fine {
		p.webhook.policy = name
	}
	if spec.HasMutateStandard() {
		p.mutate = newVariant(source, spec.Rules)
	}
	overrides := [][]kyvernov1.ValidationFailureActionOverride{spec.ValidationFailureActionOverrides}
	for i := range spec.Rules {
		if spec.Rules[i].HasValidate() {
			overrides = append(overrides, spec.Rules[i].Validation.FailureActionOverrides)
		}
	}
	for _, list := range overrides {
		for _, override := range list {
			p.overridden = true
			p.overrideSelectors = p.overrideSelectors || asksForLabels(override.NamespaceSelector)
		}
	}
	if !p.overridden {
		p.enforce, p.audit = p.split("", nil)
	}
	for _, rule := range autogen.Default.ComputeRules(source, "") {
		if selectsNamespace(rule) {
			p.selectors = append(p.selectors, rule)
		}
	}
	if spec.HasGenerate() || spec.HasMutateExisting() {
		p.unfit = policyvalidate.ValidateVariables(source, true)
	}
	return p
}

// newVariant writes the autogen rules out and switches autogen off: the engine
// computes them anew on every call, through JSON.
func newVariant(source kyvernov1.PolicyInterface, rules []kyvernov1.Rule) *variant {
	made := withRules(source, rules)
	made = withRules(made, autogen.Default.ComputeRules(made, ""))
	annotations := map[string]string{}
	for key, value := range made.GetAnnotations() {
		annotations[key] = value
	}
	annotations[kyverno.AnnotationAutogenControllers] = "none"
	switch typed := made.(type) {
	case *kyvernov1.ClusterPolicy:
		typed.SetAnnotations(annotations)
	case *kyvernov1.Policy:
		typed.SetAnnotations(annotations)
	}
	return &variant{policy: made, rules: made.GetSpec().Rules}
}

// withRules is a shallow copy with other rules.
func withRules(source kyvernov1.PolicyInterface, rules []kyvernov1.Rule) kyvernov1.PolicyInterface {
	switch typed := source.(type) {
	case *kyvernov1.Policy:
		made := *typed
		made.Spec.Rules = rules
		return &made
	case *kyvernov1.ClusterPolicy:
		made := *typed
		made.Spec.Rules = rules
		return &made
	}
	panic("a policy is a ClusterPolicy or a Policy")
}

// ruleNames lists what the policy may report.
func (p *policy) ruleNames() []string {
	var names []string
	for _, rule := range autogen.Default.ComputeRules(p.source, "") {
		names = append(names, p.name+"/"+rule.Name)
	}
	return names
}

// variants are the enforced and the audited part for a namespace.
func (p *policy) variants(namespace string, namespaceLabels map[string]string) (enforce, audit *variant) {
	if p.overridden {
		return p.split(namespace, namespaceLabels)
	}
	return p.enforce, p.audit
}

// split does what policycache.checkValidationFailureActionOverrides does, which
// Kyverno does not export. An empty namespace: a cluster-scoped object.
func (p *policy) split(namespace string, namespaceLabels map[string]string) (enforce, audit *variant) {
	var enforced, audited []kyvernov1.Rule
	spec := p.source.GetSpec()
	for _, rule := range spec.Rules {
		if !rule.HasValidate() {
			continue
		}
		action := spec.ValidationFailureAction
		if rule.Validation.FailureAction != nil {
			action = *rule.Validation.FailureAction
		}
		overrides := rule.Validation.FailureActionOverrides
		if len(overrides) == 0 {
			overrides = spec.ValidationFailureActionOverrides
		}
		for _, override := range overrides {
			if overrideCovers(override, namespace, namespaceLabels) {
				action = override.Action
				break
			}
		}
		if action.Enforce() {
			enforced = append(enforced, rule)
		} else {
			audited = append(audited, rule)
		}
	}
	if len(enforced) > 0 {
		enforce = newVariant(p.source, enforced)
	}
	if len(audited) > 0 {
		audit = newVariant(p.source, audited)
	}
	return enforce, audit
}

func overrideCovers(override kyvernov1.ValidationFailureActionOverride, namespace string, namespaceLabels map[string]string) bool {
	if len(override.Namespaces) == 0 && override.NamespaceSelector == nil {
		return true
	}
	if namespace == "" {
		return false
	}
	if wildcard.CheckPatterns(override.Namespaces, namespace) {
		return true
	}
	if override.NamespaceSelector == nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(override.NamespaceSelector)
	return err == nil && selector.Matches(labels.Set(namespaceLabels))
}

// selectsNamespace reports whether a rule asks for labels of the namespace that may be unknown.
func selectsNamespace(rule kyvernov1.Rule) bool {
	for _, filter := range filters(rule) {
		if asksForLabels(filter.NamespaceSelector) {
			return true
		}
	}
	return false
}

// filters are the resource descriptions of a rule's match and exclude.
func filters(rule kyvernov1.Rule) []kyvernov1.ResourceDescription {
	all := matchFilters(rule.MatchResources)
	if rule.ExcludeResources != nil {
		all = append(all, matchFilters(*rule.ExcludeResources)...)
	}
	return all
}

func matchFilters(match kyvernov1.MatchResources) []kyvernov1.ResourceDescription {
	all := []kyvernov1.ResourceDescription{match.ResourceDescription}
	for _, filter := range slices.Concat(match.Any, match.All) {
		all = append(all, filter.ResourceDescription)
	}
	return all
}

// listsOperation reports whether a rule's match names the operation.
func listsOperation(rules []kyvernov1.Rule, operation kyvernov1.AdmissionOperation) bool {
	for _, rule := range rules {
		for _, filter := range matchFilters(rule.MatchResources) {
			if slices.Contains(filter.Operations, operation) {
				return true
			}
		}
	}
	return false
}
