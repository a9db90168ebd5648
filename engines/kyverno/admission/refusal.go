package admission

import (
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// refuse is what an API server says to a write of Kyverno's that it does not take,
// in its words: names and labels that are not valid, a Namespace that is being
// deleted, and the fields of Secrets and ConfigMaps that never change.
// old is nil for a new object.
func (s *store) refuse(at key, old, object *unstructured.Unstructured) error {
	var problems field.ErrorList
	metadata := field.NewPath("metadata")
	switch {
	case at.name == "":
		problems = append(problems, field.Required(metadata.Child("name"), "name or generateName is required"))
	case at.resource.Group == "rbac.authorization.k8s.io": // any name that a path may have
	default:
		for _, problem := range apivalidation.NameIsDNSSubdomain(at.name, false) {
			problems = append(problems, field.Invalid(metadata.Child("name"), at.name, problem))
		}
	}
	if at.namespace != "" {
		for _, problem := range apivalidation.ValidateNamespaceName(at.namespace, false) {
			problems = append(problems, field.Invalid(metadata.Child("namespace"), at.namespace, problem))
		}
	}
	problems = append(problems, metav1validation.ValidateLabels(object.GetLabels(), metadata.Child("labels"))...)
	if old == nil {
		if at.namespace == "" && !isNamespace(object) && !isClusterScoped(object.GroupVersionKind().GroupKind()) {
			return apierrors.NewBadRequest("an empty namespace may not be set during creation")
		}
		if s.terminating(at.namespace) {
			return apierrors.NewForbidden(at.resource.GroupResource(), at.name, fmt.Errorf("unable to create new content in namespace %s because it is being terminated", at.namespace))
		}
	} else if at.resource.Group == "" && (at.resource.Resource == "secrets" || at.resource.Resource == "configmaps") {
		problems = append(problems, unchangeable(at.resource.Resource, old.Object, object.Object)...)
	}
	if len(problems) > 0 {
		return apierrors.NewInvalid(object.GroupVersionKind().GroupKind(), at.name, problems)
	}
	return nil
}

// unchangeable is validation.ValidateSecretUpdate and ValidateConfigMapUpdate of Kubernetes.
func unchangeable(resource string, old, object map[string]any) (problems field.ErrorList) {
	const never = "field is immutable"
	if resource == "secrets" && secretType(old) != secretType(object) {
		problems = append(problems, field.Invalid(field.NewPath("type"), secretType(object), never))
	}
	if old["immutable"] != true {
		return problems
	}
	if object["immutable"] != true {
		problems = append(problems, field.Forbidden(field.NewPath("immutable"), "field is immutable when `immutable` is set"))
	}
	for _, name := range []string{"data", "binaryData"} {
		// The values are credentials: only the field is named.
		if !apiequality.Semantic.DeepEqual(old[name], object[name]) {
			problems = append(problems, field.Forbidden(field.NewPath(name), "field is immutable when `immutable` is set"))
		}
	}
	return problems
}

// secretType: unset is Opaque.
func secretType(secret map[string]any) string {
	if kind, _ := secret["type"].(string); kind != "" {
		return kind
	}
	return "Opaque"
}

// terminating reports whether a Namespace of the cluster is being deleted.
func (s *store) terminating(namespace string) bool {
	held := s.objects[namespaceKey(namespace)]
	if held == nil {
		return false
	}
	phase, _, _ := unstructured.NestedString(held.Object, "status", "phase")
	return phase == "Terminating" || held.GetDeletionTimestamp() != nil
}
