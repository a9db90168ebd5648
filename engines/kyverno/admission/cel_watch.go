package admission

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kyverno/kyverno/pkg/background/common"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// triggers are the objects of the cluster, in order.
func (c *celBackground) triggers() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	order := func(a, b key) int {
		return cmp.Or(cmp.Compare(a.resource.String(), b.resource.String()), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	}
	for _, at := range slices.SortedFunc(maps.Keys(c.store.objects), order) {
		all = append(all, c.store.get(at))
	}
	return all
}

// follow returns the policies that generated the object, or something of its kind from
// it: for these Kyverno watches it. What it generates of another kind it does not
// compare with its source again.
func (c *celBackground) follow(object *unstructured.Unstructured) []*generatingPolicy {
	var all []*generatingPolicy
	for _, p := range c.session.generating {
		if slices.ContainsFunc(c.watchers.GetDownstreams(p.name), func(made *unstructured.Unstructured) bool {
			return made.GroupVersionKind() == object.GroupVersionKind() &&
				(made.GetUID() == object.GetUID() || made.GetLabels()[common.GenerateSourceUIDLabel] == string(object.GetUID()))
		}) {
			all = append(all, p)
		}
	}
	return all
}

// seen tells Kyverno's watch what the request changed, and returns when Kyverno has done
// what it does about it: the watch takes one event at a time.
func (c *celBackground) seen() error {
	if len(c.followed) == 0 {
		return nil
	}
	kind := c.watched.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	before := c.store.changes
	events := c.client.watches.of(mapping.Resource)
	object := c.store.get(keyOf(c.watched))
	if object != nil {
		object.SetResourceVersion("2")
		events.Modify(object)
	} else {
		object = c.watched
		object.SetResourceVersion("2")
		events.Delete(object)
	}
	// Kyverno only takes note of additions. It takes the first when it is done with the
	// event, and the second when it has taken the first.
	events.Add(object)
	events.Add(object)
	for _, p := range c.followed {
		c.findings.covered(p.name, c.store.changes > before)
	}
	return nil
}
