package admission

import (
	"context"
	"slices"
	"sync"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/autogen"
	"github.com/kyverno/kyverno/pkg/cel/compiler"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
)

// A door is what Kyverno writes into a policy's webhook, for the API server to ask
// before it calls Kyverno, which asks it all again. They do not ask the same: an
// object that is not there is null to the API server and {} to Kyverno, which has no
// labels and so fits every selector that wants one absent.
type door struct {
	// criteria are the webhook's rules and selectors.
	criteria
	// own: the policy has a webhook of its own. conditions are then its matchConditions.
	own bool
	// readsObject and readsOld: the conditions read the variable, so that its absence
	// makes a difference.
	readsObject, readsOld bool
	conditions            func() matchconditions.Matcher
}

// podTarget is the one kind that Kyverno derives others from.
var podTarget = []policiesv1beta1.Target{{Version: "v1", Resource: "pods", Kind: "Pod"}}

// A derivation is what Kyverno derives from a policy for some Pod controllers.
type derivation struct {
	config     string
	targets    []policiesv1beta1.Target
	conditions []admissionregistrationv1.MatchCondition
}

// newDoor is buildWebhookRules of pkg/controllers/webhook for one policy, of which the
// first variant is the policy itself.
func newDoor(variants []criteria, timeout *int32, conditions []admissionregistrationv1.MatchCondition, derived []derivation) door {
	policy := variants[0].constraints
	made := door{criteria: variants[0]}
	made.constraints.ExcludeResourceRules, made.constraints.ResourceRules = nil, nil
	for _, variant := range variants {
		for _, rule := range variant.constraints.ResourceRules {
			rule.ResourceNames = nil
			made.constraints.ResourceRules = append(made.constraints.ResourceRules, rule)
		}
	}
	asked := apiConditions(conditions)
	made.own = asked != nil || timeout != nil || policy.MatchPolicy != nil && *policy.MatchPolicy == admissionregistrationv1.Exact
	if !made.own {
		return made
	}
	asked = withoutNamespaceObject(asked)
	if autogen.CanAutoGen(&policy) {
		asked = autogen.CreateMatchConditions("", podTarget, asked)
	}
	for _, d := range derived {
		asked = append(asked, autogen.CreateMatchConditions(d.config, d.targets, withoutNamespaceObject(apiConditions(d.conditions)))...)
	}
	for _, condition := range asked {
		e := expression{text: condition.Expression}
		made.readsObject = made.readsObject || reads("object")(e)
		made.readsOld = made.readsOld || reads("oldObject")(e)
	}
	made.conditions = sync.OnceValue(func() matchconditions.Matcher {
		var accessors []plugincel.ExpressionAccessor
		for _, condition := range asked {
			accessors = append(accessors, (*matchconditions.MatchCondition)(&condition))
		}
		compiled := plugincel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())).
			CompileCondition(accessors, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.StoredExpressions)
		// Without a failurePolicy, which is Fail, errors are told.
		return matchconditions.NewMatcher(compiled, nil, "webhook", "", "")
	})
	return made
}

// apiConditions are the conditions if an API server can evaluate all of them; else nil,
// and they stay with Kyverno.
func apiConditions(conditions []admissionregistrationv1.MatchCondition) []admissionregistrationv1.MatchCondition {
	for _, condition := range conditions {
		if len(compiler.CompileMatchConditionsWithKubernetesEnv([]admissionregistrationv1.MatchCondition{condition}, nil)) > 0 {
			return nil
		}
	}
	return conditions
}

// withoutNamespaceObject leaves out what an API server cannot tell a webhook.
func withoutNamespaceObject(conditions []admissionregistrationv1.MatchCondition) []admissionregistrationv1.MatchCondition {
	return slices.DeleteFunc(slices.Clone(conditions), func(condition admissionregistrationv1.MatchCondition) bool {
		return reads("namespaceObject")(expression{text: condition.Expression})
	})
}

// opens reports whether the API server calls Kyverno. attributes are as it has them, nil
// where an object is not there. An error is one of a condition; what the failurePolicy
// makes of it is the caller's to know.
func (d *door) opens(ctx context.Context, attributes apiadmission.Attributes, namespace *corev1.Namespace) (bool, error) {
	asks := d.conditions != nil && (attributes.GetObject() == nil && d.readsObject || attributes.GetOldObject() == nil && d.readsOld)
	if !asks && d.objects.Empty() {
		return true, nil // or not, which Kyverno finds as well
	}
	if covers, err := matching.NewMatcher().Match(d, attributes, namespace); err != nil || !covers || !asks {
		return covers, err
	}
	result := d.conditions().Match(ctx, &apiadmission.VersionedAttributes{
		Attributes:         attributes,
		VersionedKind:      attributes.GetKind(),
		VersionedObject:    attributes.GetObject(),
		VersionedOldObject: attributes.GetOldObject(),
	}, nil, nil)
	return result.Matches, result.Error
}
