package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	kjson "sigs.k8s.io/json"

	"mirrorgen.dev/gen/engines/protocol"
)

// file is a policy of testdata: rewrite.yaml and constraint.yaml are what gen's
// target kubernetes writes, in short, for
//
//	docker.io -> cr.example.com/dockerhub except library/registry
//	quay.io -> cr.example.com/quay only prometheus, coreos/etcd
//	gcr.io/distroless -> r.example.com:5000/distroless
func file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func load(t testing.TB, policies ...string) *Session {
	t.Helper()
	session, err := New().Load(context.Background(), files(policies...))
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func files(policies ...string) (all []protocol.File) {
	for i, policy := range policies {
		all = append(all, protocol.File{Path: fmt.Sprintf("p%d.yaml", i), Data: policy})
	}
	return all
}

func admit(t testing.TB, session *Session, request *protocol.Admit) *protocol.Outcome {
	t.Helper()
	if request.Operation == "" {
		request.Operation = "CREATE"
	}
	if request.Phases == nil {
		request.Phases = Phases()
	}
	outcome, err := session.Admit(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// object decodes JSON as the program does.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var made map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &made); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return made
}

func text(t testing.TB, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// pod is one with containers of these images.
func pod(images ...string) string {
	var containers []string
	for i, image := range images {
		containers = append(containers, fmt.Sprintf(`{"name":"c%d","image":%q}`, i, image))
	}
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[` + strings.Join(containers, ",") + `]}}`
}

// A rule is what test policies are made of.
type rule struct {
	name    string // unset: p
	fails   string // failurePolicy; unset: Fail
	matches string // further lines of spec, indented by two
	again   string // reinvocationPolicy of a mutation; unset: Never
	// expression is a mutation's JSON patch, or a validation.
	expression string
	// actions are those of a binding; unset: [Deny].
	actions string
	// selects are further lines of the binding's spec, indented by two.
	selects string
}

func (r rule) defaulted() rule {
	for _, field := range []struct {
		value *string
		unset string
	}{{&r.name, "p"}, {&r.fails, "Fail"}, {&r.again, "Never"}, {&r.actions, "[Deny]"}} {
		if *field.value == "" {
			*field.value = field.unset
		}
	}
	return r
}

// nothing is a mutation that changes nothing.
const nothing = "[JSONPatch{}].filter(p, false)"

const resourceRules = `  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods, pods/ephemeralcontainers]}
`

// mutation is a MutatingAdmissionPolicy with its binding.
func (r rule) mutation() string {
	r = r.defaulted()
	return fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: %q}
spec:
  failurePolicy: %s
  reinvocationPolicy: %s
%s%s  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: %q
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: %q}
spec:
  policyName: %q
%s`, r.name, r.fails, r.again, r.constraints(), r.matches, r.expression, r.name+"-bound", r.name, r.selects)
}

// validation is a ValidatingAdmissionPolicy with its binding.
func (r rule) validation() string {
	r = r.defaulted()
	return fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %q}
spec:
  failurePolicy: %s
%s%s  validations:
  - expression: %q
    message: %q
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %q}
spec:
  policyName: %q
  validationActions: %s
%s`, r.name, r.fails, r.constraints(), r.matches, r.expression, r.name+" says no", r.name+"-bound", r.name, r.actions, r.selects)
}

func (r rule) constraints() string {
	if strings.Contains(r.matches, "matchConstraints") {
		return ""
	}
	return resourceRules
}

// imagesOf are the images of an object's containers, or of before where the object
// is absent, which means that nothing changed.
func imagesOf(t testing.TB, after, before map[string]any) string {
	t.Helper()
	if after == nil {
		after = before
	}
	var pod struct {
		Spec struct{ InitContainers, Containers, EphemeralContainers []struct{ Image string } }
	}
	if err := json.Unmarshal([]byte(text(t, after)), &pod); err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers, pod.Spec.EphemeralContainers) {
		images = append(images, container.Image)
	}
	return strings.Join(images, " ")
}
