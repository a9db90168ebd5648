package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/client-go/discovery"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/openapi"
	"k8s.io/client-go/openapi/openapitest"

	"mirrorgen.dev/gen/engines/protocol"
)

// plugins are the API server's two admission plugins, whole, on a cluster that
// holds the policies of a session and the namespace of a request.
type plugins struct {
	mutating   *mutating.Plugin
	validating *validating.Plugin
}

// cluster is a fake clientset with what the plugins ask a real one for beside.
type cluster struct{ kubernetes.Interface }

// IsWatchListSemanticsUnSupported keeps informers from waiting for bookmarks, which
// the fake does not send.
func (c cluster) IsWatchListSemanticsUnSupported() bool { return true }

func (c cluster) Discovery() discovery.DiscoveryInterface { return described{c.Interface.Discovery()} }

type described struct{ discovery.DiscoveryInterface }

func (d described) OpenAPIV3() openapi.Client { return openapitest.NewEmbeddedFileClient() }

// A plugin is what is initialized of either.
type plugin interface {
	initializer.WantsExternalKubeInformerFactory
	initializer.WantsExternalKubeClientSet
	initializer.WantsRESTMapper
	initializer.WantsDynamicClient
	initializer.WantsAuthorizer
	initializer.WantsDrainedNotification
	admission.InitializationValidator
	SetEnabled(bool)
	WaitForReady() bool
}

func newPlugins(t testing.TB, session *Session, r *request) plugins {
	t.Helper()
	var objects []runtime.Object
	if r.in != nil {
		objects = append(objects, r.in)
	}
	for _, hook := range session.mutating {
		objects = append(objects, hook.Policy)
		for _, binding := range hook.Bindings {
			objects = append(objects, binding)
		}
	}
	for _, hook := range session.validating {
		objects = append(objects, hook.Policy, hook.Bindings[0])
	}
	client := cluster{fake.NewClientset(objects...)}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	factory := informers.NewSharedInformerFactory(client, 0)
	mutator, err := mutating.NewPlugin(nil)
	if err != nil {
		t.Fatal(err)
	}
	validator, err := validating.NewPlugin(nil)
	if err != nil {
		t.Fatal(err)
	}
	all := []plugin{mutator, validator}
	for _, p := range all {
		p.SetEnabled(true)
		p.SetExternalKubeInformerFactory(factory)
		p.SetExternalKubeClientSet(client)
		p.SetRESTMapper(meta.NewDefaultRESTMapper(nil))
		p.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme.Scheme))
		p.SetAuthorizer(authorizerfactory.NewAlwaysAllowAuthorizer())
		p.SetDrainedNotification(stop)
		if err := p.ValidateInitialization(); err != nil {
			t.Fatal(err)
		}
	}
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	for _, p := range all {
		if !p.WaitForReady() {
			t.Fatal("the plugin is not ready")
		}
	}
	return plugins{mutator, validator}
}

// admit is what an API server does with a request: admission, once more where a
// plugin asks for it, then validation.
func (p plugins) admit(r *request) (object map[string]any, warned []string, err error) {
	attributes := r.attributes(r.object)
	recorder := &warnings{}
	ctx := warning.WithWarningRecorder(context.Background(), recorder)
	objects := admission.NewObjectInterfacesFromScheme(scheme.Scheme)
	if p.mutating.Handles(r.operation) {
		err = p.mutating.Admit(ctx, attributes, objects)
		if again := attributes.GetReinvocationContext(); err == nil && again.ShouldReinvoke() {
			again.SetIsReinvoke()
			err = p.mutating.Admit(ctx, attributes, objects)
		}
	}
	if err == nil && p.validating.Handles(r.operation) {
		err = p.validating.Validate(ctx, attributes, objects)
	}
	if now, ok := attributes.GetObject().(*unstructured.Unstructured); ok {
		object = now.Object
	}
	return object, recorder.texts, err
}

// TestTheAPIServersOwnPluginsSayTheSame holds the engine to the plugins as they
// are, with their own loading, compiling and look-ups.
func TestTheAPIServersOwnPluginsSayTheSame(t *testing.T) {
	both := []string{file(t, "rewrite.yaml"), file(t, "constraint.yaml")}
	apply := strings.Replace(rule{expression: nothing, again: "IfNeeded"}.mutation(), "  - patchType: JSONPatch\n    jsonPatch:\n      expression: \""+nothing+"\"\n",
		"  - patchType: ApplyConfiguration\n    applyConfiguration:\n      expression: 'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: \"b\"}}}'\n", 1)
	blue := resourceRules + "    namespaceSelector: {matchLabels: {team: blue}}\n"
	for _, test := range []struct {
		reason   string
		policies []string
		request  protocol.Admit
	}{
		{"a Pod that is rewritten and allowed", both, protocol.Admit{Object: object(t, pod("nginx", "quay.io/prometheus/node:v1"))}},
		{"a Pod that is rewritten and denied", both, protocol.Admit{Object: object(t, pod("nginx", "ghcr.io/a/b:1"))}},
		{"a Pod with nothing to rewrite", both, protocol.Admit{Object: object(t, pod(mirrored))}},
		{"a Pod that is no valid one", both, protocol.Admit{Object: object(t, pod("Nginx!"))}},
		{"an update", both, protocol.Admit{Operation: "UPDATE", Object: object(t, pod("nginx")), OldObject: object(t, stored)}},
		{"an update that changes no image", both, protocol.Admit{Operation: "UPDATE", Object: object(t, stored), OldObject: object(t, stored)}},
		{"an ephemeral container", both, protocol.Admit{Operation: "UPDATE", SubResource: "ephemeralcontainers", OldObject: object(t, stored),
			Object: object(t, strings.Replace(stored, `"spec":{`, `"spec":{"ephemeralContainers":[{"name":"d","image":"busybox"}],`, 1))}},
		{"a namespace that is excluded", both, protocol.Admit{Object: object(t, strings.Replace(pod("nginx"), `"shop"`, `"kube-system"`, 1))}},
		{"a deletion", both, protocol.Admit{Operation: "DELETE", OldObject: object(t, stored)}},
		{"a namespace with the label", []string{rule{expression: puts, matches: blue}.mutation()}, protocol.Admit{Object: object(t, pod("nginx")), NamespaceLabels: map[string]string{"team": "blue"}}},
		{"a namespace with another", []string{rule{expression: puts, matches: blue}.mutation()}, protocol.Admit{Object: object(t, pod("nginx")), NamespaceLabels: map[string]string{"team": "red"}}},
		{"a policy that adds a container, never reinvoked, and one that is", []string{file(t, "rewrite.yaml"), rule{name: "z", expression: injects}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a policy that is not idempotent", []string{rule{again: "IfNeeded", expression: "[JSONPatch{op: 'add', path: '/spec/containers/-', value: object.spec.containers[0]}]"}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"an apply configuration", []string{apply}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a mutation that fails", []string{rule{expression: failing}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a mutation that fails and is ignored", []string{rule{expression: failing, fails: "Ignore"}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a patch that leaves no object", []string{rule{expression: "[JSONPatch{op: 'remove', path: '/kind'}]", fails: "Ignore"}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a validation that fails", []string{rule{expression: "object.spec.nope == 1"}.validation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a validation that fails and is ignored", []string{rule{expression: "object.spec.nope == 1", fails: "Ignore"}.validation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a condition that fails", []string{rule{expression: "true", matches: "  matchConditions: [{name: c, expression: object.spec.nope == 1}]\n"}.validation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a condition of a mutation that fails", []string{rule{expression: puts, matches: "  matchConditions: [{name: c, expression: object.spec.nope == 1}]\n"}.mutation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a validation over its budget", []string{overBudget("Fail")}, protocol.Admit{Object: object(t, long())}},
		{"a warning", []string{rule{expression: "false", actions: "[Warn]"}.validation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"an audit", []string{rule{expression: "false", actions: "[Audit]"}.validation()}, protocol.Admit{Object: object(t, pod("nginx"))}},
		{"a Namespace", []string{rule{expression: "false", matches: strings.Replace(blue, "[pods,", "[namespaces,", 1)}.validation()},
			protocol.Admit{Object: object(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"team":"blue"}}}`)}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			if test.request.NamespaceLabels == nil {
				test.request.NamespaceLabels = map[string]string{}
			}
			session := load(t, test.policies...)
			outcome := admit(t, session, &test.request)
			r, err := newRequest(&test.request)
			if err != nil {
				t.Fatal(err)
			}
			after, warned, err := newPlugins(t, session, r).admit(r)
			if got, want := text(t, outcome.Object), text(t, r.changed(after)); got != want {
				t.Errorf("object\n%s\nthe plugins'\n%s", got, want)
			}
			if outcome.Allowed != (err == nil) {
				t.Errorf("allowed %v, the plugins: %v", outcome.Allowed, err)
			}
			var status *apierrors.StatusError
			if err != nil && (!errors.As(err, &status) || !strings.HasSuffix(status.ErrStatus.Message, outcome.Messages[0])) {
				t.Errorf("messages %q, the plugins: %v", outcome.Messages, err)
			}
			said := 0
			for _, one := range outcome.Warnings {
				if !strings.HasPrefix(one, "engine: ") {
					said++
				}
			}
			if said != len(warned) || said > 0 && !strings.HasSuffix(warned[0], outcome.Warnings[0]) {
				t.Errorf("warnings %q, the plugins' %q", outcome.Warnings, warned)
			}
		})
	}
}

// TestMessagesAreUnwrapped holds what is taken off to what the plugins put on.
func TestMessagesAreUnwrapped(t *testing.T) {
	for _, test := range []struct{ policy, wrapping string }{
		{rule{expression: "false"}.validation(), "ValidatingAdmissionPolicy 'p' with binding 'p-bound' denied request: "},
		{rule{expression: failing}.mutation(), "policy 'p' with binding 'p-bound' denied request: "},
	} {
		session := load(t, test.policy)
		request := &protocol.Admit{Operation: "CREATE", Object: object(t, pod("nginx"))}
		r, err := newRequest(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = newPlugins(t, session, r).admit(r)
		var status *apierrors.StatusError
		if outcome := admit(t, session, request); !errors.As(err, &status) || len(status.ErrStatus.Details.Causes) != 1 ||
			status.ErrStatus.Details.Causes[0].Message != test.wrapping+outcome.Messages[0] {
			t.Errorf("got %q, the plugin: %v", outcome.Messages, err)
		}
	}
}

// BenchmarkPlugins is what the plugins take for the same Pod, for comparison.
func BenchmarkPlugins(b *testing.B) {
	session := load(b, file(b, "rewrite.yaml"))
	r, err := newRequest(&protocol.Admit{Operation: "CREATE", Object: object(b, three)})
	if err != nil {
		b.Fatal(err)
	}
	p := newPlugins(b, session, r)
	for b.Loop() {
		if after, _, err := p.admit(r); err != nil || r.changed(after) == nil {
			b.Fatal(fmt.Sprint(after), err)
		}
	}
}
