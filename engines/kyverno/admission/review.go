package admission

import (
	"context"
	"encoding/json"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"github.com/kyverno/kyverno/pkg/event"
	engineutils "github.com/kyverno/kyverno/pkg/utils/engine"
	"github.com/kyverno/kyverno/pkg/webhooks/resource/generation"
	webhookutils "github.com/kyverno/kyverno/pkg/webhooks/utils"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// The names of Kyverno's own service accounts; no request here is theirs.
const (
	backgroundAccount = "system:serviceaccount:kyverno:kyverno-background-controller"
	reportsAccount    = "system:serviceaccount:kyverno:kyverno-reports-controller"
)

// review is the AdmissionRequest, which an UpdateRequest carries with it.
func (b *background) review(operation kyvernov1.AdmissionOperation) (admissionv1.AdmissionRequest, error) {
	r := b.request
	kind := metav1.GroupVersionKind{Group: r.gvk.Group, Version: r.gvk.Version, Kind: r.gvk.Kind}
	resource := metav1.GroupVersionResource{Group: r.gvr.Group, Version: r.gvr.Version, Resource: r.gvr.Resource}
	review := admissionv1.AdmissionRequest{
		UID:                requestUID,
		Kind:               kind,
		Resource:           resource,
		SubResource:        r.subresource,
		RequestKind:        &kind,
		RequestResource:    &resource,
		RequestSubResource: r.subresource,
		Name:               b.subject().GetName(),
		Namespace:          r.namespace,
		Operation:          admissionv1.Operation(operation),
		UserInfo:           plainUser.AdmissionUserInfo,
	}
	var err error
	if review.Object, err = raw(b.object); err != nil {
		return review, err
	}
	review.OldObject, err = raw(b.old)
	return review, err
}

// subject is the object, or the old one where it is deleted.
func (b *background) subject() *unstructured.Unstructured {
	if b.object.Object == nil {
		return &b.old
	}
	return &b.object
}

func raw(object unstructured.Unstructured) (made runtime.RawExtension, err error) {
	if object.Object != nil {
		made.Raw, err = json.Marshal(object.Object)
	}
	return made, err
}

// context is what Kyverno builds from the request for policies.
func (b *background) context(review admissionv1.AdmissionRequest, policies []kyvernov1.PolicyInterface) (*engine.PolicyContext, error) {
	e := b.session.engine
	made, err := engine.NewPolicyContextFromAdmissionRequest(e.jmespath, review, plainUser, b.request.gvk, e.configuration)
	if err != nil {
		return nil, err
	}
	labels, err := engineutils.GetNamespaceSelectorsFromNamespaceLister(b.request.gvk.Kind, review.Namespace, namespaces{store: b.store}, policies, logr.Discard())
	if err != nil {
		return nil, err
	}
	return made.WithNamespaceLabels(labels), nil
}

// generated asks Kyverno's own handler which UpdateRequests a request leads to for
// generate rules: to generate, or to delete what a trigger that is no longer
// covered has led to.
func (b *background) generated(ctx context.Context, review admissionv1.AdmissionRequest) ([]kyvernov2.UpdateRequestSpec, error) {
	var policies []kyvernov1.PolicyInterface
	for _, p := range b.session.later {
		if p.source.GetSpec().HasGenerate() {
			policies = append(policies, p.source)
		}
	}
	if len(policies) == 0 {
		return nil, nil
	}
	on, err := b.context(review, policies)
	if err != nil {
		return nil, err
	}
	var asked updateRequests
	generation.NewGenerationHandler(logr.Discard(), b.engine(), b.client, nil, namespaces{store: b.store}, nil,
		b.session.clusterPolicies, b.session.namespacedPolicies, &asked, event.NewFake(), nil,
		backgroundAccount, reportsAccount).Handle(ctx, review, policies, on)
	return asked.specs, nil
}

// updateRequests takes UpdateRequests down instead of writing them to a cluster.
type updateRequests struct{ specs []kyvernov2.UpdateRequestSpec }

func (u *updateRequests) Apply(_ context.Context, spec kyvernov2.UpdateRequestSpec) error {
	u.specs = append(u.specs, spec)
	return nil
}

// mutations is handleMutateExisting of pkg/webhooks/resource, which Kyverno does
// not export: an UpdateRequest for each mutate rule with targets that passes.
func (b *background) mutations(ctx context.Context, review admissionv1.AdmissionRequest) ([]kyvernov2.UpdateRequestSpec, error) {
	var specs []kyvernov2.UpdateRequestSpec
	for _, p := range b.session.later {
		if !p.source.GetSpec().HasMutateExisting() {
			continue
		}
		on, err := b.context(review, []kyvernov1.PolicyInterface{p.source})
		if err != nil {
			return nil, err
		}
		if review.Operation == admissionv1.Delete {
			on = on.WithNewResource(on.OldResource())
		}
		response := b.engine().ApplyBackgroundChecks(ctx, on.WithPolicy(p.source))
		for i := range response.PolicyResponse.Rules {
			rule := &response.PolicyResponse.Rules[i]
			// The controller passes over what is no such rule.
			if !rule.HasStatus(engineapi.RuleStatusPass) ||
				review.Operation == admissionv1.Delete && !p.asksForDelete(rule.Name()) {
				continue
			}
			specs = append(specs, kyvernov2.UpdateRequestSpec{
				Type:     kyvernov2.Mutate,
				Policy:   p.name,
				Rule:     rule.Name(),
				Resource: resourceSpec(b.subject()),
				Context: kyvernov2.UpdateRequestSpecContext{
					UserRequestInfo:      plainUser,
					AdmissionRequestInfo: kyvernov2.AdmissionRequestInfoObject{AdmissionRequest: &review, Operation: review.Operation},
				},
			})
		}
	}
	return specs, nil
}

// asksForDelete: a mutate rule with targets acts on DELETE only where it says so.
func (p *policy) asksForDelete(name string) bool {
	for _, rule := range p.source.GetSpec().Rules {
		if rule.Name == name {
			return webhookutils.MatchDeleteOperation(rule)
		}
	}
	return false
}

func resourceSpec(object *unstructured.Unstructured) kyvernov1.ResourceSpec {
	return kyvernov1.ResourceSpec{
		APIVersion: object.GetAPIVersion(),
		Kind:       object.GetKind(),
		Namespace:  object.GetNamespace(),
		Name:       object.GetName(),
		UID:        object.GetUID(),
	}
}
