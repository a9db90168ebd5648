package typecheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	sigsyaml "sigs.k8s.io/yaml"
)

// checker reads the documents of the version of Kubernetes that go.mod names, from
// the module cache.
func checker(t *testing.T) *Checker {
	t.Helper()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").Output()
	if err != nil {
		t.Fatal(err)
	}
	return New(os.DirFS(filepath.Join(strings.TrimSpace(string(folder)), "api", "openapi-spec", "v3")))
}

// constraint is a policy for Pods.
func constraint(variable, validation, message string) *admissionregistrationv1.ValidatingAdmissionPolicy {
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: pods("pods"),
		Validations:      []admissionregistrationv1.Validation{{Expression: validation, MessageExpression: message}},
	}}
	if variable != "" {
		policy.Spec.Variables = []admissionregistrationv1.Variable{{Name: "v", Expression: variable}}
	}
	return policy
}

func pods(resource string) *admissionregistrationv1.MatchResources {
	return &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
		RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Rule: admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{resource, "pods/ephemeralcontainers"}},
		},
	}}}
}

func TestExpressionsAreHeldToTheTypesOfTheirResources(t *testing.T) {
	c := checker(t)
	for _, test := range []struct {
		reason                        string
		variable, validation, message string
		says                          string // empty: nothing
	}{
		{"fields that a Pod has", "", "object.spec.containers.all(c, c.image != '')", "object.metadata.name", ""},
		{"an image volume, which is younger than the policies", "", "object.spec.volumes.all(v, !has(v.image) || v.image.reference != '')", "", ""},
		{"a field that no Pod has", "", "object.spec.containerz.size() > 0", "", "spec.validations[0].expression: /v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'containerz'"},
		{"a message of another type", "", "true", "object.spec.nope", "spec.validations[0].messageExpression: "},
		{"a number beside a text", "", "object.metadata.name == 3", "", "no matching overload"},
		{"a variable's type", "object.spec.containers.size()", "variables.v == 'three'", "", "no matching overload"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			found := strings.Join(c.Policy(constraint(test.variable, test.validation, test.message)), "\n")
			if found != "" && test.says == "" || !strings.Contains(found, test.says) {
				t.Errorf("got %q, want %q", found, test.says)
			}
		})
	}
}

func TestVariablesAreCheckedToo(t *testing.T) {
	c := checker(t)
	policy := constraint("object.spec.containerz", "variables.v.size() > 0", "")
	if found := c.Policy(policy); len(found) > 0 {
		t.Errorf("Kubernetes has learnt to check variables, so that Variables may go: %q", found)
	}
	conditions := []admissionregistrationv1.MatchCondition{{Name: "c", Expression: "object.spec.nodename == ''"}}
	found := c.Variables(policy.Spec.MatchConstraints, conditions, policy.Spec.Variables)
	if len(found) != 2 || !strings.Contains(found[0], "spec.matchConditions[0].expression: /v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'nodename'") ||
		!strings.Contains(found[1], "spec.variables[0].expression: /v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'containerz'") {
		t.Errorf("got %q", found)
	}
}

func TestWhatHasNoSchemaIsPassedOver(t *testing.T) {
	policy := constraint("", "object.spec.anything == 1", "")
	policy.Spec.MatchConstraints = pods("imagecaches")
	policy.Spec.MatchConstraints.ResourceRules[0].APIGroups = []string{"eci.alibabacloud.com"}
	if found := checker(t).Policy(policy); len(found) > 0 {
		t.Errorf("got %q", found)
	}
	if found := New(os.DirFS(t.TempDir())).Policy(constraint("", "object.spec.anything == 1", "")); len(found) > 0 {
		t.Errorf("without documents: %q", found)
	}
}

// TestGeneratedPoliciesPass takes the policies that this module tests with, and
// those that gen has written into the repository.
func TestGeneratedPoliciesPass(t *testing.T) {
	c := checker(t)
	var paths []string
	for _, pattern := range []string{"../admission/testdata/*.yaml", "../../../policies/kubernetes/*.yaml", "../../../examples/*/generated/kubernetes/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	checked := 0
	for _, path := range paths {
		for _, policy := range policies(t, path) {
			checked++
			for _, finding := range c.Policy(policy) {
				t.Errorf("%s: %s", path, finding)
			}
		}
	}
	if checked == 0 {
		t.Errorf("no policy found in %v", paths)
	}
	own := policies(t, "../admission/testdata/constraint.yaml")[0].Spec
	if found := c.Variables(own.MatchConstraints, own.MatchConditions, own.Variables); len(found) > 0 {
		t.Errorf("variables: %q", found)
	}
}

// policies are the ValidatingAdmissionPolicies of a file.
func policies(t *testing.T, path string) (all []*admissionregistrationv1.ValidatingAdmissionPolicy) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(data), "\n---\n") {
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{}
		if err := sigsyaml.Unmarshal([]byte(document), policy); err != nil {
			t.Fatal(err)
		}
		if policy.Kind == "ValidatingAdmissionPolicy" {
			all = append(all, policy)
		}
	}
	return all
}
