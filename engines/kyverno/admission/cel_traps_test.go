package admission

import (
	"context"
	"errors"
	"strings"
	"testing"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/vpol/compiler"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"

	"mirrorgen.dev/gen/engines/protocol"
)

// kyvernos is what Kyverno's own engines answer to a request as a webhook gets it, with
// the objects as JSON: the object that they make, and what their rules say.
func kyvernos(t *testing.T, policies string, r *request) (made *unstructured.Unstructured, said []string) {
	t.Helper()
	e := shared()
	var mutating []policiesv1beta1.MutatingPolicyLike
	var validating []policiesv1beta1.ValidatingPolicyLike
	all, err := documents(policies)
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range all {
		decoded, err := e.decode(document)
		if err != nil {
			t.Fatal(err)
		}
		switch policy := decoded.(type) {
		case policiesv1beta1.MutatingPolicyLike:
			mutating = append(mutating, policy)
		case policiesv1beta1.ValidatingPolicyLike:
			validating = append(validating, policy)
		}
	}
	review := *r.review(r.object)
	asJSON(t, &review)
	asked := celengine.RequestFromAdmission(e.libraries, review)
	resolve := func(string) *corev1.Namespace { return r.namespaceObject() }
	say := func(name string, rules []engineapi.RuleResponse) {
		for _, rule := range rules {
			if rule.HasStatus(engineapi.RuleStatusSkip) {
				continue // the matchConditions; here that is not to cover the request
			}
			said = append(said, name+" "+string(rule.Status())+" "+rule.Message())
		}
	}
	schemas := mpolcompiler.NewStaticTypeConverterManager(openapiclient.NewHardcodedBuiltins(builtins))
	mutators, err := mpolengine.NewProvider(mpolcompiler.NewCompiler(), mutating, nil, e.libraries)
	if err != nil {
		t.Fatal(err)
	}
	mutated, err := mpolengine.NewEngine(mutators, resolve, matching.NewMatcher(), schemas, e.libraries).Handle(context.Background(), asked, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range mutated.Policies {
		say(policy.Policy.GetName(), policy.Rules)
	}
	validators, err := vpolengine.NewProvider(vpolcompiler.NewCompiler(), validating, nil)
	if err != nil {
		t.Fatal(err)
	}
	judged, err := vpolengine.NewEngine(validators, resolve, matching.NewMatcher()).Handle(context.Background(), asked, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range judged.Policies {
		say(policy.Policy.GetName(), policy.Rules)
	}
	return mutated.PatchedResource, said
}

// asJSON makes the objects of a request what a webhook reads them from.
func asJSON(t *testing.T, review *admissionv1.AdmissionRequest) {
	t.Helper()
	for _, extension := range []*runtime.RawExtension{&review.Object, &review.OldObject} {
		if extension.Object != nil {
			extension.Raw = []byte(text(t, extension.Object))
			extension.Object = nil
		}
	}
}

// TestCELPoliciesSayWhatKyvernosEnginesSay is why the engines around Kyverno's
// evaluation may be left out.
func TestCELPoliciesSayWhatKyvernosEnginesSay(t *testing.T) {
	onPodsAlone := func(kind, name, rest string) string {
		return celOf(kind, name, `
matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}]}
`+rest)
	}
	sets := []struct{ reason, policies string }{
		{"generated", policyFile(t, "rewrite.yaml") + "---\n" + policyFile(t, "constraint.yaml")},
		{"what is asked of the request", annotates("m", "variables: [{name: r, expression: \"request.operation + request.name + request.namespace + request.userInfo.groups[0] + string(has(request.object.spec)) + string(has(request.oldObject.spec)) + string(request.dryRun)\"}]", "a", "variables.r") +
			"---\n" + validates("v", "", "expression: \"request.operation == 'x'\"\nmessageExpression: \"request.operation + request.name + request.resource.resource + request.subResource + string(request.object == object) + string(request.oldObject == null)\"")},
		{"what is asked of the namespace", annotates("m", "", "a", "namespaceObject.metadata.labels.mirror + namespaceObject.metadata.name + namespaceObject.status.phase") +
			"---\n" + validates("v", "", "expression: 'false'\nmessageExpression: string(namespaceObject.metadata.labels.mirror)")},
		{"what errs", annotates("m", "", "a", errs) + "---\n" + validates("v", "", "expression: \""+errs+" == 'x'\"") +
			"---\n" + validates("w", "matchConditions: [{name: c, expression: \""+errs+" == 'x'\"}]", "expression: 'true'")},
		{"what is derived", onPodsAlone("MutatingPolicy", "m", `mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, image: 'm/' + c.image})}}"}}]`) +
			"---\n" + onPodsAlone("ValidatingPolicy", "v", `validations: [{expression: "object.spec.containers.all(c, c.image.startsWith('m/'))", message: 'no'}]`)},
		{"two mutations of one policy", onPodsAlone("MutatingPolicy", "m", `autogen: {podControllers: {controllers: []}}
mutations:
- {patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: object.spec.containers[0].image + ':1'}]"}}
- {patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'test', path: '/spec/containers/0/image', value: 'never'}, JSONPatch{op: 'remove', path: '/spec'}]"}}
- {patchType: ApplyConfiguration, applyConfiguration: {expression: "Object{metadata: Object.metadata{labels: Object.metadata.labels{seen: object.spec.containers[0].image}}}"}}`)},
		{"a patch that does not apply", onPodsAlone("MutatingPolicy", "m", `mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'remove', path: '/nowhere/at/all'}]"}}]`)},
	}
	annotated := strings.Replace(ordinary(), `"labels":`, `"annotations":{"who":"me"},"labels":`, 1)
	requests := []struct {
		reason string
		admit  protocol.Admit
	}{
		{"a new Pod", protocol.Admit{Object: object(t, ordinary())}},
		{"one with annotations", protocol.Admit{Object: object(t, annotated)}},
		{"one that changes", protocol.Admit{Operation: "UPDATE", Object: object(t, annotated), OldObject: object(t, ordinary())}},
		{"an ephemeral container", protocol.Admit{Operation: "UPDATE", SubResource: "ephemeralcontainers", Object: object(t, ephemeral(ordinary(), "alpine")), OldObject: object(t, ordinary())}},
		{"a Deployment", protocol.Admit{Object: object(t, deploymentOf(t, ordinary()))}},
	}
	for _, set := range sets {
		for _, test := range requests {
			t.Run(set.reason+"/"+test.reason, func(t *testing.T) {
				test.admit.NamespaceLabels = map[string]string{"mirror": "on"}
				r, err := newRequest(&test.admit)
				if err != nil {
					t.Fatal(err)
				}
				want, wantSaid := kyvernos(t, set.policies, r)
				session := load(t, set.policies)
				got, said := spoken(t, session, r)
				if strings.Join(said, "\n") != strings.Join(wantSaid, "\n") {
					t.Errorf("said\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(wantSaid, "\n"))
				}
				if want == nil {
					want = &r.object
				}
				if text(t, got.Object) != text(t, want.Object) {
					t.Errorf("got  %s\nwant %s", text(t, got.Object), text(t, want.Object))
				}
			})
		}
	}
}

// spoken is what this engine makes of the request, each phase on what was submitted.
func spoken(t *testing.T, session *Session, r *request) (result unstructured.Unstructured, said []string) {
	t.Helper()
	say := func(name string, status engineapi.RuleStatus, message string) {
		said = append(said, name+" "+string(status)+" "+message)
	}
	m := &mutation{engine: session.engine, request: r, submitted: r.object, namespace: r.namespaceObject()}
	result = r.object
	for _, p := range session.mutating {
		for i := range p.variants {
			patched, matched, err := m.evaluate(context.Background(), p, &p.variants[i], result)
			switch {
			case err != nil:
				say(p.name, engineapi.RuleStatusError, err.Error())
			case matched:
				say(p.name, engineapi.RuleStatusPass, "success")
				result = *patched
			}
		}
	}
	v := &validation{engine: session.engine, request: r, object: r.object, namespace: r.namespaceObject()}
	for _, p := range session.validating {
		for i := range p.variants {
			findings := &findings{}
			if _, err := v.evaluate(context.Background(), p, &p.variants[i], findings); err != nil {
				t.Fatal(err)
			}
			switch {
			case len(findings.warnings) > 0:
				message, _ := strings.CutPrefix(findings.warnings[0], "engine: "+p.name+": error: ")
				say(p.name, engineapi.RuleStatusError, message)
			case len(findings.messages) > 0:
				say(p.name, engineapi.RuleStatusFail, findings.messages[0])
			case len(findings.matched) > 0:
				say(p.name, engineapi.RuleStatusPass, "success")
			}
		}
	}
	return result, said
}

// TestAnAbsentOldObjectFitsEverySelectorInKyverno is why the API server's part is played
// as well.
func TestAnAbsentOldObjectFitsEverySelectorInKyverno(t *testing.T) {
	opted := strings.Replace(pod, `"app":"web"`, `"mirror.opt-out":"yes"`, 1)
	r, err := newRequest(&protocol.Admit{Object: object(t, opted)})
	if err != nil {
		t.Fatal(err)
	}
	session := load(t, scoped(onPods+", "+optOut, ""))
	p := session.mutating[0]
	inKyverno, err := session.engine.matcher.Match(&p.variants[0].criteria, r.attributes(r.object, "web"), nil)
	atDoor, doorErr := p.door.opens(context.Background(), r.atDoor(r.object), nil)
	if err := errors.Join(err, doorErr); err != nil || !inKyverno || atDoor {
		t.Errorf("Kyverno: %v, API server: %v, %v", inKyverno, atDoor, err)
	}
}

func TestAMutationOfNothingIsNoVerdict(t *testing.T) {
	session := load(t, scoped(onPods, ""))
	_, err := session.Admit(context.Background(), &protocol.Admit{Operation: "DELETE", OldObject: object(t, pod), Phases: []string{"mutate"}})
	if err == nil {
		t.Error("a DELETE has no object that could be patched")
	}
}
