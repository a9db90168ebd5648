package admission

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/kubernetes/pkg/kubeapiserver/admission/exclusion"

	"mirrorgen.dev/gen/engines/protocol"
)

// isClusterScoped reports whether objects of a kind lie in no namespace.
func isClusterScoped(kind schema.GroupKind) bool {
	return kind == schema.GroupKind{Kind: "Namespace"} || protocol.ClusterScoped(kind.Group, kind.Kind)
}

// podOptions are the kinds that a CONNECT to a Pod brings along.
var podOptions = map[string]bool{"PodExecOptions": true, "PodAttachOptions": true, "PodPortForwardOptions": true, "PodProxyOptions": true}

// resourceOf is the resource of a kind, its plural guessed as Kubernetes guesses it.
func resourceOf(gvk schema.GroupVersionKind) schema.GroupVersionResource {
	if gvk.Group == "" && podOptions[gvk.Kind] {
		return gvk.GroupVersion().WithResource("pods")
	}
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return plural
}

// exempt are the resources that admission policies never judge: those by which a
// cluster is got out of trouble (the plugins' admissionResources), and reviews.
var exempt = sets.New(append(exclusion.Excluded(),
	schema.GroupResource{Group: "admissionregistration.k8s.io", Resource: "mutatingadmissionpolicies"},
	schema.GroupResource{Group: "admissionregistration.k8s.io", Resource: "mutatingadmissionpolicybindings"},
	schema.GroupResource{Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies"},
	schema.GroupResource{Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicybindings"},
)...)
