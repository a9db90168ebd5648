package admission

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
)

// A kindsClient is a typed client that knows which kinds there are, and nothing else:
// those that Kyverno ships a list of, and the store's.
type kindsClient struct {
	kubernetes.Interface
	store *store
}

func (k kindsClient) Discovery() discovery.DiscoveryInterface { return kindsDiscovery{store: k.store} }

type kindsDiscovery struct {
	discovery.DiscoveryInterface
	store *store
}

// ServerGroupsAndResources is in order, so that a run is like the one before.
func (k kindsDiscovery) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	shipped, err := data.APIGroupResources()
	if err != nil {
		return nil, nil, err
	}
	known := map[runtimeschema.GroupVersion][]metav1.APIResource{}
	preferred := map[string]string{}
	for _, group := range shipped {
		preferred[group.Group.Name] = group.Group.PreferredVersion.Version
		for version, resources := range group.VersionedResources {
			known[runtimeschema.GroupVersion{Group: group.Group.Name, Version: version}] = slices.Clone(resources)
		}
	}
	for _, kind := range slices.SortedFunc(maps.Keys(k.store.kinds), compareKinds) {
		has := func(r metav1.APIResource) bool { return r.Kind == kind.Kind }
		if at := kind.GroupVersion(); !slices.ContainsFunc(known[at], has) {
			known[at] = append(known[at], metav1.APIResource{
				Name: resourceOf(kind).Resource, Kind: kind.Kind, Namespaced: !isClusterScoped(kind.GroupKind()),
			})
		}
	}
	groups := map[string]*metav1.APIGroup{}
	var lists []*metav1.APIResourceList
	for _, at := range slices.SortedFunc(maps.Keys(known), func(a, b runtimeschema.GroupVersion) int { return cmp.Compare(a.String(), b.String()) }) {
		lists = append(lists, &metav1.APIResourceList{GroupVersion: at.String(), APIResources: known[at]})
		version := metav1.GroupVersionForDiscovery{GroupVersion: at.String(), Version: at.Version}
		group := groups[at.Group]
		if group == nil {
			group = &metav1.APIGroup{Name: at.Group, PreferredVersion: version}
			groups[at.Group] = group
		}
		group.Versions = append(group.Versions, version)
		if preferred[at.Group] == at.Version {
			group.PreferredVersion = version
		}
	}
	var all []*metav1.APIGroup
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, groups[name])
	}
	return all, lists, nil
}

func compareKinds(a, b runtimeschema.GroupVersionKind) int {
	return cmp.Compare(a.String(), b.String())
}
