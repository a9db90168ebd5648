package admission

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// scoped are policies of both kinds with the same scope, that do something to all of it.
func scoped(constraints, more string) string {
	constraints = "matchConstraints: {" + constraints + "}\n" + more
	return celOf("MutatingPolicy", "p", constraints+`
mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'add', path: '/made', value: 'here'}]"}}]`) +
		"---\n" + celOf("ValidatingPolicy", "v", constraints+`
validations: [{expression: 'false', message: refused}]
validationActions: [Audit]`)
}

const (
	onPods        = `resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods, pods/ephemeralcontainers]}]`
	onPodsAlone   = `resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods]}]`
	onEverything  = `resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"]}]`
	onNamespaces  = `resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [namespaces]}]`
	optOut        = `objectSelector: {matchExpressions: [{key: mirror.opt-out, operator: DoesNotExist}]}`
	notKubeSystem = `namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}`
	mirrorOn      = `namespaceSelector: {matchLabels: {mirror: "on"}}`
)

func TestScopeIsThatOfCELPolicies(t *testing.T) {
	opted := strings.Replace(pod, `"app":"web"`, `"mirror.opt-out":"yes"`, 1)
	elsewhere := strings.Replace(pod, `"shop"`, `"kube-system"`, 1)
	namespace := func(name string) string {
		return `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`
	}
	node := `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}`
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"template":{}}}`
	on, none := map[string]string{"mirror": "on"}, map[string]string{}
	cases := []struct {
		reason, constraints, more string
		request                   protocol.Admit
		match                     bool
	}{
		{"a Pod", onPods, "", protocol.Admit{Object: object(t, pod)}, true},
		{"another kind", onPods, "", protocol.Admit{Object: object(t, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`)}, false},
		{"the kind of another group", onPods, "", protocol.Admit{Object: object(t, `{"apiVersion":"metrics.k8s.io/v1","kind":"Pod","metadata":{"name":"web"}}`)}, false},
		{"another version", onPods, "", protocol.Admit{Object: object(t, strings.Replace(pod, `"v1"`, `"v2"`, 1))}, false},
		{"every kind", onEverything, "", protocol.Admit{Object: object(t, node)}, true},
		{"every kind is no subresource", onEverything, "", protocol.Admit{Object: object(t, pod), OldObject: object(t, pod), Operation: "UPDATE", SubResource: "ephemeralcontainers"}, false},
		{"another operation", strings.Replace(onPods, `"*"`, "DELETE", 1), "", protocol.Admit{Object: object(t, pod)}, false},
		{"only what is of a namespace", strings.Replace(onEverything, "{apiGroups", "{scope: Namespaced, apiGroups", 1), "", protocol.Admit{Object: object(t, node)}, false},
		{"only what is of none", strings.Replace(onEverything, "{apiGroups", "{scope: Cluster, apiGroups", 1), "", protocol.Admit{Object: object(t, node)}, true},
		{"the Pod named", strings.Replace(onPods, "{apiGroups", "{resourceNames: [web], apiGroups", 1), "", protocol.Admit{Object: object(t, pod)}, true},
		{"another name", strings.Replace(onPods, "{apiGroups", "{resourceNames: [db], apiGroups", 1), "", protocol.Admit{Object: object(t, pod)}, false},
		{"an excluded name", onPods + `, excludeResourceRules: [{resourceNames: [web], apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]`, "", protocol.Admit{Object: object(t, pod)}, false},
		{"another operation is not excluded", onPods + `, excludeResourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [pods]}]`, "", protocol.Admit{Object: object(t, pod)}, true},
		{"a namespace that is not excluded by its name, whose labels are not known", onPods + ", " + notKubeSystem, "", protocol.Admit{Object: object(t, pod)}, true},
		{"one that is", onPods + ", " + notKubeSystem, "", protocol.Admit{Object: object(t, elsewhere)}, false},
		{"the namespace has the label", onPods + ", " + mirrorOn, "", protocol.Admit{Object: object(t, pod), NamespaceLabels: on}, true},
		{"it has not", onPods + ", " + mirrorOn, "", protocol.Admit{Object: object(t, pod), NamespaceLabels: none}, false},
		{"what is of no namespace is in all of them", onEverything + ", " + mirrorOn, "", protocol.Admit{Object: object(t, node)}, true},
		{"a Namespace is selected by its own labels", onNamespaces + ", " + mirrorOn, "", protocol.Admit{Object: object(t, namespace("shop"))}, false},
		{"which have its name, as an API server sees to", onNamespaces + ", " + notKubeSystem, "", protocol.Admit{Object: object(t, namespace("kube-system"))}, false},
		{"a deleted one by those that it had", onNamespaces + ", " + notKubeSystem, "", protocol.Admit{OldObject: object(t, namespace("shop")), Operation: "DELETE"}, true},
		{"a Pod that did not opt out", onPods + ", " + optOut, "", protocol.Admit{Object: object(t, pod)}, true},
		{"one that did: that there is no old Pod is no reason to match", onPods + ", " + optOut, "", protocol.Admit{Object: object(t, opted)}, false},
		{"nor that there is no new one", onPods + ", " + optOut, "", protocol.Admit{OldObject: object(t, opted), Operation: "DELETE"}, false},
		{"one that had not opted out before", onPods + ", " + optOut, "", protocol.Admit{Object: object(t, opted), OldObject: object(t, pod), Operation: "UPDATE"}, true},
		{"a condition that is true", onPods, `matchConditions: [{name: c, expression: "object.metadata.name == 'web'"}]`, protocol.Admit{Object: object(t, pod)}, true},
		{"one that is not", onPods, `matchConditions: [{name: a, expression: 'true'}, {name: c, expression: "object.metadata.name != 'web'"}]`, protocol.Admit{Object: object(t, pod)}, false},
		{"null and {} are both no old object", onPods, `matchConditions: [{name: c, expression: "oldObject == null || !has(oldObject.spec)"}]`, protocol.Admit{Object: object(t, pod)}, true},
		{"Kyverno's {} is not null", onPods, `matchConditions: [{name: c, expression: "oldObject == null"}]`, protocol.Admit{Object: object(t, pod)}, false},
		{"and the API server's null is", onPods, `matchConditions: [{name: c, expression: "oldObject != null"}]`, protocol.Admit{Object: object(t, pod)}, false},
		{"unless a condition is Kyverno's own, and the API server is asked nothing", onPods, `matchConditions: [{name: c, expression: "oldObject != null && isImage('nginx')"}]`, protocol.Admit{Object: object(t, pod)}, true},
		{"a variable of the namespace", onPods, `matchConditions: [{name: c, expression: "namespaceObject.metadata.labels['mirror'] == 'on'"}]`, protocol.Admit{Object: object(t, pod), NamespaceLabels: on}, true},
		{"its name is among the labels", onPods, `matchConditions: [{name: c, expression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop' && namespaceObject.metadata.name == 'shop'"}]`, protocol.Admit{Object: object(t, pod), NamespaceLabels: none}, true},
		{"a Namespace that is made is not there yet", onNamespaces, `matchConditions: [{name: c, expression: "namespaceObject == null"}]`, protocol.Admit{Object: object(t, namespace("shop"))}, true},
		{"what the request is", onPods, `matchConditions: [{name: c, expression: "request.operation == 'CREATE' && request.userInfo.username == 'mirrorgen' && request.kind.kind == 'Pod' && request.object.metadata.name == 'web'"}]`, protocol.Admit{Object: object(t, pod)}, true},
		{"what Kyverno derives has the conditions too", onPodsAlone, `matchConditions: [{name: c, expression: "oldObject == null || size(oldObject) == 0"}]`, protocol.Admit{Object: object(t, deployment)}, true},
		{"also at the API server", onPodsAlone, `matchConditions: [{name: c, expression: "oldObject != null"}]`, protocol.Admit{Object: object(t, deployment)}, false},
		{"connecting", onPods, "", protocol.Admit{Object: object(t, pod), Operation: "CONNECT"}, true},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			all := []string{"p", "v"}
			if test.request.Operation == "DELETE" {
				// There is nothing to patch.
				all, test.request.Phases = []string{"v"}, []string{"validate"}
			}
			outcome := admit(t, load(t, scoped(test.constraints, test.more)), &test.request)
			var want []string
			if test.match {
				want = all
			}
			if !slices.Equal(outcome.Matched, want) || !slices.Equal(outcome.Fired, want) || !outcome.Allowed {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestAConditionThatTheAPIServerCannotEvaluate(t *testing.T) {
	for _, test := range []struct {
		failurePolicy string
		allowed       bool
	}{{"Fail", false}, {"Ignore", true}} {
		t.Run(test.failurePolicy, func(t *testing.T) {
			// Kyverno could, with its {}.
			session := load(t, scoped(onPods, "failurePolicy: "+test.failurePolicy+"\nmatchConditions: [{name: c, expression: 'size(oldObject) == 0'}]"))
			for phase, name := range map[string]string{"mutate": "p", "validate": "v"} {
				outcome := admit(t, session, &protocol.Admit{Object: object(t, pod), Phases: []string{phase}})
				said := outcome.Messages
				if test.allowed {
					said = outcome.Warnings
				}
				if outcome.Allowed != test.allowed || !slices.Equal(outcome.Matched, []string{name}) || len(said) != 1 ||
					!strings.Contains(said[0], "the API server cannot evaluate the matchConditions") || !strings.Contains(said[0], "no such overload") || outcome.Object != nil {
					t.Errorf("%s: %s", phase, text(t, outcome))
				}
			}
		})
	}
}

func TestCELPoliciesNeedTheLabelsThatTheyAskFor(t *testing.T) {
	node := `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}`
	elsewhere := strings.Replace(pod, `"shop"`, `"kube-system"`, 1)
	both := `namespaceSelector: {matchLabels: {mirror: "on"}, matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}`
	cases := []struct {
		reason, policy, object string
		says                   string // empty: they are not needed
	}{
		{"a selector by another label", scoped(onPods+", "+mirrorOn, ""), pod, "selects by namespaceSelector: the request needs namespaceLabels"},
		{"a selector by the name alone", scoped(onPods+", "+notKubeSystem, ""), pod, ""},
		{"by both, and the name decides", scoped(onPods+", "+both, ""), elsewhere, ""},
		{"by both, and it does not", scoped(onPods+", "+both, ""), pod, "selects by namespaceSelector"},
		{"a kind that the policy does not name", scoped(onPods+", "+mirrorOn, ""), `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`, ""},
		{"a kind of no namespace", scoped(onEverything+", "+mirrorOn, ""), node, ""},
		{"an expression", scoped(onPods, `matchConditions: [{name: c, expression: "namespaceObject.metadata.labels.a == 'b'"}]`), pod, "reads namespaceObject: the request needs namespaceLabels"},
		{"a policy of another namespace", strings.ReplaceAll(scoped(onPods+", "+mirrorOn, ""), "kind: ", "kind: Namespaced"), pod, ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, test.policy)
			for phase, name := range map[string]string{"mutate": "p", "validate": "v"} {
				_, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, test.object), Phases: []string{phase}})
				if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), "policy "+name+" "+test.says) {
					t.Errorf("%s: %v", phase, err)
				}
			}
		})
	}
	session := load(t, scoped(onPods+", "+mirrorOn, ""))
	known := &protocol.Admit{Object: object(t, pod), Cluster: clusterOf(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"mirror":"on"}}}`)}
	if outcome := admit(t, session, known); len(outcome.Matched) != 2 {
		t.Errorf("labels of the cluster: %s", text(t, outcome))
	}
}

func TestANamespacesLabelIsNotPartOfTheOutcome(t *testing.T) {
	for _, test := range []struct{ reason, object string }{
		{"no labels", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`},
		{"an empty map", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{},"name":"shop"}}`},
		{"null", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":null,"name":"shop"}}`},
		{"other labels", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"a":"b"},"name":"shop"}}`},
		{"the label", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"kubernetes.io/metadata.name":"shop"},"name":"shop"}}`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			sees := `matchConditions: [{name: c, expression: "object.metadata.labels['kubernetes.io/metadata.name'] == 'shop'"}]`
			outcome := admit(t, load(t, scoped(onNamespaces, sees)), &protocol.Admit{Object: object(t, test.object)})
			want := strings.Replace(test.object, `"metadata":`, `"made":"here","metadata":`, 1)
			if len(outcome.Matched) != 2 || text(t, outcome.Object) != want {
				t.Errorf("got %s", text(t, outcome))
			}
			idle := strings.Replace(scoped(onNamespaces, sees), "[JSONPatch{op: 'add', path: '/made', value: 'here'}]", "[JSONPatch{}].filter(p, false)", 1)
			if outcome := admit(t, load(t, idle), &protocol.Admit{Object: object(t, test.object)}); outcome.Object != nil || len(outcome.Matched) != 2 {
				t.Errorf("nothing was to change: %s", text(t, outcome))
			}
		})
	}
}

func TestACELPolicyOfANamespaceStaysThere(t *testing.T) {
	of := func(namespace string) string {
		return strings.ReplaceAll(strings.ReplaceAll(scoped(onPods, ""), "kind: ", "kind: Namespaced"), "metadata: {", "metadata: {namespace: "+namespace+", ")
	}
	session := load(t, of("shop"), of("other"))
	if want := []string{"other/p", "other/v", "shop/p", "shop/v"}; !slices.Equal(session.Rules(), want) {
		t.Fatalf("rules %v", session.Rules())
	}
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if want := []string{"shop/p", "shop/v"}; !slices.Equal(outcome.Matched, want) || !slices.Equal(outcome.Fired, want) {
		t.Errorf("got %s", text(t, outcome))
	}
}
