package admission

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov1listers "github.com/kyverno/kyverno/pkg/client/listers/kyverno/v1"

	"mirrorgen.dev/gen/engines/protocol"
)

// A Session is a set of loaded policies. It may be used by several goroutines at once.
type Session struct {
	engine   *Engine
	policies []*policy
	// webhooks are the policies by registration, in the order in which a cluster
	// calls the registrations.
	webhooks [][]*policy
	// registrations are the mutating ones, of these and of CEL policies.
	registrations []*registration
	rules         []string
	warnings      []string
	// mutating and validating are the CEL policies that are run at admission, in the
	// order of their names; mutatingExisting and generating those of the background.
	mutating         []*mutatingPolicy
	mutatingExisting []*mutatingPolicy
	validating       []*validatingPolicy
	generating       []*generatingPolicy
	// namesImages: some policy may use the variable "images".
	namesImages bool
	// judges: some policy has validate rules.
	judges bool
	// later are the policies with rules that are run in the background, named and in
	// the listers all of them as Kyverno's controllers look them up.
	later              []*policy
	named              map[string]*policy
	clusterPolicies    kyvernov1listers.ClusterPolicyLister
	namespacedPolicies kyvernov1listers.PolicyLister
}

// Rules lists "policy/rule", the rules that Kyverno derives for Pod controllers
// included; sorted. A Policy's name has its namespace: "namespace/policy/rule".
func (s *Session) Rules() []string { return slices.Clone(s.rules) }

// Warnings are what a cluster prints when the policies are applied.
func (s *Session) Warnings() []string { return slices.Clone(s.warnings) }

func (s *Session) prepare() {
	// Kyverno keeps the policies of a registration in a Go map and runs them in
	// whatever order that gives, anew for each request (pkg/policycache/store.go).
	// A test must not depend on it, so here it is the order of names.
	slices.SortFunc(s.policies, func(a, b *policy) int {
		return cmp.Or(cmp.Compare(a.webhook.suffix(), b.webhook.suffix()), cmp.Compare(a.name, b.name))
	})
	s.named = map[string]*policy{}
	var later []kyvernov1.PolicyInterface
	for _, p := range s.policies {
		if spec := p.source.GetSpec(); spec.HasGenerate() || spec.HasMutateExisting() {
			s.later, s.named[p.name] = append(s.later, p), p
			later = append(later, p.source)
		}
		last := len(s.webhooks) - 1
		if last < 0 || s.webhooks[last][0].webhook != p.webhook {
			s.webhooks = append(s.webhooks, nil)
			last++
		}
		s.webhooks[last] = append(s.webhooks[last], p)
		s.rules = append(s.rules, p.ruleNames()...)
		s.namesImages = s.namesImages || namesImages(p.source)
		s.judges = s.judges || p.enforce != nil || p.audit != nil || p.overridden
	}
	s.clusterPolicies, s.namespacedPolicies = listers(later...)
	s.prepareCEL()
	slices.Sort(s.rules)
	s.rules = slices.Compact(s.rules)
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
	for _, p := range s.policies {
		if err := r.needsLabels(p, admit.Phases); err != nil {
			return nil, err
		}
	}
	if err := s.needsLabelsCEL(r, admit.Phases); err != nil {
		return nil, err
	}
	if len(admit.RegistryImages) > 0 {
		held, err := newRegistry(admit.RegistryImages)
		if err != nil {
			return nil, err
		}
		ctx = withRegistry(ctx, held)
	}
	findings := &findings{}
	object, allowed := r.object, true
	if slices.Contains(admit.Phases, phaseMutate) {
		object, allowed, err = s.mutate(ctx, r, findings)
		if err != nil {
			return nil, err
		}
	}
	// A request that the mutating webhooks refuse never reaches the validating ones.
	if allowed && slices.Contains(admit.Phases, phaseValidate) {
		if allowed, err = s.validate(ctx, r, object, findings); err != nil {
			return nil, err
		}
		lets, err := s.validateCEL(ctx, r, object, findings)
		if err != nil {
			return nil, err
		}
		allowed = allowed && lets
	}
	var cluster []map[string]any
	if allowed && slices.Contains(admit.Phases, phaseBackground) {
		cluster, object, err = s.background(ctx, r, admit.Cluster, object, findings)
		if err != nil {
			return nil, err
		}
	}
	outcome = findings.outcome(allowed)
	outcome.Cluster = cluster
	// Also where it is denied: a user wants to see what was judged.
	outcome.Object = r.changed(object)
	return outcome, nil
}

// namesImages reports whether the word "images" stands anywhere in the rules,
// their names apart: only then can a query of theirs ask for the variable.
func namesImages(policy kyvernov1.PolicyInterface) bool {
	for _, rule := range policy.GetSpec().Rules {
		rule.Name = ""
		text, err := json.Marshal(rule)
		if err != nil || bytes.Contains(text, []byte("images")) {
			return true
		}
	}
	return false
}
