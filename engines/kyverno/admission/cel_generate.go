package admission

import (
	"slices"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/background/common"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	gpolengine "github.com/kyverno/kyverno/pkg/cel/policies/gpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	matchutils "github.com/kyverno/kyverno/pkg/utils/match"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func (p *generatingPolicy) synchronizes() bool { return p.source.GetSpec().SynchronizationEnabled() }

func (p *generatingPolicy) triggeredBy(object *unstructured.Unstructured) bool {
	return p.celPolicy.triggeredBy(p.source.GetSpec().MatchConstraints, object)
}

// generateFor is pkg/webhooks/resource/gpol for one policy, which Kyverno runs beside
// the request: what an object's creation leads to, and what its change or deletion does
// to what it has led to.
func (c *celBackground) generateFor(p *generatingPolicy, review *admissionv1.AdmissionRequest) {
	if !p.source.GetSpec().AdmissionEnabled() || !p.concerns(c.request) || !c.calls(p) {
		return
	}
	constraints := p.source.GetMatchConstraints()
	names := func(operation admissionregistrationv1.OperationType) bool {
		return slices.ContainsFunc(constraints.ResourceRules, func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
			return slices.Contains(rule.Operations, operation)
		})
	}
	switch {
	case review.Operation != admissionv1.Delete:
		c.generate(p, c.subject(), review, review.Operation == admissionv1.Update && p.synchronizes())
	case names(admissionregistrationv1.Delete):
		c.generate(p, c.subject(), review, false)
	case p.synchronizes():
		before := c.store.changes
		c.watchers.DeleteDownstreams(p.name, &kyvernov1.ResourceSpec{UID: c.subject().GetUID()})
		if c.store.changes > before {
			c.findings.covered(p.name, true)
		}
	}
}

// calls reports whether the API server calls the webhook that Kyverno registers for a
// policy: its rules with all operations, and its selectors. Conditions are asked for a
// CREATE alone where the policy synchronizes, and evaluated again in any case.
func (c *celBackground) calls(p *generatingPolicy) bool {
	constraints := p.source.GetMatchConstraints()
	webhook := admissionregistrationv1.MatchResources{NamespaceSelector: constraints.NamespaceSelector, ObjectSelector: constraints.ObjectSelector}
	for _, rule := range constraints.ResourceRules {
		rule.ResourceNames = nil
		rule.Operations = []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll}
		webhook.ResourceRules = append(webhook.ResourceRules, rule)
	}
	covers, err := c.session.engine.matcher.Match(&matching.MatchCriteria{Constraints: &webhook}, c.request.atDoor(c.object), c.namespace(c.request.namespace))
	return covers && err == nil
}

// generate has Kyverno's controller work one UpdateRequest off. review is nil where no
// request leads to it. clean: what the trigger led to before and does no more goes.
func (c *celBackground) generate(p *generatingPolicy, trigger *unstructured.Unstructured, review *admissionv1.AdmissionRequest, clean bool) {
	rule := kyvernov2.RuleContext{Rule: p.name, Trigger: common.ResourceSpecFromUnstructured(*trigger), Synchronize: clean}
	spec := kyvernov2.UpdateRequestSpec{Type: kyvernov2.CELGenerate, Policy: p.name, RuleContext: []kyvernov2.RuleContext{rule}}
	if review != nil {
		spec.Context = kyvernov2.UpdateRequestSpecContext{
			UserRequestInfo:      plainUser,
			AdmissionRequestInfo: kyvernov2.AdmissionRequestInfoObject{AdmissionRequest: review, Operation: review.Operation},
		}
	}
	c.answers.clear()
	before := c.store.changes
	err := c.controller.ProcessUR(&kyvernov2.UpdateRequest{Spec: spec})
	covered, failed := false, false
	for _, result := range c.answers.results {
		covered = true
		if result.HasStatus(engineapi.RuleStatusError) || result.HasStatus(engineapi.RuleStatusFail) {
			failed = true
			c.findings.unevaluated(p.name, result.Message())
			continue
		}
		// What the controller starts a goroutine for.
		resources := result.GeneratedResources()
		if !p.synchronizes() || !result.HasStatus(engineapi.RuleStatusPass) {
			continue
		}
		if len(resources) > 0 {
			if err := c.sync(p.name, &rule.Trigger, resources); err != nil {
				failed = true
				c.findings.unevaluated(p.name, err.Error())
			}
		}
		if clean {
			c.clean(p.name, &rule.Trigger, resources)
		}
	}
	if err != nil {
		c.answers.messages = append(c.answers.messages, err.Error())
	}
	if !failed {
		for _, message := range c.answers.messages {
			covered = true
			c.findings.unevaluated(p.name, message)
		}
	}
	changed := c.store.changes > before
	if covered || changed {
		c.findings.covered(p.name, changed || failed)
	}
}

// triggeredBy reports whether Kyverno finds the object when it looks for what triggers
// a policy. It is getGpolTriggers of pkg/policy.
func (p *celPolicy) triggeredBy(match *admissionregistrationv1.MatchResources, object *unstructured.Unstructured) bool {
	if p.namespace != "" && object.GetNamespace() != p.namespace && !(isNamespace(object) && object.GetName() == p.namespace) {
		return false
	}
	resource := resourceOf(object.GroupVersionKind())
	lists := func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
		return slices.Contains(rule.APIGroups, resource.Group) &&
			(slices.Contains(rule.APIVersions, resource.Version) || slices.Equal(rule.APIVersions, []string{"*"})) &&
			slices.Contains(rule.Resources, resource.Resource) &&
			(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, object.GetName()))
	}
	if !slices.ContainsFunc(match.ResourceRules, lists) || slices.ContainsFunc(match.ExcludeResourceRules, lists) {
		return false
	}
	selects := func(selector *metav1.LabelSelector) bool {
		if selector == nil {
			return true
		}
		matches, err := matchutils.CheckSelector(selector, object.GetLabels())
		return matches && err == nil
	}
	return selects(match.ObjectSelector) && (!isNamespace(object) || selects(match.NamespaceSelector))
}

// generatingAnswers is Kyverno's engine with its answers noted, and the status of the
// UpdateRequest in hand.
type generatingAnswers struct {
	gpolengine.Engine
	status
	results []*engineapi.RuleResponse
}

func newGeneratingAnswers(resolve celengine.NamespaceResolver, matcher matching.Matcher) *generatingAnswers {
	return &generatingAnswers{Engine: gpolengine.NewEngine(resolve, matcher)}
}

func (a *generatingAnswers) clear() { a.results, a.messages = nil, nil }

// Handle evaluates a policy; one that says nothing does not cover the trigger.
func (a *generatingAnswers) Handle(request celengine.EngineRequest, policy gpolengine.Policy, restored bool) (gpolengine.EngineResponse, error) {
	response, err := a.Engine.Handle(request, policy, restored)
	for _, answer := range response.Policies {
		if answer.Result != nil {
			a.results = append(a.results, answer.Result)
		}
	}
	return response, err
}
