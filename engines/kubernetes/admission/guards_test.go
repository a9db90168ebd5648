package admission

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestAPanicIsNoVerdict(t *testing.T) {
	session := &Session{engine: New(), objects: unstructuredObjects(), mutating: []mutating.PolicyHook{{}}}
	outcome, err := session.Admit(t.Context(), &protocol.Admit{Operation: "CREATE", Phases: Phases(), Object: object(t, pod("nginx"))})
	if err == nil || !strings.Contains(err.Error(), "kubernetes panicked: ") || !strings.Contains(err.Error(), "dispatcher.go") || outcome != nil {
		t.Errorf("got %v, %v", outcome, err)
	}
}

// TestAVerdictThatWasNotObservedIsNone takes the observation away.
func TestAVerdictThatWasNotObservedIsNone(t *testing.T) {
	session := load(t, rule{expression: "false"}.validation())
	session.validating[0].Evaluator = session.validating[0].Evaluator.(observedValidator).Validator
	outcome, err := session.Admit(t.Context(), &protocol.Admit{Operation: "CREATE", Phases: Phases(), Object: object(t, pod("nginx"))})
	if err == nil || !strings.Contains(err.Error(), "policy p: the plugin says") || !strings.Contains(err.Error(), "a bug of this engine") || outcome != nil {
		t.Errorf("got %v, %v", outcome, err)
	}
}

func TestTheNamespaceOfARequestIsTheOnlyOne(t *testing.T) {
	lister := oneNamespace{namespaceOf("shop", map[string]string{"a": "b"})}
	if found, err := lister.Get("shop"); err != nil || found.Labels["kubernetes.io/metadata.name"] != "shop" || found.Labels["a"] != "b" {
		t.Errorf("got %v, %v", found, err)
	}
	if found, err := lister.Get("bank"); err == nil || found != nil || err.Error() != `namespace "bank" is not that of the request` {
		t.Errorf("got %v, %v", found, err)
	}
	for selector, want := range map[string]int{"a=b": 1, "a=c": 0} {
		parsed, err := labels.Parse(selector)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := lister.List(parsed); err != nil || len(found) != want {
			t.Errorf("%s: %v, %v", selector, found, err)
		}
	}
	if found, err := (oneNamespace{}).List(labels.Everything()); err != nil || len(found) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

// TestWhatDoesNotCompileHasAPath tests the second compilation: the first, the API
// server's validation, refuses all of this before.
func TestWhatDoesNotCompileHasAPath(t *testing.T) {
	broken := []admissionregistrationv1.Variable{{Name: "v", Expression: "nope"}}
	condition := []admissionregistrationv1.MatchCondition{{Name: "c", Expression: "nope"}}
	_, err := mutator(&admissionregistrationv1.MutatingAdmissionPolicy{Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
		Variables: broken, MatchConditions: condition, Mutations: []admissionregistrationv1.Mutation{
			{PatchType: admissionregistrationv1.PatchTypeJSONPatch, JSONPatch: &admissionregistrationv1.JSONPatch{Expression: "nope"}},
			{PatchType: admissionregistrationv1.PatchTypeApplyConfiguration, ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: "nope"}},
			{PatchType: "Sed"},
		},
	}})
	says(t, err, "spec.variables[0].expression: ", "spec.matchConditions: ", "spec.mutations[0].jsonPatch.expression: ", "spec.mutations[1].applyConfiguration.expression: ", `spec.mutations[2].patchType: "Sed" is not known`)
	_, err = validator(&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
		Variables: broken, MatchConditions: condition,
		Validations:      []admissionregistrationv1.Validation{{Expression: "nope", MessageExpression: "nope"}},
		AuditAnnotations: []admissionregistrationv1.AuditAnnotation{{Key: "k", ValueExpression: "nope"}},
	}})
	says(t, err, "spec.variables[0].expression: ", "spec.matchConditions: ", "spec.validations: ", "spec.auditAnnotations: ")
}

func says(t *testing.T, err error, all ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, one := range all {
		if !strings.Contains(err.Error(), one) {
			t.Errorf("%q is not in %v", one, err)
		}
	}
}

// TestEveryResourceIsNamedAsItIs holds the guessed plurals to those of the kinds
// that policies are for.
func TestEveryResourceIsNamedAsItIs(t *testing.T) {
	for kind, want := range map[string]string{
		`{"apiVersion":"v1","kind":"Pod"}`: "pods", `{"apiVersion":"v1","kind":"ServiceAccount"}`: "serviceaccounts", `{"apiVersion":"v1","kind":"Namespace"}`: "namespaces",
		`{"apiVersion":"v1","kind":"Endpoints"}`: "endpoints", `{"apiVersion":"v1","kind":"PodExecOptions"}`: "pods", `{"apiVersion":"v1","kind":"ReplicationController"}`: "replicationcontrollers",
		`{"apiVersion":"apps/v1","kind":"StatefulSet"}`: "statefulsets", `{"apiVersion":"batch/v1","kind":"CronJob"}`: "cronjobs",
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"}`: "networkpolicies", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress"}`: "ingresses",
		`{"apiVersion":"eci.alibabacloud.com/v1","kind":"ImageCache"}`: "imagecaches",
	} {
		r, err := newRequest(&protocol.Admit{Operation: "CREATE", Object: object(t, kind)})
		if err != nil || r.gvr.Resource != want {
			t.Errorf("%s: %v, %v", kind, r, err)
		}
	}
}

// TestTheAPIHasNoOtherPolicies fails where a later version brings one.
func TestTheAPIHasNoOtherPolicies(t *testing.T) {
	for kind := range scheme.Scheme.KnownTypes(admissionregistrationv1.SchemeGroupVersion) {
		if strings.Contains(kind, "AdmissionPolicy") && !strings.HasSuffix(kind, "List") {
			if stored, internal := empty(kind); stored == nil || internal == nil {
				t.Errorf("%s of %s is not read", kind, admissionregistration.GroupName)
			}
		}
	}
}
