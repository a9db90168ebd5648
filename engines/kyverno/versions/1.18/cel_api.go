package admission

import (
	"github.com/go-logr/logr"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/background/gpol"
	"github.com/kyverno/kyverno/pkg/background/mpol"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/event"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// The calls of Kyverno 1.18.

// namespacedMutatingWebhook: NamespacedMutatingPolicies have no name of their own yet.
const namespacedMutatingWebhook = config.MutatingPolicyWebhookName

// Kyverno 1.18 looks for no Pod templates: no derivation is called so.
const mutatingExtraction, validatingExtraction = "\x00", "\x00"

func compiledMutating(source policiesv1beta1.MutatingPolicyLike, compiled *mpolcompiler.Policy, _ bool) mpolengine.Policy {
	return mpolengine.Policy{Policy: source, CompiledPolicy: compiled}
}

func extracts(mpolengine.Policy) bool { return false }

func extracting(policy vpolengine.Policy) vpolengine.Policy { return policy }

// newContextProvider: Kyverno 1.18 asks for the Secrets of its own namespace when it
// is made, for registries that nothing here speaks to.
func newContextProvider(hand *clusterInHand, mapper meta.RESTMapper) (libs.Context, error) {
	return libs.NewContextProvider(handWithSecrets{hand}, nil, nil, mapper, false)
}

type handWithSecrets struct{ *clusterInHand }

func (handWithSecrets) GetKubeClient() kubernetes.Interface { return secretsClient{} }

type secretsClient struct{ kubernetes.Interface }

func (secretsClient) CoreV1() corev1client.CoreV1Interface { return secretsOf{} }

type secretsOf struct{ corev1client.CoreV1Interface }

func (secretsOf) Secrets(string) corev1client.SecretInterface { return nil }

// mutatingKey is what Kyverno 1.18 hands to its background.
func mutatingKey(policy policiesv1beta1.MutatingPolicyLike) string { return policy.GetName() }

func (c *celBackground) processMutating(policies policiesOf, engine mpolengine.Engine, status *status, spec kyvernov2.UpdateRequestSpec) error {
	return mpol.NewProcessor(c.client, policies, engine, c.mapper, c.session.engine.libraries, status, event.NewFake()).
		Process(&kyvernov2.UpdateRequest{Spec: spec})
}

func (c *celBackground) newGenerateController() *gpol.CELGenerateController {
	return gpol.NewCELGenerateController(c.client, nil, c.session.engine.libraries, c.answers, generatingPolicies(c.session.generating),
		c.watchers, c.answers, event.NewFake(), logr.Discard())
}

func (c *celBackground) sync(policy string, _ *kyvernov1.ResourceSpec, made []*unstructured.Unstructured) error {
	return c.watchers.SyncWatchers(policy, made)
}

// clean: the controller of Kyverno 1.18 takes all away that a trigger led to before it
// generates anew.
func (*celBackground) clean(string, *kyvernov1.ResourceSpec, []*unstructured.Unstructured) {}
