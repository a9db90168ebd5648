package admission

import (
	"context"
	"fmt"
	"slices"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/admissionpolicy"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	"github.com/kyverno/kyverno/pkg/client/clientset/versioned"
	policiesclient "github.com/kyverno/kyverno/pkg/client/clientset/versioned/typed/policies.kyverno.io/v1beta1"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// mutatesAtAdmission is what Kyverno's webhook asks (NoTargetMatchConstraintPolicy): a
// policy with targets of its own is the background's alone.
func mutatesAtAdmission(policy policiesv1beta1.MutatingPolicyLike) bool {
	targets := policy.GetTargetMatchConstraints()
	return policy.GetSpec().AdmissionEnabled() && len(targets.ResourceRules) == 0 && targets.Expression == ""
}

// targetExpressions are those by which targets are found.
func targetExpressions(spec *policiesv1beta1.MutatingPolicySpec) []expression {
	var all []expression
	if spec.TargetMatchConstraints != nil {
		all = append(all, expression{"spec.targetMatchConstraints.expression", spec.TargetMatchConstraints.Expression})
	}
	for i, condition := range targetMatchConditions(spec) {
		all = append(all, expression{fmt.Sprintf("spec.targetMatchConditions[%d].expression", i), condition.Expression})
	}
	return all
}

// triggered are the policies that Kyverno's webhook hands to the background for a
// request; they are named as matched here.
func (c *celBackground) triggered(ctx context.Context, review admissionv1.AdmissionRequest) []*mutatingPolicy {
	var all []*mutatingPolicy
	for _, p := range c.session.mutatingExisting {
		if !p.concerns(c.request) {
			continue
		}
		attributes := c.request.attributes(c.object, review.Name)
		if len(c.existing(p).MatchesMutateExisting(ctx, attributes, &review, c.namespace(review.Namespace))) > 0 {
			c.findings.covered(p.name, false)
			all = append(all, p)
		}
	}
	return all
}

// mutateApplied is what Kyverno's policy controller does for a policy that mutates what
// exists: with a target expression it has every trigger evaluated, of which only the
// request's object is asked about here; without, every target that there is.
func (c *celBackground) mutateApplied(ctx context.Context, p *mutatingPolicy) error {
	if p.source.GetTargetMatchConstraints().Expression == "" {
		c.mutateExisting(p, nil)
		return nil
	}
	if !p.triggeredBy(p.source.GetSpec().MatchConstraints, &c.object) {
		return nil
	}
	review, err := c.review(kyvernov1.AdmissionOperation(admissionv1.Update))
	if err != nil {
		return err
	}
	review.Namespace = c.object.GetNamespace()
	attributes := apiadmission.NewAttributesRecord(&c.object, nil, c.object.GroupVersionKind(), c.object.GetNamespace(), c.object.GetName(),
		c.request.gvr, "", apiadmission.Update, nil, false, admissionpolicy.NewUser(review.UserInfo))
	if p.variants[0].engine.CompiledPolicy.MatchesConditions(ctx, attributes, &review, nil, c.session.engine.libraries) {
		c.findings.covered(p.name, false)
	}
	c.mutateExisting(p, &review)
	return nil
}

// mutateExisting has Kyverno's controller work one UpdateRequest off. review is nil
// where no request and no trigger leads to it.
func (c *celBackground) mutateExisting(p *mutatingPolicy, review *admissionv1.AdmissionRequest) {
	spec := kyvernov2.UpdateRequestSpec{Type: kyvernov2.CELMutate, Policy: p.name}
	if review != nil {
		spec.Context = kyvernov2.UpdateRequestSpecContext{
			UserRequestInfo:      plainUser,
			AdmissionRequestInfo: kyvernov2.AdmissionRequestInfoObject{AdmissionRequest: review, Operation: review.Operation},
		}
	}
	e := c.session.engine
	// As in Kyverno's background controller: targets are found, not matched.
	engine := &mutatingAnswers{Engine: mpolengine.NewEngine(c.existing(p), c.namespace, nil, &e.schemas, e.libraries)}
	status := &status{}
	before := c.store.changes
	if err := c.processMutating(policiesOf{policy: p.source}, engine, status, spec); err != nil {
		status.messages = append(status.messages, err.Error())
	}
	for _, message := range slices.Concat(engine.failures, status.messages) {
		c.findings.unevaluated(p.name, message)
	}
	if changed := c.store.changes > before; changed || engine.covered {
		c.findings.covered(p.name, changed)
	}
}

func (c *celBackground) existing(p *mutatingPolicy) existingProvider {
	return existingProvider{p, c.session.engine}
}

// An existingProvider is Kyverno's provider with one policy in it, compiled before.
type existingProvider struct {
	policy *mutatingPolicy
	engine *Engine
}

// Fetch returns the policy and what Kyverno derives from it.
func (e existingProvider) Fetch(context.Context, bool) []mpolengine.Policy {
	var all []mpolengine.Policy
	for _, variant := range e.policy.variants {
		all = append(all, variant.engine)
	}
	return all
}

// MatchesMutateExisting is the one of Kyverno's providers, which are not exported.
func (e existingProvider) MatchesMutateExisting(ctx context.Context, attributes apiadmission.Attributes, review *admissionv1.AdmissionRequest, namespace *corev1.Namespace) []string {
	var names []string
	for _, variant := range e.Fetch(ctx, true) {
		spec := variant.Policy.GetSpec()
		if !spec.AdmissionEnabled() {
			continue
		}
		covers, err := e.engine.matcher.Match(&matching.MatchCriteria{Constraints: spec.MatchConstraints}, attributes, namespace)
		if err != nil || !covers || spec.MatchConditions != nil && !variant.CompiledPolicy.MatchesConditions(ctx, attributes, review, namespace, e.engine.libraries) {
			continue
		}
		names = append(names, mutatingKey(variant.Policy))
	}
	return names
}

// mutatingAnswers is Kyverno's engine with its answers noted: its controller makes
// events of what could not be evaluated, and goes on.
type mutatingAnswers struct {
	mpolengine.Engine
	covered  bool
	failures []string
}

// Evaluate evaluates a target.
func (a *mutatingAnswers) Evaluate(ctx context.Context, attributes apiadmission.Attributes, review admissionv1.AdmissionRequest, predicate mpolengine.Predicate) (mpolengine.EngineResponse, error) {
	response, err := a.Engine.Evaluate(ctx, attributes, review, predicate)
	for _, policy := range response.Policies {
		for i := range policy.Rules {
			rule := &policy.Rules[i]
			a.covered = a.covered || !rule.HasStatus(engineapi.RuleStatusSkip)
			if rule.HasStatus(engineapi.RuleStatusError) {
				a.failures = append(a.failures, rule.Message())
			}
		}
	}
	return response, err
}

// policiesOf is a client of Kyverno's own API with one policy.
type policiesOf struct {
	versioned.Interface
	policiesclient.PoliciesV1beta1Interface
	policy policiesv1beta1.MutatingPolicyLike
}

func (p policiesOf) PoliciesV1beta1() policiesclient.PoliciesV1beta1Interface { return p }

func (p policiesOf) MutatingPolicies() policiesclient.MutatingPolicyInterface {
	return clusterMutating{policy: p.policy}
}

func (p policiesOf) NamespacedMutatingPolicies(string) policiesclient.NamespacedMutatingPolicyInterface {
	return namespacedMutating{policy: p.policy}
}

type clusterMutating struct {
	policiesclient.MutatingPolicyInterface
	policy policiesv1beta1.MutatingPolicyLike
}

func (c clusterMutating) Get(_ context.Context, name string, _ metav1.GetOptions) (*policiesv1beta1.MutatingPolicy, error) {
	if found, ok := c.policy.(*policiesv1beta1.MutatingPolicy); ok {
		return found, nil
	}
	return nil, apierrors.NewNotFound(policiesv1beta1.Resource("mutatingpolicies"), name)
}

type namespacedMutating struct {
	policiesclient.NamespacedMutatingPolicyInterface
	policy policiesv1beta1.MutatingPolicyLike
}

func (n namespacedMutating) Get(_ context.Context, name string, _ metav1.GetOptions) (*policiesv1beta1.NamespacedMutatingPolicy, error) {
	if found, ok := n.policy.(*policiesv1beta1.NamespacedMutatingPolicy); ok {
		return found, nil
	}
	return nil, apierrors.NewNotFound(policiesv1beta1.Resource("namespacedmutatingpolicies"), name)
}
