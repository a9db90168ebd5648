package admission

import (
	"errors"
	"fmt"
	"maps"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	enginecontext "github.com/kyverno/kyverno/pkg/engine/context"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"

	"mirrorgen.dev/gen/engines/protocol"
)

// plainUser is who asks: someone with no role that a policy could single out.
var plainUser = kyvernov2.RequestInfo{AdmissionUserInfo: authenticationv1.UserInfo{
	Username: "mirrorgen",
	Groups:   []string{"system:authenticated"},
}}

// requestUID stands for the UID that an API server gives each request.
const requestUID = "00000000-0000-0000-0000-000000000000"

// A request is one admission request, as the API server would make it.
type request struct {
	gvk         runtimeschema.GroupVersionKind
	gvr         runtimeschema.GroupVersionResource
	subresource string
	operation   kyvernov1.AdmissionOperation
	// namespace is AdmissionRequest.namespace: empty for a cluster-scoped object,
	// the object's own name for a Namespace.
	namespace string
	// defaulted: the object came without its namespace, which the API server fills in.
	defaulted bool
	// labels are the namespace's, metadata.name included; nil: unknown.
	labels map[string]string
	// object and old are as submitted, the namespace filled in; Object nil: none.
	object, old unstructured.Unstructured
}

func newRequest(admit *protocol.Admit) (*request, error) {
	r := &request{
		operation:   kyvernov1.AdmissionOperation(admit.Operation),
		subresource: admit.SubResource,
	}
	subject := admit.Object
	switch admit.Operation {
	case "":
		r.operation = kyvernov1.Create
		fallthrough
	case "CREATE", "CONNECT", "EXISTING":
		if admit.Object == nil {
			return nil, fmt.Errorf("operation %s needs an object", r.operation)
		}
	case "UPDATE":
		if admit.Object == nil || admit.OldObject == nil {
			return nil, errors.New("operation UPDATE needs the object and the old object")
		}
		r.old.Object = admit.OldObject
	case "DELETE":
		if admit.OldObject == nil {
			return nil, errors.New("operation DELETE needs the old object")
		}
		subject = admit.OldObject
		r.old.Object = admit.OldObject
	default:
		return nil, fmt.Errorf("operation %q: must be CREATE, UPDATE, DELETE, CONNECT or EXISTING", admit.Operation)
	}
	if r.operation != kyvernov1.Delete {
		r.object.Object = admit.Object
	}
	u := unstructured.Unstructured{Object: subject}
	r.gvk = u.GroupVersionKind()
	if r.gvk.Version == "" || r.gvk.Kind == "" {
		return nil, errors.New("the object has no apiVersion or no kind")
	}
	// The plural is guessed as Kubernetes guesses it; only request.resource and the
	// matchConditions of a policy can see it.
	r.gvr, _ = meta.UnsafeGuessKindToResource(r.gvk)

	switch {
	case r.gvk == corev1.SchemeGroupVersion.WithKind("Namespace"):
		r.namespace = u.GetName()
	case isClusterScoped(r.gvk.GroupKind()):
	default:
		r.namespace = u.GetNamespace()
		if r.namespace == "" {
			r.namespace = metav1.NamespaceDefault
			r.defaulted = true
		}
		var err error
		if r.object.Object, err = protocol.InNamespace(r.object.Object, r.namespace); err != nil {
			return nil, err
		}
		if r.old.Object, err = protocol.InNamespace(r.old.Object, r.namespace); err != nil {
			return nil, err
		}
		if labels, known := namespaceLabels(admit, r.namespace); known {
			r.labels = labels
		}
	}
	return r, nil
}

// isClusterScoped reports whether objects of a kind, Namespaces aside, lie in no namespace.
func isClusterScoped(kind runtimeschema.GroupKind) bool {
	return protocol.ClusterScoped(kind.Group, kind.Kind)
}

// withoutNamespace undoes inNamespace.
func withoutNamespace(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	made := maps.Clone(object)
	fresh := maps.Clone(metadata)
	delete(fresh, "namespace")
	made["metadata"] = fresh
	return made
}

// context is what a webhook builds from the request: one JSON context for all the
// policies of the registration. object is the request's object as it is by now.
func (s *Session) context(r *request, object unstructured.Unstructured) (*evaluation, error) {
	e := s.engine
	variables := enginecontext.NewContextWithMaxSize(e.jmespath, e.configuration.GetMaxContextSize())
	if s.namesImages {
		if err := variables.AddImageInfos(&object, e.configuration); err != nil {
			return nil, err
		}
	}
	// Kyverno's context holds the request as JSON decodes it, all numbers being
	// floats, until a rule's result replaces it; the object that is patched has whole
	// numbers. Both are kept as they are there, because JMESPath can tell them apart.
	if object.Object != nil {
		if err := variables.AddResource(floats(object.Object).(map[string]any)); err != nil {
			return nil, err
		}
	}
	if r.old.Object != nil {
		if err := variables.AddOldResource(floats(r.old.Object).(map[string]any)); err != nil {
			return nil, err
		}
	}
	if err := variables.AddVariable("request", r.envelope(object)); err != nil {
		return nil, err
	}
	if err := variables.AddUserInfo(plainUser); err != nil {
		return nil, err
	}
	if err := variables.AddServiceAccount(plainUser.AdmissionUserInfo.Username); err != nil {
		return nil, err
	}
	if err := variables.AddOperation(string(r.operation)); err != nil {
		return nil, err
	}
	return &evaluation{
		object:    object,
		old:       r.old,
		operation: r.operation,
		labels:    r.selectable(),
		resource:  metav1.GroupVersionResource(r.gvr),
		kind:      r.gvk,
		sub:       r.subresource,
		variables: variables,
	}, nil
}

// envelope is the AdmissionRequest without its objects.
func (r *request) envelope(object unstructured.Unstructured) map[string]any {
	subject := object
	if subject.Object == nil {
		subject = r.old
	}
	kind := func() map[string]any {
		return map[string]any{"group": r.gvk.Group, "version": r.gvk.Version, "kind": r.gvk.Kind}
	}
	resource := func() map[string]any {
		return map[string]any{"group": r.gvr.Group, "version": r.gvr.Version, "resource": r.gvr.Resource}
	}
	envelope := map[string]any{
		"uid":             requestUID,
		"kind":            kind(),
		"resource":        resource(),
		"requestKind":     kind(),
		"requestResource": resource(),
		"dryRun":          false,
		"options":         nil,
	}
	// What is empty is absent in the API's JSON, except the objects, which are null.
	for key, value := range map[string]string{
		"subResource":        r.subresource,
		"requestSubResource": r.subresource,
		"name":               subject.GetName(),
		"namespace":          r.namespace,
	} {
		if value != "" {
			envelope[key] = value
		}
	}
	if object.Object == nil {
		envelope["object"] = nil
	}
	if r.old.Object == nil {
		envelope["oldObject"] = nil
	}
	return envelope
}

// floats is a deep copy with every number as encoding/json decodes it.
func floats(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		made := make(map[string]any, len(typed))
		for key, item := range typed {
			made[key] = floats(item)
		}
		return made
	case []any:
		made := make([]any, len(typed))
		for i, item := range typed {
			made[i] = floats(item)
		}
		return made
	case int64:
		return float64(typed)
	}
	return value
}
