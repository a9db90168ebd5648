package admission

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func (r *request) isNamespace() bool { return r.gvk == corev1.SchemeGroupVersion.WithKind("Namespace") }

// namespaceObject is the Namespace of the request as Kyverno finds it in the cluster;
// nil: there is none yet, or its labels are not known.
func (r *request) namespaceObject() *corev1.Namespace {
	labels := r.labels
	if r.isNamespace() && r.old.Object != nil {
		old, _ := r.labelled(r.old)
		labels = old.GetLabels()
	}
	if labels == nil {
		return nil
	}
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: r.namespace, Labels: labels},
		Spec:       corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

// labelled is a Namespace with the label that an API server gives each before any
// webhook sees it, as policies select by it. Everything else stays as it is.
func (r *request) labelled(object unstructured.Unstructured) (made unstructured.Unstructured, added bool) {
	name := object.GetName()
	if !r.isNamespace() || object.Object == nil || name == "" || object.GetLabels()[corev1.LabelMetadataName] == name {
		return object, false
	}
	metadata, _ := object.Object["metadata"].(map[string]any)
	before, _ := metadata["labels"].(map[string]any)
	labels := map[string]any{}
	maps.Copy(labels, before)
	labels[corev1.LabelMetadataName] = name
	return withLabels(object, labels), true
}

// unlabelled undoes labelled on what came of submitted.
func unlabelled(object, submitted unstructured.Unstructured) unstructured.Unstructured {
	labels, _, _ := unstructured.NestedMap(object.Object, "metadata", "labels") // a copy
	if labels[corev1.LabelMetadataName] != object.GetName() {
		return object
	}
	delete(labels, corev1.LabelMetadataName)
	made := withLabels(object, labels)
	if len(labels) == 0 {
		was, _ := submitted.Object["metadata"].(map[string]any)
		if empty, present := was["labels"]; present {
			made.Object["metadata"].(map[string]any)["labels"] = empty
		} else {
			delete(made.Object["metadata"].(map[string]any), "labels")
		}
	}
	return made
}

// withLabels is a copy with other labels.
func withLabels(object unstructured.Unstructured, labels map[string]any) unstructured.Unstructured {
	metadata, _ := object.Object["metadata"].(map[string]any)
	made, fresh := maps.Clone(object.Object), maps.Clone(metadata)
	fresh["labels"] = labels
	made["metadata"] = fresh
	return unstructured.Unstructured{Object: made}
}
