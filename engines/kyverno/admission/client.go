package admission

import (
	"context"
	"errors"
	"slices"

	"github.com/kyverno/kyverno/pkg/clients/dclient"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	corev1listers "k8s.io/client-go/listers/core/v1"
)

// client is Kyverno's own client on top of the store.
func (s *store) client() dclient.Interface {
	// Only exceptions, CEL rules and access reviews ask for the typed client; there are none.
	return dclient.NewFakeClientWithDisco(dynamicClient{s}, nil, discoveryOfStore{s})
}

// dynamicClient is Kubernetes' dynamic client on top of the store.
type dynamicClient struct{ store *store }

func (c dynamicClient) Resource(resource runtimeschema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return resourceClient{store: c.store, resource: resource}
}

type resourceClient struct {
	notOffered
	store     *store
	resource  runtimeschema.GroupVersionResource
	namespace string
}

func (c resourceClient) Namespace(namespace string) dynamic.ResourceInterface {
	c.namespace = namespace
	return c
}

func (c resourceClient) at(name string) key { return key{c.resource, c.namespace, name} }

func (c resourceClient) Get(_ context.Context, name string, _ metav1.GetOptions, subresources ...string) (*unstructured.Unstructured, error) {
	if err := onlyStatus(subresources); err != nil {
		return nil, err
	}
	if found := c.store.get(c.at(name)); found != nil {
		return found, nil
	}
	return nil, apierrors.NewNotFound(c.resource.GroupResource(), name)
}

func (c resourceClient) List(_ context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	if c.resource.Empty() {
		return nil, apierrors.NewNotFound(c.resource.GroupResource(), "")
	}
	selector, err := labels.Parse(options.LabelSelector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return &unstructured.UnstructuredList{Items: c.store.list(c.resource, c.namespace, selector)}, nil
}

func (c resourceClient) Create(_ context.Context, object *unstructured.Unstructured, _ metav1.CreateOptions, subresources ...string) (*unstructured.Unstructured, error) {
	if len(subresources) > 0 {
		return nil, errNotOffered
	}
	made := object.DeepCopy()
	made.SetNamespace(c.namespace)
	if err := c.store.create(c.at(object.GetName()), made); err != nil {
		return nil, err
	}
	return made.DeepCopy(), nil
}

func (c resourceClient) Update(ctx context.Context, object *unstructured.Unstructured, options metav1.UpdateOptions, subresources ...string) (*unstructured.Unstructured, error) {
	// Kyverno 1.18 gives an empty one, which an API server does not see.
	subresources = slices.DeleteFunc(slices.Clone(subresources), func(name string) bool { return name == "" })
	if err := onlyStatus(subresources); err != nil {
		return nil, err
	}
	if len(subresources) > 0 {
		return c.UpdateStatus(ctx, object, options)
	}
	made := object.DeepCopy()
	made.SetNamespace(c.namespace)
	if err := c.store.update(c.at(object.GetName()), made); err != nil {
		return nil, err
	}
	return made.DeepCopy(), nil
}

// UpdateStatus takes the status and nothing else, as an API server does.
func (c resourceClient) UpdateStatus(_ context.Context, object *unstructured.Unstructured, _ metav1.UpdateOptions) (*unstructured.Unstructured, error) {
	made := c.store.get(c.at(object.GetName()))
	if made == nil {
		return nil, apierrors.NewNotFound(c.resource.GroupResource(), object.GetName())
	}
	if status, ok := object.DeepCopy().Object["status"]; ok {
		made.Object["status"] = status
	} else {
		delete(made.Object, "status")
	}
	if err := c.store.update(c.at(object.GetName()), made); err != nil {
		return nil, err
	}
	return made.DeepCopy(), nil
}

func (c resourceClient) Delete(_ context.Context, name string, _ metav1.DeleteOptions, subresources ...string) error {
	if len(subresources) > 0 {
		return errNotOffered
	}
	return c.store.delete(c.at(name))
}

var errNotOffered = errors.New("an offline cluster does not offer this")

// onlyStatus: of subresources an offline cluster has the status alone.
func onlyStatus(subresources []string) error {
	if len(subresources) > 1 || len(subresources) == 1 && subresources[0] != "status" {
		return errNotOffered
	}
	return nil
}

// notOffered is what Kyverno does not ask of a client for the rules that are run here.
type notOffered struct{}

func (notOffered) DeleteCollection(context.Context, metav1.DeleteOptions, metav1.ListOptions) error {
	return errNotOffered
}

func (notOffered) Watch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return nil, errNotOffered
}

func (notOffered) Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*unstructured.Unstructured, error) {
	return nil, errNotOffered
}

func (notOffered) Apply(context.Context, string, *unstructured.Unstructured, metav1.ApplyOptions, ...string) (*unstructured.Unstructured, error) {
	return nil, errNotOffered
}

func (notOffered) ApplyStatus(context.Context, string, *unstructured.Unstructured, metav1.ApplyOptions) (*unstructured.Unstructured, error) {
	return nil, errNotOffered
}

// namespaces lists the Namespaces of the store with their labels, which is all
// that Kyverno asks of them.
type namespaces struct {
	corev1listers.NamespaceListerExpansion
	store *store
}

func namespaceKey(name string) key {
	return key{corev1.SchemeGroupVersion.WithResource("namespaces"), "", name}
}

func (n namespaces) Get(name string) (*corev1.Namespace, error) {
	held := n.store.get(namespaceKey(name))
	if held == nil {
		return nil, apierrors.NewNotFound(corev1.Resource("namespaces"), name)
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: held.GetLabels()}}, nil
}

func (n namespaces) List(selector labels.Selector) (all []*corev1.Namespace, err error) {
	for _, held := range n.store.list(namespaceKey("").resource, "", selector) {
		all = append(all, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: held.GetName(), Labels: held.GetLabels()}})
	}
	return all, nil
}
