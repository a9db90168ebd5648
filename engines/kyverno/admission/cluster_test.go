package admission

import (
	"context"
	"errors"
	"testing"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"github.com/kyverno/kyverno/pkg/engine/factories"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
	"github.com/kyverno/kyverno/pkg/engine/policycontext"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	engineutils "github.com/kyverno/kyverno/pkg/utils/engine"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A cluster runs a policy with nothing but Kyverno's own code, as its webhooks
// do. Engine compiles a query once and watches for the variable "images" only
// where a policy names it; Kyverno does neither, and that is half of what a
// policy with a long table costs. So what a cluster pays is measured here.
type cluster struct {
	configuration config.Configuration
	jmespath      jmespath.Interface
	engine        engineapi.Engine
}

func newCluster() *cluster {
	quiet()
	configuration := config.NewDefaultConfiguration(true)
	configuration.Load(&corev1.ConfigMap{})
	jp := jmespath.New(configuration)
	offline := false
	return &cluster{configuration, jp, engine.NewEngine(configuration, jp, nil, declaredImages{},
		imageverifycache.DisabledImageVerifyCache(), factories.DefaultContextLoaderFactory(nil), nil, &offline)}
}

// request is what Kyverno makes of the creation of a Pod before it looks at any policy.
func (c *cluster) request(t testing.TB, pod string) *policycontext.PolicyContext {
	t.Helper()
	kind := metav1.GroupVersionKind{Version: "v1", Kind: "Pod"}
	made, err := policycontext.NewPolicyContextFromAdmissionRequest(c.jmespath, admissionv1.AdmissionRequest{
		UID:         "00000000-0000-0000-0000-000000000000",
		Kind:        kind,
		RequestKind: &kind,
		Resource:    metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		Name:        "web",
		Namespace:   "shop",
		Operation:   admissionv1.Create,
		Object:      runtime.RawExtension{Raw: []byte(pod)},
	}, plainUser, corev1.SchemeGroupVersion.WithKind("Pod"), c.configuration)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// mutate runs a policy and computes its patches, as the webhook does whether
// anything changed or not. The object is nil where it did not.
func (c *cluster) mutate(policy kyvernov1.PolicyInterface, request *policycontext.PolicyContext) (map[string]any, error) {
	response := c.engine.Mutate(context.Background(), request.WithPolicy(policy))
	patches := response.GetPatches()
	if len(response.PolicyResponse.Rules) == 0 || !response.IsSuccessful() {
		return nil, errors.New("the policy's rule did not run")
	}
	if len(patches) == 0 {
		return nil, nil
	}
	return response.PatchedResource.Object, nil
}

// validate reports whether a policy denies.
func (c *cluster) validate(policy kyvernov1.PolicyInterface, request *policycontext.PolicyContext) (bool, error) {
	response := c.engine.Validate(context.Background(), request.WithPolicy(policy))
	if len(response.PolicyResponse.Rules) == 0 || response.IsError() {
		return false, errors.New("the policy's rule did not run")
	}
	return engineutils.BlockRequest(response, kyvernov1.Ignore), nil
}
