package admission

import (
	"context"
	"maps"

	"github.com/go-logr/logr"
	"github.com/kyverno/kyverno/pkg/background/gpol"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/restmapper"
)

// A celBackground is what Kyverno's controllers do about one request for CEL policies:
// GeneratingPolicies, and MutatingPolicies that mutate what exists. It is part of a
// background, with the same limits, and works on the same store.
//
// Kyverno knows what it generated from watches. Here they are told what the request
// changed, and nothing else happens while they act on it.
type celBackground struct {
	*background
	client *celClient
	mapper meta.RESTMapper
	// answers are what the engine said to the controller of generating policies.
	answers    *generatingAnswers
	controller *gpol.CELGenerateController
	watchers   *gpol.WatchManager
	// followed are the policies whose watches are about the old object, and watched is
	// that object as it was in the cluster; none, nil: they are about others.
	followed []*generatingPolicy
	watched  *unstructured.Unstructured
}

// later takes the CEL policies up; release has to be called, whatever it returns. nil:
// there are none that act in the background.
func (b *background) later() (c *celBackground, release func(), err error) {
	if len(b.session.generating) == 0 && len(b.session.mutatingExisting) == 0 {
		return nil, func() {}, nil
	}
	if err := b.needsLabelsCEL(); err != nil {
		return nil, func() {}, err
	}
	c = &celBackground{background: b}
	done := b.session.engine.hand().take()
	release = func() {
		c.close()
		done()
	}
	if err := c.start(); err != nil {
		return nil, release, err
	}
	return c, release, nil
}

// needsLabelsCEL refuses to guess, as Session.needsLabelsCEL does for admission.
func (b *background) needsLabelsCEL() error {
	r := b.request
	if r.labels != nil || r.namespace == "" || r.isNamespace() {
		return nil
	}
	attributes := r.attributes(b.object, "")
	for _, p := range b.session.mutatingExisting {
		for i := range p.variants {
			if err := p.needsLabels(r, attributes, &p.variants[i].criteria); err != nil {
				return err
			}
		}
	}
	for _, p := range b.session.generating {
		if err := p.needsLabels(r, attributes, &p.criteria); err != nil {
			return err
		}
	}
	return nil
}

// start makes the controllers, which watch nothing yet.
func (c *celBackground) start() error {
	e := c.session.engine
	c.client = newCELClient(c.store)
	e.hand().now = c.client
	kinds, err := restmapper.GetAPIGroupResources(c.client.GetKubeClient().Discovery())
	if err != nil {
		return err
	}
	c.mapper = restmapper.NewDiscoveryRESTMapper(kinds)
	c.watchers = gpol.NewWatchManager(logr.Discard(), c.client)
	c.answers = newGeneratingAnswers(c.namespace, e.matcher)
	c.controller = c.newGenerateController()
	return nil
}

// close ends the watches.
func (c *celBackground) close() {
	if c.watchers != nil {
		c.watchers.StopWatchers()
	}
}

// was makes the cluster what it was before an UPDATE or DELETE, as background.was does:
// what the policies generated is there, with the labels and the watches by which Kyverno
// finds it. That is what the old object led to; where Kyverno generated the old object
// itself, or from it, it is what every trigger led to.
func (c *celBackground) was() error {
	if c == nil {
		return nil
	}
	objects, kinds, changes := maps.Clone(c.store.objects), maps.Clone(c.store.kinds), c.store.changes
	c.regenerate(c.triggers()...)
	if c.followed = c.follow(&c.old); len(c.followed) > 0 {
		c.watched = c.store.get(keyOf(&c.old))
		return nil
	}
	c.store.objects, c.store.kinds, c.store.changes = objects, kinds, changes
	c.close()
	if err := c.start(); err != nil {
		return err
	}
	c.regenerate(&c.old)
	return nil
}

// regenerate is silent, as all of that is past.
func (c *celBackground) regenerate(triggers ...*unstructured.Unstructured) {
	silent, past := *c.background, *c
	silent.findings = &findings{}
	past.background = &silent
	c.client.adopting = true
	for _, p := range c.session.generating {
		for _, trigger := range triggers {
			if p.synchronizes() && p.triggeredBy(trigger) {
				past.generate(p, trigger, nil, false)
			}
		}
	}
	c.client.adopting = false
}

// admitted is what Kyverno's webhooks hand to the background for an admission request,
// and what its watches make of the change.
func (c *celBackground) admitted(ctx context.Context) error {
	if c == nil {
		return nil
	}
	review, err := c.review(c.request.operation)
	if err != nil {
		return err
	}
	mutating := c.triggered(ctx, review)
	for _, p := range mutating {
		c.mutateExisting(p, &review)
	}
	for _, p := range c.session.generating {
		c.generateFor(p, &review)
	}
	return c.seen()
}

// applied is what Kyverno's policy controller does when the policies are applied, for
// the one object that the request is about; see background.applied.
func (c *celBackground) applied(ctx context.Context) error {
	if c == nil {
		return nil
	}
	for _, p := range c.session.mutatingExisting {
		if err := c.mutateApplied(ctx, p); err != nil {
			return err
		}
	}
	for _, p := range c.session.generating {
		if p.source.GetSpec().GenerateExistingEnabled() && p.triggeredBy(&c.object) {
			c.generate(p, &c.object, nil, p.synchronizes())
		}
	}
	return nil
}

// namespace resolves a Namespace for Kyverno's engines; nil: there is none.
func (c *celBackground) namespace(name string) *corev1.Namespace {
	held := c.store.get(namespaceKey(name))
	if held == nil {
		return nil
	}
	made := &corev1.Namespace{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(held.Object, made); err != nil {
		return nil
	}
	return made
}
