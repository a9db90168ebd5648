package admission

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestAPolicySeesWhatItsConstraintsSelect(t *testing.T) {
	rules := func(rest string) string {
		return "  matchConstraints:\n    resourceRules:\n    - {apiGroups: ['', apps, eci.alibabacloud.com], apiVersions: [v1], operations: ['*'], resources: [pods, namespaces, nodes, deployments, imagecaches]}\n" + rest
	}
	const (
		all        = "  matchConstraints:\n    resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]\n"
		deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"shop"}}`
		cache      = `{"apiVersion":"eci.alibabacloud.com/v1","kind":"ImageCache","metadata":{"name":"i"}}`
		node       = `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}`
		namespace  = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"team":"blue"}}}`
		labelled   = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"app":"x"}}}`
		unlabelled = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}`
		selector   = "    namespaceSelector: {matchLabels: {team: blue}}\n"
		name       = "    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}\n"
	)
	blue, red := map[string]string{"team": "blue"}, map[string]string{"team": "red"}
	for _, test := range []struct {
		reason, constraints, binding string
		request                      protocol.Admit
		matches                      bool
	}{
		{"a resource of another group", rules(""), "", protocol.Admit{Object: object(t, deployment)}, true},
		{"a resource of a CustomResourceDefinition, without a namespace", rules(selector), "", protocol.Admit{Object: object(t, cache)}, true},
		{"a cluster-scoped resource is never kept out by a namespace", rules(name), "", protocol.Admit{Object: object(t, node)}, true},
		{"a resource that is not named", resourceRules, "", protocol.Admit{Object: object(t, deployment)}, false},
		{"a version that is not named", strings.Replace(rules(""), "[v1]", "[v2]", 1), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"an operation that is not named", strings.Replace(rules(""), "['*']", "[UPDATE]", 1), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"an object's name", strings.Replace(rules(""), "- {", "- {resourceNames: [web], ", 1), "", protocol.Admit{Object: object(t, unlabelled)}, true},
		{"another object's name", strings.Replace(rules(""), "- {", "- {resourceNames: [db], ", 1), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"an exclusion", rules("    excludeResourceRules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [pods]}]\n"), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"an object's label", rules("    objectSelector: {matchLabels: {app: x}}\n"), "", protocol.Admit{Object: object(t, labelled)}, true},
		{"an object without it", rules("    objectSelector: {matchLabels: {app: x}}\n"), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"the stored object's label will do", rules("    objectSelector: {matchLabels: {app: x}}\n"), "", protocol.Admit{Operation: "UPDATE", Object: object(t, unlabelled), OldObject: object(t, labelled)}, true},
		{"a namespace's label", rules(selector), "", protocol.Admit{Object: object(t, unlabelled), NamespaceLabels: blue}, true},
		{"a namespace with another", rules(selector), "", protocol.Admit{Object: object(t, unlabelled), NamespaceLabels: red}, false},
		{"a namespace without labels", rules(selector), "", protocol.Admit{Object: object(t, unlabelled), NamespaceLabels: map[string]string{}}, false},
		{"a namespace's name", rules(name), "", protocol.Admit{Object: object(t, unlabelled)}, false},
		{"another namespace's name", rules(name), "", protocol.Admit{Object: object(t, strings.Replace(unlabelled, "shop", "bank", 1))}, true},
		{"a binding's selector", rules(""), "  matchResources: {namespaceSelector: {matchLabels: {team: blue}}}\n", protocol.Admit{Object: object(t, unlabelled), NamespaceLabels: red}, false},
		{"a Namespace has its own labels", rules(selector), "", protocol.Admit{Object: object(t, namespace)}, true},
		{"and its name, which the API server adds", rules(name), "", protocol.Admit{Object: object(t, namespace)}, false},
		{"a Namespace that is deleted has those that are stored", rules(selector), "", protocol.Admit{Operation: "DELETE", OldObject: object(t, namespace)}, true},
		{"a policy, which none judges", all, "", protocol.Admit{Object: object(t, `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"p"}}`)}, false},
		{"a review, which none judges", all, "",
			protocol.Admit{Object: object(t, `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","metadata":{"name":"p"}}`)}, false},
		{"anything else", all, "", protocol.Admit{Object: object(t, node)}, true},
		{"a CONNECT", strings.Replace(rules(""), "[pods,", "[pods/exec,", 1), "",
			protocol.Admit{Operation: "CONNECT", SubResource: "exec", Object: object(t, `{"apiVersion":"v1","kind":"PodExecOptions","command":["sh"]}`)}, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, rule{expression: "false", matches: test.constraints, selects: test.binding}.validation())
			outcome := admit(t, session, &test.request)
			if matches := strings.Join(outcome.Matched, " ") == "p"; matches != test.matches || outcome.Allowed == test.matches {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestADeletionIsJudgedByWhatIsStored(t *testing.T) {
	session := load(t, strings.Replace(file(t, "rewrite.yaml"), "[CREATE, UPDATE]", "['*']", 1)) // '*' is what a mutation may say
	request := &protocol.Admit{Operation: "DELETE", OldObject: object(t, pod("nginx"))}
	if outcome := admit(t, session, request); !outcome.Allowed || len(outcome.Matched) > 0 || outcome.Object != nil {
		t.Errorf("a mutation: %s", text(t, outcome))
	}
	session = load(t, rule{expression: "object == null && oldObject.spec.containers[0].image != 'nginx'", matches: strings.Replace(resourceRules, "UPDATE", "DELETE", 1)}.validation())
	if outcome := admit(t, session, request); strings.Join(outcome.Messages, "|") != "p says no" || outcome.Object != nil {
		t.Errorf("a validation: %s", text(t, outcome))
	}
}

func TestExpressionsSeeTheRequest(t *testing.T) {
	for _, expression := range []string{
		"request.name == 'web' && request.namespace == 'shop' && request.operation == 'UPDATE' && request.subResource == 'ephemeralcontainers'",
		"request.kind.kind == 'Pod' && request.resource.resource == 'pods' && request.requestResource.resource == 'pods' && !request.dryRun",
		"request.userInfo.username == 'mirrorgen' && request.userInfo.groups == ['system:authenticated'] && request.options.kind == 'UpdateOptions'",
		"namespaceObject.metadata.name == 'shop' && namespaceObject.metadata.labels['team'] == 'blue' && namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop'",
		"namespaceObject.status.phase == 'Active'",
		"oldObject.spec.containers[0].image == 'redis' && object.spec.containers[0].image == 'nginx'",
	} {
		t.Run(expression, func(t *testing.T) {
			session := load(t, rule{expression: expression}.validation())
			outcome := admit(t, session, &protocol.Admit{Operation: "UPDATE", SubResource: "ephemeralcontainers", Object: object(t, pod("nginx")), OldObject: object(t, stored),
				NamespaceLabels: map[string]string{"team": "blue"}})
			if !outcome.Allowed || strings.Join(outcome.Matched, " ") != "p" {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestWhatIsFilledInIsNotHandedOut(t *testing.T) {
	changes := rule{expression: "[JSONPatch{op: 'add', path: '/metadata/finalizers', value: ['a/b']}]", matches: strings.Replace(resourceRules, "[pods,", "[namespaces, pods,", 1)}.mutation()
	session := load(t, changes)
	for _, test := range []struct{ reason, before, after string }{
		{"a Namespace without labels", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`, `{"apiVersion":"v1","kind":"Namespace","metadata":{"finalizers":["a/b"],"name":"shop"}}`},
		{"a Namespace with none", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{},"name":"shop"}}`, `{"apiVersion":"v1","kind":"Namespace","metadata":{"finalizers":["a/b"],"labels":{},"name":"shop"}}`},
		{"a Namespace with the label", `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"kubernetes.io/metadata.name":"shop"},"name":"shop"}}`,
			`{"apiVersion":"v1","kind":"Namespace","metadata":{"finalizers":["a/b"],"labels":{"kubernetes.io/metadata.name":"shop"},"name":"shop"}}`},
		{"a Pod without a namespace", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`, `{"apiVersion":"v1","kind":"Pod","metadata":{"finalizers":["a/b"],"name":"a"}}`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, session, &protocol.Admit{Object: object(t, test.before)})
			if got := text(t, outcome.Object); got != test.after {
				t.Errorf("got %s", got)
			}
		})
	}
}
