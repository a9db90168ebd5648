package admission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// A store is the cluster of one request: what an API server would hold, as far as
// Kyverno's background controllers can tell. It is not Kubernetes' fake client,
// because that takes what an API server refuses, panics at a list of a kind that
// it was not told of, and knows nothing of what was changed.
//
// It serves one goroutine.
type store struct {
	objects map[key]*unstructured.Unstructured
	// given are the objects as the request has them, in its order.
	given map[key]map[string]any
	order []key
	// hidden are objects that stand in the cluster without having been given: the
	// one submitted, and its Namespace. They are as they were put.
	hidden map[key]*unstructured.Unstructured
	// kinds are those that discovery knows of.
	kinds map[runtimeschema.GroupVersionKind]bool
	// changes counts writes that changed more than bookkeeping.
	changes int
}

// A key finds an object as an API server's paths do.
type key struct {
	resource        runtimeschema.GroupVersionResource
	namespace, name string
}

func keyOf(object *unstructured.Unstructured) key {
	return key{resourceOf(object.GroupVersionKind()), object.GetNamespace(), object.GetName()}
}

// resourceOf guesses the plural as Kubernetes guesses it.
func resourceOf(kind runtimeschema.GroupVersionKind) runtimeschema.GroupVersionResource {
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	return resource
}

// newStore copies the objects of a request.
func newStore(cluster []map[string]any) (*store, error) {
	s := &store{
		objects: make(map[key]*unstructured.Unstructured, len(cluster)),
		given:   make(map[key]map[string]any, len(cluster)),
		hidden:  map[key]*unstructured.Unstructured{},
		kinds:   map[runtimeschema.GroupVersionKind]bool{},
	}
	var problems []error
	for i, object := range cluster {
		u := &unstructured.Unstructured{Object: object}
		if kind := u.GroupVersionKind(); kind.Version == "" || kind.Kind == "" || u.GetName() == "" {
			problems = append(problems, fmt.Errorf("cluster[%d]: an object needs apiVersion, kind and metadata.name", i))
			continue
		}
		u = u.DeepCopy()
		if u.GetNamespace() == "" && !isNamespace(u) && !isClusterScoped(u.GroupVersionKind().GroupKind()) {
			u.SetNamespace(metav1.NamespaceDefault)
		}
		complete(u)
		at := keyOf(u)
		if _, ok := s.objects[at]; ok {
			problems = append(problems, fmt.Errorf("cluster[%d]: %s is there already", i, at))
			continue
		}
		s.objects[at], s.given[at], s.kinds[u.GroupVersionKind()] = u, object, true
		s.order = append(s.order, at)
	}
	return s, errors.Join(problems...)
}

func (k key) String() string {
	text := k.resource.Resource + " " + k.name
	if k.namespace != "" {
		text += " in " + k.namespace
	}
	return text
}

// hide puts an object into the cluster that the request did not give there.
func (s *store) hide(object *unstructured.Unstructured) {
	at := keyOf(object)
	s.objects[at], s.kinds[object.GroupVersionKind()] = object.DeepCopy(), true
	if s.given[at] == nil {
		s.hidden[at] = object.DeepCopy()
	}
}

// remove takes an object away, as the API server does before anyone learns of it. What
// is made in its place is new.
func (s *store) remove(object *unstructured.Unstructured) {
	delete(s.objects, keyOf(object))
	delete(s.hidden, keyOf(object))
}

// get is nil where there is none.
func (s *store) get(at key) *unstructured.Unstructured {
	if held := s.objects[at]; held != nil {
		return held.DeepCopy()
	}
	return nil
}

// list is sorted as an API server sorts; no namespace means all.
func (s *store) list(resource runtimeschema.GroupVersionResource, namespace string, selector labels.Selector) []unstructured.Unstructured {
	var found []key
	for at, object := range s.objects {
		if at.resource == resource && (namespace == "" || namespace == at.namespace) && selector.Matches(labels.Set(object.GetLabels())) {
			found = append(found, at)
		}
	}
	slices.SortFunc(found, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	all := make([]unstructured.Unstructured, 0, len(found))
	for _, at := range found {
		all = append(all, *s.get(at))
	}
	return all
}

func (s *store) create(at key, object *unstructured.Unstructured) error {
	if s.objects[at] != nil {
		return apierrors.NewAlreadyExists(at.resource.GroupResource(), at.name)
	}
	if err := s.refuse(at, nil, object); err != nil {
		return err
	}
	for _, field := range systemFields {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
	}
	complete(object)
	s.objects[at], s.kinds[object.GroupVersionKind()] = object, true
	s.changes++
	return nil
}

func (s *store) update(at key, object *unstructured.Unstructured) error {
	old := s.objects[at]
	if old == nil {
		return apierrors.NewNotFound(at.resource.GroupResource(), at.name)
	}
	if err := s.refuse(at, old, object); err != nil {
		return err
	}
	for _, field := range systemFields {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
		if value, ok, _ := unstructured.NestedFieldCopy(old.Object, "metadata", field); ok {
			_ = unstructured.SetNestedField(object.Object, value, "metadata", field)
		}
	}
	s.objects[at] = object
	if !same(plain(s.given[at], old), plain(s.given[at], object)) {
		s.changes++
	}
	return nil
}

func (s *store) delete(at key) error {
	if s.objects[at] == nil {
		return apierrors.NewNotFound(at.resource.GroupResource(), at.name)
	}
	delete(s.objects, at)
	s.changes++
	return nil
}

// outcome is the cluster as it is by now: what was given in its order, what is new
// by kind, namespace and name. What was hidden is in it only where it was changed,
// and the object submitted never.
func (s *store) outcome(submitted key) []map[string]any {
	all := make([]map[string]any, 0, len(s.objects))
	for _, at := range s.order {
		if object := s.objects[at]; object != nil {
			all = append(all, plain(s.given[at], object))
		}
	}
	var made []key
	for at, object := range s.objects {
		put := s.hidden[at]
		switch {
		case s.given[at] != nil:
		case at == submitted && put != nil:
		case put != nil && same(put.Object, object.Object):
		default:
			made = append(made, at)
		}
	}
	slices.SortFunc(made, func(a, b key) int {
		return cmp.Or(
			cmp.Compare(s.objects[a].GetKind(), s.objects[b].GetKind()),
			cmp.Compare(a.namespace, b.namespace),
			cmp.Compare(a.name, b.name),
			cmp.Compare(s.objects[a].GetAPIVersion(), s.objects[b].GetAPIVersion()),
		)
	})
	for _, at := range made {
		all = append(all, plain(nil, s.objects[at]))
	}
	return all
}
