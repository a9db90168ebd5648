package admission

import (
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	enginecontext "github.com/kyverno/kyverno/pkg/engine/context"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// An evaluation is one request before one policy: Kyverno's PolicyContext. It is
// not policycontext.PolicyContext, because that always watches every query text
// for the variable "images", which costs more than the evaluation itself where
// the queries are long. Here it is watched for only where a policy names it.
type evaluation struct {
	policy    kyvernov1.PolicyInterface
	object    unstructured.Unstructured
	old       unstructured.Unstructured
	element   unstructured.Unstructured
	operation kyvernov1.AdmissionOperation
	labels    map[string]string
	resource  metav1.GroupVersionResource
	kind      runtimeschema.GroupVersionKind
	sub       string
	variables enginecontext.Interface
}

var _ engineapi.PolicyContext = (*evaluation)(nil)

// of is the evaluation of another policy, on the same variables.
func (e evaluation) of(policy kyvernov1.PolicyInterface) *evaluation {
	e.policy = policy
	return &e
}

func (e *evaluation) Policy() kyvernov1.PolicyInterface                      { return e.policy }
func (e *evaluation) NewResource() unstructured.Unstructured                 { return e.object }
func (e *evaluation) OldResource() unstructured.Unstructured                 { return e.old }
func (e *evaluation) AdmissionInfo() kyvernov2.RequestInfo                   { return plainUser }
func (e *evaluation) Operation() kyvernov1.AdmissionOperation                { return e.operation }
func (e *evaluation) NamespaceLabels() map[string]string                     { return e.labels }
func (e *evaluation) RequestResource() metav1.GroupVersionResource           { return e.resource }
func (e *evaluation) AdmissionOperation() bool                               { return true }
func (e *evaluation) Element() unstructured.Unstructured                     { return e.element }
func (e *evaluation) SetElement(element unstructured.Unstructured)           { e.element = element }
func (e *evaluation) JSONContext() enginecontext.Interface                   { return e.variables }
func (e evaluation) Copy() engineapi.PolicyContext                           { return &e }
func (e *evaluation) ResourceKind() (runtimeschema.GroupVersionKind, string) { return e.kind, e.sub }

// SetResources is how Kyverno looks at the old object in the place of the new.
func (e *evaluation) SetResources(old, object unstructured.Unstructured) error {
	e.object = object
	if err := e.variables.AddResource(object.Object); err != nil {
		return err
	}
	e.old = old
	return e.variables.AddOldResource(old.Object)
}

func (e *evaluation) SetOperation(operation kyvernov1.AdmissionOperation) error {
	e.operation = operation
	return e.variables.AddOperation(string(operation))
}
