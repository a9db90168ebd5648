package admission

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// mirrored is podOf with the images that rewrite.yaml makes of those of ordinary.
func ordinary() string { return podOf("busybox", "nginx", "quay.io/coreos/etcd:v3") }

// deploymentOf is a Deployment whose template is what the Pod holds: a template has
// no apiVersion and no kind, and of several unknown fields Kyverno names one at random.
func deploymentOf(t *testing.T, pod string) string {
	t.Helper()
	held := object(t, pod)
	delete(held, "apiVersion")
	delete(held, "kind")
	return text(t, map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "web", "namespace": "shop"},
		"spec":     map[string]any{"template": held},
	})
}

const rewritten = "cr.example.com/dockerhub/library/nginx:latest cr.example.com/quay/coreos/etcd:v3 cr.example.com/dockerhub/library/busybox:latest"

// ephemeral is the Pod with an ephemeral container.
func ephemeral(pod, image string) string {
	return strings.Replace(pod, `"containers":`, `"ephemeralContainers":[{"name":"debug","image":"`+image+`"}],"containers":`, 1)
}

func TestACELPolicyRewritesWhatIsNew(t *testing.T) {
	session := load(t, policyFile(t, "rewrite.yaml"))
	static := strings.Replace(ordinary(), `"labels":`, `"annotations":{"kubernetes.io/config.mirror":"x"},"labels":`, 1)
	deployment := deploymentOf(t, ordinary())
	matched, fired := []string{"mirrors"}, []string{"mirrors"}
	cases := []struct {
		reason         string
		request        protocol.Admit
		images         string // empty: nothing changed
		matched, fired []string
	}{
		{"a new Pod", protocol.Admit{Object: object(t, ordinary())}, rewritten, matched, fired},
		{"one that is rewritten already", protocol.Admit{Object: object(t, podOf("cr.example.com/dockerhub/library/busybox:latest", "cr.example.com/quay/a/b:1", "registry.corp.example/c"))}, "", matched, nil},
		{"images that are in no table", protocol.Admit{Object: object(t, podOf("ghcr.io/a", "docker.io/library/registry:2", "localhost:5000/b"))}, "", matched, nil},
		{"a change of something else", protocol.Admit{Operation: "UPDATE", Object: object(t, strings.Replace(ordinary(), `"app":"web"`, `"app":"new"`, 1)), OldObject: object(t, ordinary())}, "", matched, nil},
		{"a change of one image", protocol.Admit{Operation: "UPDATE", Object: object(t, podOf("busybox", "nginx:2", "quay.io/coreos/etcd:v3")), OldObject: object(t, ordinary())},
			"cr.example.com/dockerhub/library/nginx:2 quay.io/coreos/etcd:v3 busybox", matched, fired},
		{"an ephemeral container", protocol.Admit{Operation: "UPDATE", SubResource: "ephemeralcontainers", Object: object(t, ephemeral(ordinary(), "alpine")), OldObject: object(t, ordinary())},
			"nginx quay.io/coreos/etcd:v3 busybox cr.example.com/dockerhub/library/alpine:latest", matched, fired},
		{"another subresource", protocol.Admit{Operation: "UPDATE", SubResource: "status", Object: object(t, podOf("a", "b", "c")), OldObject: object(t, ordinary())}, "", nil, nil},
		{"a static Pod's mirror", protocol.Admit{Object: object(t, static)}, "", nil, nil},
		{"an excluded namespace", protocol.Admit{Object: object(t, strings.Replace(ordinary(), `"shop"`, `"kube-system"`, 1))}, "", nil, nil},
		{"no namespace, which is default", protocol.Admit{Object: object(t, strings.Replace(ordinary(), `,"namespace":"shop"`, "", 1))}, rewritten, matched, fired},
		{"another kind: nothing is derived", protocol.Admit{Object: object(t, deployment)}, "", nil, nil},
		{"a DELETE, which the policy does not name", protocol.Admit{Operation: "DELETE", OldObject: object(t, ordinary())}, "", nil, nil},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			submitted := text(t, test.request.Object)
			outcome := admit(t, session, &test.request)
			if !outcome.Allowed || !slices.Equal(outcome.Matched, test.matched) || !slices.Equal(outcome.Fired, test.fired) || len(outcome.Messages)+len(outcome.Warnings) > 0 {
				t.Errorf("got %s", text(t, outcome))
			}
			if text(t, test.request.Object) != submitted {
				t.Error("the caller's object was changed")
			}
			switch {
			case test.images == "":
				if outcome.Object != nil {
					t.Errorf("changed: %s", text(t, outcome.Object))
				}
			case images(t, outcome.Object) != test.images:
				t.Errorf("got %s", images(t, outcome.Object))
			}
		})
	}
}

func TestAMutationLeavesTheRestAsItWas(t *testing.T) {
	session := load(t, policyFile(t, "rewrite.yaml"))
	odd := strings.Replace(ordinary(), `"spec":{`, `"status":{},"unknown":[null,{"a":9007199254740993,"b":1.5,"c":1e3,"empty":{},"none":[],"text":"<é>"}],"spec":{"terminationGracePeriodSeconds":30,`, 1)
	odd = strings.Replace(odd, `"labels":`, `"creationTimestamp":null,"labels":`, 1)
	before := object(t, odd)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, odd)})
	if images(t, outcome.Object) != rewritten {
		t.Fatalf("got %s", text(t, outcome))
	}
	spec := outcome.Object["spec"].(map[string]any)
	was := before["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers"} {
		for i, container := range spec[list].([]any) {
			container.(map[string]any)["image"] = was[list].([]any)[i].(map[string]any)["image"]
		}
	}
	if text(t, outcome.Object) != text(t, before) {
		t.Errorf("got  %s\nwant %s", text(t, outcome.Object), text(t, before))
	}
}

func TestAMutationOfNothingChangesNothing(t *testing.T) {
	session := load(t, policyFile(t, "rewrite.yaml"))
	odd := strings.Replace(podOf("ghcr.io/a", "ghcr.io/b", "ghcr.io/c"), `"spec":{`, `"unknown":[1e3,1.0,-0.5,1e30,9007199254740993,null,{}],"spec":{`, 1)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, odd)})
	if outcome.Object != nil || len(outcome.Fired) > 0 || !slices.Equal(outcome.Matched, []string{"mirrors"}) {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestOnlyWhatActsAtAdmissionIsRunThere(t *testing.T) {
	const targets = "\ntargetMatchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]}"
	cases := []struct {
		reason, more string
		runs         bool
	}{
		{"as it is by default", "", true},
		{"one that scans leave out", "evaluation: {background: {enabled: false}}", true},
		{"one that also mutates what exists", "evaluation: {mutateExisting: {enabled: true}}", true},
		{"one that mutates something else", "evaluation: {mutateExisting: {enabled: true}}" + targets, false},
		{"whether it is enabled or not", strings.TrimSpace(targets), false},
		{"one that only mutates what exists", "evaluation: {admission: {enabled: false}, mutateExisting: {enabled: true}}", false},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, annotates("p", test.more, "a", "'b'"), label("other", "", "", "x", "y"))
			outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
			if slices.Contains(outcome.Matched, "p") != test.runs || (annotation(outcome.Object, "a") == "b") != test.runs {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

// errs is an expression that is none for a Pod without annotations.
const errs = "object.metadata.annotations['who']"

func TestAMutationThatCannotBeEvaluated(t *testing.T) {
	annotated := strings.Replace(pod, `"labels":`, `"annotations":{"who":"me"},"labels":`, 1)
	const problem = "failed to evaluate policy: no such key: annotations"
	cases := []struct {
		reason, more, pod  string
		allowed            bool
		value              any
		messages, warnings []string
	}{
		{"it can be for a Pod of another shape", "failurePolicy: Fail", annotated, true, "me", nil, nil},
		{"under Fail the request is denied", "failurePolicy: Fail", pod, false, nil, []string{"Policy p: " + problem}, nil},
		{"which is the default", "", pod, false, nil, []string{"Policy p: " + problem}, nil},
		{"under Ignore it passes as it came", "failurePolicy: Ignore", pod, true, nil, nil, []string{"engine: p: error: " + problem}},
		{"a condition under Fail", "failurePolicy: Fail\nmatchConditions: [{name: c, expression: \"" + errs + " == 'me'\"}]", pod, false, nil, []string{"Policy p: " + problem}, nil},
		{"a condition under Ignore", "failurePolicy: Ignore\nmatchConditions: [{name: c, expression: \"" + errs + " == 'me'\"}]", pod, true, nil, nil, []string{"engine: p: error: " + problem}},
		{"a condition that can be evaluated", "failurePolicy: Fail\nmatchConditions: [{name: c, expression: \"" + errs + " == 'me'\"}]", annotated, true, "me", nil, nil},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, annotates("p", test.more, "key", errs)), &protocol.Admit{Object: object(t, test.pod)})
			if outcome.Allowed != test.allowed || !slices.Equal(outcome.Messages, test.messages) || !slices.Equal(outcome.Warnings, test.warnings) ||
				annotation(outcome.Object, "key") != test.value || !slices.Equal(outcome.Matched, []string{"p"}) || !slices.Equal(outcome.Fired, []string{"p"}) {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestADeniedMutationIsNotJudged(t *testing.T) {
	session := load(t, annotates("p", "", "key", errs), validates("v", "", "expression: 'false'\nmessage: refused"))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if outcome.Allowed || len(outcome.Messages) != 1 || !strings.HasPrefix(outcome.Messages[0], "Policy p: ") || outcome.Object != nil {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestMutatingPoliciesFollowEachOtherByName(t *testing.T) {
	session := load(t,
		annotates("b-second", "", "second", "(has(object.metadata.annotations.first) ? object.metadata.annotations.first : 'none') + '-more'"),
		annotates("a-first", "", "first", "'one'"),
		annotates("d-last", "", "last", "object.metadata.annotations.second + '!'"),
		// request is what came, and stays that.
		annotates("e-request", "", "asked", "has(request.object.metadata.annotations) ? 'all' : request.object.metadata.labels.app"),
	)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	annotations := outcome.Object["metadata"].(map[string]any)["annotations"]
	if want := map[string]any{"made": "up", "first": "one", "second": "one-more", "last": "one-more!", "asked": "web"}; !reflect.DeepEqual(annotations, want) {
		t.Errorf("annotations %v, warnings %v", annotations, outcome.Warnings)
	}
	if !slices.Equal(outcome.Fired, session.Rules()) {
		t.Errorf("fired %v", outcome.Fired)
	}
}

// merges is a MutatingPolicy that merges labels into what the resources are.
func merges(name, more, group, version, resources, expression string) string {
	return celOf("MutatingPolicy", name, more+`
matchConstraints: {resourceRules: [{apiGroups: ["`+group+`"], apiVersions: [`+version+`], operations: [CREATE, UPDATE], resources: [`+resources+`]}]}
mutations:
- patchType: ApplyConfiguration
  applyConfiguration: {expression: "`+expression+`"}`)
}

const setsLabel = "Object{metadata: Object.metadata{labels: Object.metadata.labels{made: 'here'}}}"

func TestAnApplyConfigurationIsMergedByTheKindsSchema(t *testing.T) {
	image := "Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, image: 'm.example.com/' + c.image})}}"
	secrets := "Object{spec: Object.spec{imagePullSecrets: [Object.spec.imagePullSecrets{name: 'regcred'}]}}"
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"name":"a","image":"nginx"}]}}}}`
	cases := []struct {
		reason, policy, object, want string
	}{
		{"containers are merged by name", merges("p", "", "", "v1", "pods", image), pod,
			strings.NewReplacer(`"nginx"`, `"m.example.com/nginx"`, `"quay.io/a/b:1"`, `"m.example.com/quay.io/a/b:1"`).Replace(pod)},
		{"what Kyverno derives reaches a Deployment", merges("p", "", "", "v1", "pods", image), deployment, strings.Replace(deployment, `"nginx"`, `"m.example.com/nginx"`, 1)},
		{"unless it is switched off", merges("p", "autogen: {podControllers: {controllers: []}}", "", "v1", "pods", image), deployment, ""},
		{"an atomic list with server-side apply", merges("p", "evaluation: {useServerSideApply: true}", "", "v1", "pods", secrets), pod,
			strings.Replace(pod, `"spec":{`, `"spec":{"imagePullSecrets":[{"name":"regcred"}],`, 1)},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, test.policy), &protocol.Admit{Object: object(t, test.object)})
			if !outcome.Allowed || (outcome.Object == nil) != (test.want == "") || test.want != "" && text(t, outcome.Object) != text(t, object(t, test.want)) {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
	outcome := admit(t, load(t, merges("p", "", "", "v1", "pods", secrets)), &protocol.Admit{Object: object(t, pod)})
	if outcome.Allowed || !strings.Contains(strings.Join(outcome.Messages, " "), "may not mutate atomic arrays") {
		t.Errorf("an atomic list without it: %s", text(t, outcome))
	}
}

const imageCache = `{"apiVersion":"eci.alibabacloud.com/v1","kind":"ImageCache","metadata":{"name":"web"},"spec":{"images":["nginx"],"retentionDays":7}}`

func TestKindsOfOthersAreMutated(t *testing.T) {
	patch := func(resources, group string) string {
		return celOf("MutatingPolicy", "p", `
matchConstraints: {resourceRules: [{apiGroups: ["`+group+`"], apiVersions: [v1], operations: [CREATE], resources: [`+resources+`]}]}
mutations:
- patchType: JSONPatch
  jsonPatch: {expression: "[JSONPatch{op: 'add', path: '/made', value: request.namespace + '|' + request.resource.resource}]"}`)
	}
	cases := []struct {
		reason, resources, group, object, want string
	}{
		{"a kind that has no schema here", "imagecaches", "eci.alibabacloud.com", imageCache, "|imagecaches"},
		{"an account", "serviceaccounts", "", `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"shop"}}`, "shop|serviceaccounts"},
		{"a Namespace", "namespaces", "", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`, "shop|namespaces"},
		{"a Secret", "secrets", "", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"shop"},"data":{"a":"Yg=="}}`, "shop|secrets"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			policy := patch(test.resources, test.group)
			if test.group != "" {
				policy = strings.Replace(policy, "request.namespace", "''", 1) // there is none
			}
			want := object(t, test.object)
			want["made"] = test.want
			outcome := admit(t, load(t, policy), &protocol.Admit{Object: object(t, test.object)})
			if !reflect.DeepEqual(outcome.Object, want) {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestAKindWithoutSchemaIsNoVerdict(t *testing.T) {
	session := load(t, merges("p", "failurePolicy: Ignore", "eci.alibabacloud.com", "v1", "imagecaches", setsLabel))
	_, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, imageCache), Phases: []string{"mutate"}})
	if err == nil || !strings.Contains(err.Error(), "policy p: an ApplyConfiguration is merged by the schema of the kind, and this engine has none of eci.alibabacloud.com/v1 ImageCache") {
		t.Errorf("got %v", err)
	}
	unmatched := load(t, merges("p", "matchConditions: [{name: c, expression: 'false'}]", "eci.alibabacloud.com", "v1", "imagecaches", setsLabel))
	if outcome := admit(t, unmatched, &protocol.Admit{Object: object(t, imageCache)}); !outcome.Allowed || len(outcome.Matched) > 0 {
		t.Errorf("a policy that does not cover it: %s", text(t, outcome))
	}
}

func TestCELSessionsServeManyAtOnce(t *testing.T) {
	// The schema is asked for by all at once, and so are conditions of the API server.
	session, err := New().Load(context.Background(), []protocol.File{{Path: "p.yaml", Data: strings.Join([]string{
		policyFile(t, "rewrite.yaml"), policyFile(t, "constraint.yaml"),
		merges("m", "matchConditions: [{name: c, expression: \"oldObject == null || !has(oldObject.spec)\"}]", "", "v1", "pods", setsLabel),
	}, "---\n")}})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			name := "quay.io/web/" + strconv.Itoa(i)
			for range 20 {
				outcome, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, podOf("busybox", "nginx", name)), Phases: []string{"mutate", "validate"}})
				if err != nil {
					t.Error(err)
					return
				}
				got := images(t, outcome.Object)
				if outcome.Allowed || !strings.Contains(got, "library/nginx:latest "+name+" ") || !strings.Contains(text(t, outcome.Object), `"made":"here"`) ||
					!strings.Contains(strings.Join(outcome.Messages, " "), `"`+name+`"`) {
					t.Errorf("got %s", text(t, outcome))
				}
			}
		})
	}
	group.Wait()
}
