package cluster

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestADenialIsThePolicysOwnWords(t *testing.T) {
	for _, row := range []struct {
		why, message string
		want         []string
	}{
		{"a policy of Kubernetes' own kind",
			`pods "web" is forbidden: ValidatingAdmissionPolicy 'cn-constraint' with binding 'cn-constraint' denied request: image "NGINX": is not valid`,
			[]string{`image "NGINX": is not valid`}},
		{"its words may look like the wrapper",
			`pods "web" is forbidden: ValidatingAdmissionPolicy 'a' with binding 'a' denied request: x: ValidatingAdmissionPolicy 'b' with binding 'b' denied request: y`,
			[]string{`x: ValidatingAdmissionPolicy 'b' with binding 'b' denied request: y`}},
		{"a ValidatingPolicy", `admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy cn-constraint failed: a; b`, []string{"a; b"}},
		{"two ValidatingPolicies", `admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy a failed: x; Policy b failed: y`, []string{"x", "y"}},
		{"an image that holds NUL, and one that looks like another policy's words",
			"admission webhook \"vpol.validate.kyverno.svc-fail\" denied the request: Policy a failed: image \"a\x00b\"; image \"x\\\"; Policy b failed: y\" is not valid; Policy c failed: z",
			[]string{"image \"a\x00b\"; image \"x\\\"; Policy b failed: y\" is not valid", "z"}},
		{"a ClusterPolicy, a finding a line",
			"admission webhook \"validate.kyverno.svc-fail\" denied the request: \n\nresource Pod/shop/web was blocked due to the following policies \n\ncn-constraint:\n  judge-images: |-\n    validation failure: one\n    two\n",
			[]string{"one", "two"}},
		{"two ClusterPolicies, by name",
			"admission webhook \"v\" denied the request: \n\nresource Pod/shop/web was blocked due to the following policies \n\nb:\n  r: 'validation failure: second'\na:\n  r: 'validation failure: first'\n",
			[]string{"first", "second"}},
	} {
		if got, err := denial(row.message); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %q, %v; wanted %q", row.why, got, err, row.want)
		}
	}
}

func TestARefusalThatIsNoPolicysIsNoDenial(t *testing.T) {
	for _, row := range []struct{ why, message string }{
		{"the API server's own", `Pod "web" is invalid: spec.containers[0].image: Required value`},
		{"a webhook that does not answer", `Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": connection refused`},
		{"another webhook's", `admission webhook "policy.example.com" denied the request: no`},
		{"a policy that could not be evaluated", `admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy a error: no such key: spec`},
	} {
		if got, err := denial(row.message); !errors.Is(err, errForeign) || !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: got %q, %v", row.why, got, err)
		}
	}
}

func TestOnlyAnUnseenNamespaceIsWaitedFor(t *testing.T) {
	at := &place{namespace: "shop"}
	for _, row := range []struct {
		why, message string
		want         bool
	}{
		{"Kyverno's words", `admission webhook "mutate.kyverno.svc-ignore" denied the request: mutation policy a-rewrite error: namespace "shop" not found`, true},
		{"another namespace", `admission webhook "mutate.kyverno.svc-ignore" denied the request: mutation policy a-rewrite error: namespace "shops" not found`, false},
		{"the API server's own words", `namespaces "shop" not found`, false},
		{"a denial", `admission webhook "v" denied the request: Policy a failed: image "NGINX" is not a valid reference`, false},
		{"no refusal", "", false},
	} {
		if got := at.unseen(row.message); got != row.want {
			t.Errorf("%s: %t", row.why, got)
		}
	}
}

func TestADenialThatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, row := range []struct{ why, body string }{
		{"no YAML", "a: [\n"}, {"no mapping", "- a\n"}, {"no message", "a: {r: ''}\n"},
	} {
		message := "admission webhook \"v\" denied the request: \n\nresource Pod/a/b was blocked due to the following policies \n\n" + row.body
		if got, err := denial(message); err == nil {
			t.Errorf("%s: got %q, wanted an error", row.why, got)
		}
	}
}

func TestAWarningIsThePolicysOwnWords(t *testing.T) {
	for _, row := range []struct {
		why, text string
		want      []string
	}{
		{"a policy of Kubernetes' own kind", `Validation failed for ValidatingAdmissionPolicy 'a' with binding 'a': x: y`, []string{"x: y"}},
		{"a ValidatingPolicy", "Policy a failed: x", []string{"x"}},
		{"a ClusterPolicy", "policy a.r: validation failure: x", []string{"x"}},
		{"the API server's own", `unknown field "spec.x"`, []string{`unknown field "spec.x"`}},
	} {
		if got := warning(row.text); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %q, wanted %q", row.why, got, row.want)
		}
	}
}
