package admission

import (
	"slices"

	"github.com/kyverno/kyverno/pkg/admissionpolicy"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// review is the AdmissionRequest for CEL policies. Unlike a webhook's it holds the
// objects themselves, not their JSON.
func (r *request) review(object unstructured.Unstructured) *admissionv1.AdmissionRequest {
	hold := func(object unstructured.Unstructured) runtime.RawExtension {
		if object.Object == nil {
			return runtime.RawExtension{}
		}
		return runtime.RawExtension{Object: &object}
	}
	kind, resource := metav1.GroupVersionKind(r.gvk), metav1.GroupVersionResource(r.gvr)
	dryRun := false
	return &admissionv1.AdmissionRequest{
		UID:                requestUID,
		Kind:               kind,
		Resource:           resource,
		SubResource:        r.subresource,
		RequestKind:        &kind,
		RequestResource:    &resource,
		RequestSubResource: r.subresource,
		Name:               r.nameOf(object),
		Namespace:          r.namespace,
		Operation:          admissionv1.Operation(r.operation),
		UserInfo:           plainUser.AdmissionUserInfo,
		Object:             hold(object),
		OldObject:          hold(r.oldObject()),
		DryRun:             &dryRun,
	}
}

func (r *request) oldObject() unstructured.Unstructured {
	old, _ := r.labelled(r.old)
	return old
}

// nameOf is AdmissionRequest.name.
func (r *request) nameOf(object unstructured.Unstructured) string {
	if object.Object == nil {
		return r.old.GetName()
	}
	return object.GetName()
}

// attributes are what constraints are matched with, and the variables object and
// oldObject. As in Kyverno's engines none is nil: what is absent reads {}, not null.
func (r *request) attributes(object unstructured.Unstructured, name string) apiadmission.Attributes {
	old := r.oldObject()
	return r.record(&object, &old, name)
}

// atDoor are the attributes as the API server has them: what is absent is nil.
func (r *request) atDoor(object unstructured.Unstructured) apiadmission.Attributes {
	var current, old runtime.Object
	if object.Object != nil {
		current = &object
	}
	if r.old.Object != nil {
		before := r.oldObject()
		old = &before
	}
	return r.record(current, old, r.nameOf(object))
}

func (r *request) record(object, old runtime.Object, name string) apiadmission.Attributes {
	return apiadmission.NewAttributesRecord(object, old, r.gvk, r.namespace, name, r.gvr, r.subresource,
		apiadmission.Operation(r.operation), nil, false, admissionpolicy.NewUser(plainUser.AdmissionUserInfo))
}

// matches reports whether the API server calls a webhook with these rules.
func (r *request) matches(all []admissionregistrationv1.RuleWithOperations) bool {
	attributes := r.attributes(r.object, "")
	return slices.ContainsFunc(all, func(rule admissionregistrationv1.RuleWithOperations) bool {
		return (&rules.Matcher{Rule: rule, Attr: attributes}).Matches()
	})
}
