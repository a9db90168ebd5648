package admission

import (
	"context"
	"errors"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/engine"
	"github.com/kyverno/kyverno/pkg/engine/adapters"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"github.com/kyverno/kyverno/pkg/engine/factories"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A background is what Kyverno's background controllers do about one request:
// generate rules, and mutate rules with targets. In a cluster they get their work
// as UpdateRequests and do it some time later; here each is worked off at once, in
// the order of the policies.
//
// The object is stored before anything is generated, as the controllers look for
// it in the cluster and do nothing where they do not find it.
//
// Not run is what else a cluster does: admission of what Kyverno writes (its rules
// leave its own requests out unless skipBackgroundRequests is false), RBAC (where a
// permission is missing, Kyverno fails with an event), the three further attempts
// at what failed, and other controllers: the objects of a Namespace that is deleted
// stay.
type background struct {
	session  *Session
	request  *request
	store    *store
	client   dclient.Interface
	kyverno  engineapi.Engine
	findings *findings
	// object and old are the request's with a UID; Object nil: none.
	object, old unstructured.Unstructured
}

// errNoCluster: to generate into an unknown cluster would be a guess.
var errNoCluster = errors.New("phase background needs the cluster's objects: cluster is null")

// background runs the phase on an object that was admitted, and returns the
// cluster and the object as they are afterwards.
func (s *Session) background(ctx context.Context, r *request, cluster []map[string]any, object unstructured.Unstructured, findings *findings) ([]map[string]any, unstructured.Unstructured, error) {
	if len(s.later) == 0 && len(s.generating) == 0 && len(s.mutatingExisting) == 0 {
		return cluster, object, nil
	}
	held, err := newStore(cluster)
	if err != nil {
		return nil, object, err
	}
	b := s.newBackground(ctx, r, held, object, findings)
	cel, release, err := b.later()
	defer release()
	if err != nil {
		return nil, object, err
	}
	submitted := keyOf(&b.old)
	if b.object.Object != nil {
		submitted = keyOf(&b.object)
	}
	switch r.operation {
	case existing:
		held.hide(&b.object)
		b.applied(ctx)
		err = cel.applied(ctx)
	case kyvernov1.Connect:
		// What connects is not an object that is stored.
		held.kinds[r.gvk] = true
		err = errors.Join(b.admitted(ctx), cel.admitted(ctx))
	default:
		if b.old.Object != nil {
			held.hide(&b.old)
			if err := errors.Join(b.was(ctx), cel.was()); err != nil {
				return nil, object, err
			}
			held.remove(&b.old)
		}
		if b.object.Object != nil {
			held.hide(&b.object)
		}
		err = errors.Join(b.admitted(ctx), cel.admitted(ctx))
	}
	if err != nil {
		return nil, object, err
	}
	if after := held.get(submitted); after != nil && object.Object != nil && r.operation != kyvernov1.Connect {
		object = unstructured.Unstructured{Object: plain(object.Object, after)}
	}
	return held.outcome(submitted), object, nil
}

func (s *Session) newBackground(ctx context.Context, r *request, held *store, object unstructured.Unstructured, findings *findings) *background {
	b := &background{session: s, request: r, store: held, client: held.client(), findings: findings}
	uid := object.GetUID()
	if uid == "" {
		uid = r.old.GetUID()
	}
	with := func(given unstructured.Unstructured) unstructured.Unstructured {
		if given.Object == nil {
			return given
		}
		made := given.DeepCopy()
		made.SetUID(uid)
		complete(made)
		return *made
	}
	b.object, b.old = with(object), with(r.old)
	if r.namespace != "" && r.gvk.Kind != "Namespace" && held.get(namespaceKey(r.namespace)) == nil {
		namespace := &unstructured.Unstructured{}
		namespace.SetAPIVersion("v1")
		namespace.SetKind("Namespace")
		namespace.SetName(r.namespace)
		namespace.SetLabels(r.selectable())
		complete(namespace)
		held.hide(namespace)
	}
	offline := false
	b.kyverno = engine.NewEngine(
		s.engine.configuration,
		s.engine.jmespath,
		adapters.Client(b.client),
		declaredImages{registryOf(ctx)}, // the controllers do not pass a context on
		imageverifycache.DisabledImageVerifyCache(),
		factories.DefaultContextLoaderFactory(nil),
		nil, // no PolicyExceptions
		&offline,
	)
	return b
}

// was makes the cluster what it was before an UPDATE or DELETE: the old object's
// clones are there, with the labels by which Kyverno finds them, though the request
// gave them without, or not at all. It is silent, as all of that is past.
// mutate.targets rules leave no trace that they would look for: what they did shows
// in the objects given.
func (b *background) was(ctx context.Context) error {
	before := *b
	before.findings = &findings{}
	before.object, before.old = b.old, unstructured.Unstructured{}
	review, err := before.review(kyvernov1.Create)
	if err != nil {
		return err
	}
	specs, err := before.generated(ctx, review)
	if err != nil {
		return err
	}
	before.work(specs)
	return nil
}

// admitted is what the webhook hands to the background for an admission request.
// All of it is decided on the request before any of it is done.
func (b *background) admitted(ctx context.Context) error {
	review, err := b.review(b.request.operation)
	if err != nil {
		return err
	}
	mutations, err := b.mutations(ctx, review)
	if err != nil {
		return err
	}
	generations, err := b.generated(ctx, review)
	if err != nil {
		return err
	}
	b.work(mutations)
	b.work(generations)
	return nil
}

// observed is the engine with its answers noted: the webhook drops the ones that it
// cannot use without a word.
type observed struct {
	engineapi.Engine
	background *background
}

// ApplyBackgroundChecks says which rules cover the trigger.
func (o observed) ApplyBackgroundChecks(ctx context.Context, on engineapi.PolicyContext) engineapi.EngineResponse {
	response := o.Engine.ApplyBackgroundChecks(ctx, on)
	o.background.note(response)
	return response
}

func (b *background) engine() engineapi.Engine { return observed{b.kyverno, b} }

// note takes up what the rules said of the trigger: one that says nothing does not
// cover it.
func (b *background) note(response engineapi.EngineResponse) {
	p := b.session.named[nameOf(response.Policy().AsKyvernoPolicy())]
	for i := range response.PolicyResponse.Rules {
		rule := &response.PolicyResponse.Rules[i]
		b.findings.ran(p, rule.Name(), false)
		if rule.HasStatus(engineapi.RuleStatusError) {
			b.findings.failed(p, rule.Name(), rule.Message())
		}
	}
}
