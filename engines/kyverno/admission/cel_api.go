package admission

import (
	"github.com/go-logr/logr"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/background/gpol"
	"github.com/kyverno/kyverno/pkg/background/mpol"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	mpolautogen "github.com/kyverno/kyverno/pkg/cel/policies/mpol/autogen"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolautogen "github.com/kyverno/kyverno/pkg/cel/policies/vpol/autogen"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/event"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What follows stands in a file of its own as it is otherwise in older versions of
// Kyverno (../versions): the calls, and the fields that CEL policies have by now.

// namespacedMutatingWebhook begins the names of the webhooks of NamespacedMutatingPolicies.
const namespacedMutatingWebhook = config.NamespacedMutatingPolicyWebhookName

// Kyverno derives a policy of its own for controllers in which it looks for the Pod
// template when it evaluates; the derivation is called so.
const (
	mutatingExtraction   = mpolautogen.ExtractionReplacementsRef
	validatingExtraction = vpolautogen.ExtractionReplacementsRef
)

func compiledMutating(source policiesv1beta1.MutatingPolicyLike, compiled *mpolcompiler.Policy, extraction bool) mpolengine.Policy {
	return mpolengine.Policy{Policy: source, CompiledPolicy: compiled, ExtractionMode: extraction}
}

func extracts(policy mpolengine.Policy) bool { return policy.ExtractionMode }

// extracting is a ValidatingPolicy as such a derivation.
func extracting(policy vpolengine.Policy) vpolengine.Policy {
	policy.ExtractionMode = true
	return policy
}

func newContextProvider(hand *clusterInHand, mapper meta.RESTMapper) (libs.Context, error) {
	return libs.NewContextProvider(hand, nil, nil, mapper, false)
}

// mutatingKey is what an UpdateRequest calls a policy.
func mutatingKey(policy policiesv1beta1.MutatingPolicyLike) string {
	return mpolengine.PolicyKey(policy)
}

// processMutating has Kyverno's controller work an UpdateRequest off.
func (c *celBackground) processMutating(policies policiesOf, engine mpolengine.Engine, status *status, spec kyvernov2.UpdateRequestSpec) error {
	e := c.session.engine
	return mpol.NewProcessor(c.client, policies, engine, c.mapper, e.libraries, status, event.NewFake(), e.configuration).
		Process(&kyvernov2.UpdateRequest{Spec: spec})
}

func (c *celBackground) newGenerateController() *gpol.CELGenerateController {
	e := c.session.engine
	return gpol.NewCELGenerateController(c.client, nil, e.libraries, c.answers, generatingPolicies(c.session.generating),
		c.watchers, c.answers, event.NewFake(), logr.Discard(), e.configuration)
}

// sync tells Kyverno's watches what a policy generated for a trigger.
func (c *celBackground) sync(policy string, trigger *kyvernov1.ResourceSpec, made []*unstructured.Unstructured) error {
	return c.watchers.SyncWatchers(policy, trigger, made)
}

// clean takes away what a trigger led to and does no more.
func (c *celBackground) clean(policy string, trigger *kyvernov1.ResourceSpec, made []*unstructured.Unstructured) {
	c.watchers.CleanupStaleDownstreams(policy, trigger, made)
}
