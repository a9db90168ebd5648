package admission

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	corelisters "k8s.io/client-go/listers/core/v1"

	"mirrorgen.dev/gen/engines/protocol"
)

// labelsOf are the labels of a namespace: those of the request, else of the
// Namespace among the cluster's objects. nil: they are not known.
func labelsOf(admit *protocol.Admit, name string) map[string]string {
	if admit.NamespaceLabels != nil {
		return admit.NamespaceLabels
	}
	for _, object := range admit.Cluster {
		u := unstructured.Unstructured{Object: object}
		if u.GetAPIVersion() == "v1" && u.GetKind() == "Namespace" && u.GetName() == name {
			if labels := u.GetLabels(); labels != nil {
				return labels
			}
			return map[string]string{}
		}
	}
	return nil
}

// namespaceOf is a namespace as a cluster has it in use.
func namespaceOf(name string, labels map[string]string) *corev1.Namespace {
	all := make(map[string]string, len(labels)+1)
	maps.Copy(all, labels)
	all[corev1.LabelMetadataName] = name
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all},
		Spec:       corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

// matcher is the API server's matcher of policies. Each request has its own, in
// which there is one namespace: requests with other labels run at the same time.
func (r *request) matcher() *matching.Matcher {
	// No client: it is asked for what the lister does not find.
	return matching.NewMatcher(oneNamespace{r.in}, nil)
}

// oneNamespace lists the namespace of a request.
type oneNamespace struct{ namespace *corev1.Namespace }

var _ corelisters.NamespaceLister = oneNamespace{}

// List implements NamespaceLister; matchers do not use it.
func (o oneNamespace) List(selector labels.Selector) ([]*corev1.Namespace, error) {
	if o.namespace == nil || !selector.Matches(labels.Set(o.namespace.Labels)) {
		return nil, nil
	}
	return []*corev1.Namespace{o.namespace}, nil
}

// Get implements NamespaceLister.
func (o oneNamespace) Get(name string) (*corev1.Namespace, error) {
	if o.namespace == nil || o.namespace.Name != name {
		return nil, fmt.Errorf("namespace %q is not that of the request", name)
	}
	return o.namespace, nil
}
