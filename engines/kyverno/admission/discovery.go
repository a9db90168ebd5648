package admission

import (
	"cmp"
	"slices"
	"strings"

	openapiv2 "github.com/google/gnostic-models/openapiv2"
	"github.com/kyverno/kyverno/ext/wildcard"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// discoveryOfStore says which kinds there are. Offline there is nobody to ask: the kinds
// of the objects at hand are known, and any other that is named in full is taken
// to exist. Kyverno's fake would look at the plural only, not at the group.
type discoveryOfStore struct{ store *store }

var _ dclient.IDiscovery = discoveryOfStore{}

// matching are the known kinds that fit the patterns; where none does, the kind
// that the patterns name, in the core group where they leave it open, because
// Kyverno reads "v1/Secret" as any group's.
func (d discoveryOfStore) matching(group, version, kind string) []runtimeschema.GroupVersionKind {
	var all []runtimeschema.GroupVersionKind
	for known := range d.store.kinds {
		if wildcard.Match(group, known.Group) && wildcard.Match(version, known.Version) && wildcard.Match(kind, known.Kind) {
			all = append(all, known)
		}
	}
	slices.SortFunc(all, func(a, b runtimeschema.GroupVersionKind) int { return cmp.Compare(a.String(), b.String()) })
	if len(all) > 0 || kind == "" || wildcard.ContainsWildcard(kind) {
		return all
	}
	if wildcard.ContainsWildcard(group) {
		group = ""
	}
	if wildcard.ContainsWildcard(version) {
		version = "v1"
	}
	return []runtimeschema.GroupVersionKind{{Group: group, Version: version, Kind: kind}}
}

func (d discoveryOfStore) FindResources(group, version, kind, subresource string) (map[dclient.TopLevelApiDescription]metav1.APIResource, error) {
	found := map[dclient.TopLevelApiDescription]metav1.APIResource{}
	for _, known := range d.matching(group, version, kind) {
		resource := resourceOf(known).Resource
		found[dclient.TopLevelApiDescription{
			GroupVersion: known.GroupVersion(),
			Kind:         known.Kind,
			Resource:     resource,
			SubResource:  subresource,
		}] = metav1.APIResource{
			Name:       resource,
			Group:      known.Group,
			Version:    known.Version,
			Kind:       known.Kind,
			Namespaced: known.Kind != "Namespace" && !isClusterScoped(known.GroupKind()),
		}
	}
	if len(found) == 0 {
		return nil, dclient.ErrResourceNotFound
	}
	return found, nil
}

// GetGVRFromGVK: without a version the kind alone is looked for, as where a
// rule matches kinds: [Namespace].
func (d discoveryOfStore) GetGVRFromGVK(kind runtimeschema.GroupVersionKind) (runtimeschema.GroupVersionResource, error) {
	name, _, _ := strings.Cut(kind.Kind, "/")
	if wildcard.ContainsWildcard(name) {
		return runtimeschema.GroupVersionResource{}, dclient.ErrResourceNotFound
	}
	group, version := cmp.Or(kind.Group, "*"), cmp.Or(kind.Version, "*")
	if kind.Version != "" {
		group = kind.Group
	}
	for _, known := range d.matching(group, version, name) {
		return resourceOf(known), nil
	}
	return runtimeschema.GroupVersionResource{}, dclient.ErrResourceNotFound
}

func (d discoveryOfStore) GetGVKFromGVR(resource runtimeschema.GroupVersionResource) (runtimeschema.GroupVersionKind, error) {
	for _, known := range d.matching("*", "*", "*") {
		if resourceOf(known) == resource {
			return known, nil
		}
	}
	return runtimeschema.GroupVersionKind{}, dclient.ErrResourceNotFound
}

func (discoveryOfStore) OpenAPISchema() (*openapiv2.Document, error) { return nil, errNotOffered }

func (discoveryOfStore) CachedDiscoveryInterface() discovery.CachedDiscoveryInterface { return nil }

func (discoveryOfStore) OnChanged(func()) {}
