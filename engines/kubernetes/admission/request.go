package admission

import (
	"errors"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"

	"mirrorgen.dev/gen/engines/protocol"
)

// plainUser is who asks: someone with no role that a policy could single out.
var plainUser = &user.DefaultInfo{Name: "mirrorgen", Groups: []string{user.AllAuthenticated}}

// A request is one admission request, as the API server makes it.
type request struct {
	gvk         schema.GroupVersionKind
	gvr         schema.GroupVersionResource
	subresource string
	operation   admission.Operation
	name        string
	// namespace is the request's: empty for a cluster-scoped object, the object's own
	// name for a Namespace.
	namespace string
	// in is the namespace as policies see it; nil: there is none.
	in *corev1.Namespace
	// labelled: the labels of the namespace are known.
	labelled bool
	// defaulted: the object came without its namespace, named: a Namespace came
	// without the label with its name; the API server fills both in.
	defaulted, named bool
	// submitted is the object as it came; object and old are those with what the API
	// server fills in. nil: none.
	submitted, object, old map[string]any
}

func newRequest(admit *protocol.Admit) (*request, error) {
	r := &request{operation: admission.Operation(admit.Operation), subresource: admit.SubResource}
	subject := admit.Object
	switch r.operation {
	case "":
		r.operation = admission.Create
		fallthrough
	case admission.Create, admission.Connect:
		if admit.Object == nil {
			return nil, fmt.Errorf("operation %s needs an object", r.operation)
		}
	case admission.Update:
		if admit.Object == nil || admit.OldObject == nil {
			return nil, errors.New("operation UPDATE needs the object and the old object")
		}
		r.old = admit.OldObject
	case admission.Delete:
		if admit.OldObject == nil {
			return nil, errors.New("operation DELETE needs the old object")
		}
		subject = admit.OldObject
		r.old = admit.OldObject
	case "EXISTING":
		return nil, errors.New("operation EXISTING: admission policies do nothing to what exists already")
	default:
		return nil, fmt.Errorf("operation %q: must be CREATE, UPDATE, DELETE or CONNECT", admit.Operation)
	}
	if r.operation != admission.Delete {
		r.submitted, r.object = admit.Object, admit.Object
	}
	u := unstructured.Unstructured{Object: subject}
	r.gvk = u.GroupVersionKind()
	if r.gvk.Version == "" || r.gvk.Kind == "" {
		return nil, errors.New("the object has no apiVersion or no kind")
	}
	if old := (&unstructured.Unstructured{Object: r.old}); r.old != nil && old.GroupVersionKind() != r.gvk {
		return nil, fmt.Errorf("the object is a %s and the old object a %s", r.gvk, old.GroupVersionKind())
	}
	r.gvr = resourceOf(r.gvk)
	r.name = u.GetName()
	return r, r.place(admit)
}

// place settles which namespace the request is in.
func (r *request) place(admit *protocol.Admit) error {
	subject := unstructured.Unstructured{Object: r.object}
	if subject.Object == nil {
		subject.Object = r.old
	}
	switch {
	case r.gvk == corev1.SchemeGroupVersion.WithKind("Namespace"):
		// Selectors read the labels from the object where it is written, otherwise from
		// what is stored.
		r.namespace = r.name
		stored := subject
		if r.old != nil {
			stored.Object = r.old
		}
		r.in, r.labelled = namespaceOf(r.name, stored.GetLabels()), true
		r.named = r.object != nil && subject.GetLabels()[corev1.LabelMetadataName] == ""
		r.object, r.old = withLabel(r.object, corev1.LabelMetadataName, r.name), withLabel(r.old, corev1.LabelMetadataName, r.name)
	case isClusterScoped(r.gvk.GroupKind()):
	default:
		r.namespace = subject.GetNamespace()
		if r.namespace == "" {
			r.namespace = metav1.NamespaceDefault
			r.defaulted = true
		}
		var err error
		if r.object, err = protocol.InNamespace(r.object, r.namespace); err != nil {
			return err
		}
		if r.old, err = protocol.InNamespace(r.old, r.namespace); err != nil {
			return err
		}
		labels := labelsOf(admit, r.namespace)
		r.in, r.labelled = namespaceOf(r.namespace, labels), labels != nil
	}
	return nil
}

// attributes are the request as a plugin sees it, with the object as it is by now.
// The plugin replaces the content of the object, and leaves object itself as it is.
func (r *request) attributes(object map[string]any) admission.Attributes {
	// An object that is absent must be a nil interface.
	var now, before runtime.Object
	if object != nil {
		now = &unstructured.Unstructured{Object: object}
	}
	if r.old != nil {
		before = &unstructured.Unstructured{Object: r.old}
	}
	return admission.NewAttributesRecord(now, before, r.gvk, r.namespace, r.name, r.gvr, r.subresource, r.operation, r.options(), false, plainUser)
}

// options are those that a client sends which asks for nothing special.
func (r *request) options() runtime.Object {
	meta := func(kind string) metav1.TypeMeta {
		return metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: kind}
	}
	switch r.operation {
	case admission.Create:
		return &metav1.CreateOptions{TypeMeta: meta("CreateOptions")}
	case admission.Update:
		return &metav1.UpdateOptions{TypeMeta: meta("UpdateOptions")}
	case admission.Delete:
		return &metav1.DeleteOptions{TypeMeta: meta("DeleteOptions")}
	}
	return nil
}

// changed is the object after mutation; nil where nothing changed.
func (r *request) changed(object map[string]any) map[string]any {
	if object == nil || reflect.DeepEqual(r.object, object) {
		return nil
	}
	u := &unstructured.Unstructured{Object: object}
	if r.defaulted && u.GetNamespace() == r.namespace {
		return without(object, r.submitted, "metadata", "namespace")
	}
	if r.named && u.GetLabels()[corev1.LabelMetadataName] == r.name {
		return without(object, r.submitted, "metadata", "labels", corev1.LabelMetadataName)
	}
	return object
}
