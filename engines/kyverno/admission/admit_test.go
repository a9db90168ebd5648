package admission

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func images(t *testing.T, object map[string]any) string {
	t.Helper()
	var all []string
	spec := object["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		items, _ := spec[list].([]any)
		for _, item := range items {
			all = append(all, item.(map[string]any)["image"].(string))
		}
	}
	return strings.Join(all, " ")
}

func TestALoopOfPatchesRewritesEveryImageOnce(t *testing.T) {
	session := load(t, rewrite)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if !outcome.Allowed || images(t, outcome.Object) != "m.example.com/nginx m.example.com/quay.io/a/b:1 m.example.com/busybox" {
		t.Fatalf("got %s", text(t, outcome))
	}
	if !reflect.DeepEqual(outcome.Matched, []string{"rewrite/images"}) || !reflect.DeepEqual(outcome.Fired, []string{"rewrite/images"}) {
		t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
	}
	if strings.Contains(text(t, outcome.Object), "80.") {
		t.Error("a whole number became a float")
	}
	again := admit(t, session, &protocol.Admit{Object: outcome.Object})
	if again.Object != nil || len(again.Fired) != 0 || !reflect.DeepEqual(again.Matched, []string{"rewrite/images"}) {
		t.Errorf("the second time: %s", text(t, again))
	}
}

func TestARequestStaysAsItWas(t *testing.T) {
	session := load(t, rewrite, label("a", "", "", "x", "y"))
	request := &protocol.Admit{Object: object(t, pod)}
	admit(t, session, request)
	if !reflect.DeepEqual(request.Object, object(t, pod)) {
		t.Errorf("the caller's object was changed: %s", text(t, request.Object))
	}
}

func TestEachPolicySeesTheResultOfTheOneBefore(t *testing.T) {
	session := load(t,
		label("b-second", "", "", "second", "{{ request.object.metadata.labels.first }}-more"),
		label("a-first", "", "", "first", "one"),
	)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	labels := outcome.Object["metadata"].(map[string]any)["labels"]
	if !reflect.DeepEqual(labels, map[string]any{"app": "web", "first": "one", "second": "one-more"}) {
		t.Errorf("labels %v", labels)
	}
}

func TestRegistrationsRunFailBeforeIgnoreAndOnceMoreIfNeeded(t *testing.T) {
	copies := func(from, to string) string {
		return "rules:\n- name: copy\n  match: {any: [{resources: {kinds: [Pod]}}]}\n  mutate: {patchStrategicMerge: {metadata: {labels: {" + to + ": \"{{ request.object.metadata.labels." + from + " || 'nothing' }}\"}}}}"
	}
	session := load(t,
		policyOf("z-fails", "failurePolicy: Fail\n"+copies("app", "first")),
		// Runs later, whatever its name, and sees the other's label at once.
		policyOf("a-ignores", "failurePolicy: Ignore\n"+copies("first", "second")),
		// Runs before it, and sees its label only when called again.
		policyOf("b-fails", "failurePolicy: Fail\n"+copies("second", "third")),
	)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	labels := outcome.Object["metadata"].(map[string]any)["labels"]
	if !reflect.DeepEqual(labels, map[string]any{"app": "web", "first": "web", "second": "web", "third": "web"}) {
		t.Errorf("labels %v", labels)
	}
}

func TestScopeIsKyvernos(t *testing.T) {
	selector := `, namespaceSelector: {matchLabels: {mirror: "on"}}`
	byName := `, namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}`
	optOut := `, selector: {matchExpressions: [{key: mirror.opt-out, operator: DoesNotExist}]}`
	on, none := map[string]string{"mirror": "on"}, map[string]string{}
	exclude := strings.Replace(label("p", "", "", "x", "y"), "  mutate:", "  exclude: {any: [{resources: {namespaces: [shop]}}]}\n    mutate:", 1)
	optedOut := strings.Replace(pod, `"app":"web"`, `"mirror.opt-out":"yes"`, 1)
	elsewhere := strings.Replace(pod, `"shop"`, `"kube-system"`, 1)
	nowhere := strings.Replace(pod, `,"namespace":"shop"`, "", 1)
	cases := []struct {
		reason string
		policy string
		object string
		labels map[string]string
		match  bool
	}{
		{"everything", label("p", "", "", "x", "y"), pod, nil, true},
		{"an excluded namespace", exclude, pod, nil, false},
		{"another namespace", exclude, elsewhere, nil, true},
		{"the namespace has the label", label("p", "", selector, "x", "y"), pod, on, true},
		{"it has not", label("p", "", selector, "x", "y"), pod, none, false},
		{"the namespace's name is known without labels given", label("p", "", byName, "x", "y"), pod, none, true},
		{"and excludes", label("p", "", byName, "x", "y"), elsewhere, none, false},
		{"an object without namespace is in default", label("p", "", `, namespaces: [default]`, "x", "y"), nowhere, nil, true},
		{"the Pod did not opt out", label("p", "", optOut, "x", "y"), pod, nil, true},
		{"the Pod opted out", label("p", "", optOut, "x", "y"), optedOut, nil, false},
		{"another operation", label("p", "", `, operations: [DELETE]`, "x", "y"), pod, nil, false},
		{"the Pod named", label("p", "", `, names: [web]`, "x", "y"), pod, nil, true},
		{"another kind", label("p", "", "", "x", "y"), `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`, nil, false},
		{"the same kind of another group", label("p", "", "", "x", "y"), `{"apiVersion":"metrics.k8s.io/v1","kind":"PodX","metadata":{"name":"web"}}`, nil, false},
		{"roles are not a plain user's", strings.Replace(label("p", "background: false", "", "x", "y"), "kinds: [Pod]}", "kinds: [Pod]}, clusterRoles: [cluster-admin]", 1), pod, nil, false},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, test.policy), &protocol.Admit{Object: object(t, test.object), NamespaceLabels: test.labels})
			if matched := slices.Contains(outcome.Matched, "p/set"); matched != test.match || (outcome.Object != nil) != test.match {
				t.Errorf("got %s", text(t, outcome))
			}
			if test.match && outcome.Object != nil {
				_, given := object(t, test.object)["metadata"].(map[string]any)["namespace"]
				if _, has := outcome.Object["metadata"].(map[string]any)["namespace"]; has != given {
					t.Error("the namespace that was filled in came out")
				}
			}
		})
	}
}

// TestTheNameOfANamespaceIsKnown: it is a label that every namespace has.
func TestTheNameOfANamespaceIsKnown(t *testing.T) {
	for _, row := range []struct {
		why, selector string
		fired         bool
		says          string
	}{
		{"the name that is selected", `{matchLabels: {kubernetes.io/metadata.name: shop}}`, true, ""},
		{"another name", `{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [web]}]}`, false, ""},
		{"a label beside it", `{matchLabels: {kubernetes.io/metadata.name: shop, mirror: "on"}}`, false, "needs namespaceLabels"},
	} {
		session := load(t, label("p", "", ", namespaceSelector: "+row.selector, "x", "y"))
		outcome, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, pod), Phases: []string{"mutate"}})
		switch {
		case row.says != "":
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: error %v", row.why, err)
			}
		case err != nil:
			t.Errorf("%s: %v", row.why, err)
		case (outcome.Object != nil) != row.fired:
			t.Errorf("%s: %s", row.why, text(t, outcome))
		}
	}
}

func TestUnknownNamespaceLabelsAreAnErrorNotAGuess(t *testing.T) {
	session := load(t, label("p", "", `, namespaceSelector: {matchLabels: {mirror: "on"}}`, "x", "y"))
	phases := []string{"mutate"}
	_, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, pod), Phases: phases})
	if err == nil || !strings.Contains(err.Error(), "needs namespaceLabels") {
		t.Errorf("got %v", err)
	}
	for _, other := range []string{
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"}}`,
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"}}`,
	} {
		if _, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, other), Phases: phases}); err != nil {
			t.Errorf("a kind that no rule names needs no labels: %v", err)
		}
	}
}

func TestAnUpdateSeesBothObjects(t *testing.T) {
	changed := policyOf("changed", `
rules:
- name: mark
  match: {any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}
  preconditions: {all: [{key: "{{ request.object.spec.containers[0].image }}", operator: NotEquals, value: "{{ request.oldObject.spec.containers[0].image }}"}]}
  mutate: {patchStrategicMerge: {metadata: {labels: {changed: "{{ request.operation }}"}}}}`)
	session := load(t, changed)
	old := object(t, strings.Replace(pod, `"nginx"`, `"old"`, 1))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod), OldObject: old, Operation: "UPDATE"})
	if outcome.Object == nil || outcome.Object["metadata"].(map[string]any)["labels"].(map[string]any)["changed"] != "UPDATE" {
		t.Errorf("got %s", text(t, outcome))
	}
	outcome = admit(t, session, &protocol.Admit{Object: object(t, pod), OldObject: object(t, pod), Operation: "UPDATE"})
	if outcome.Object != nil || len(outcome.Fired) != 0 || !reflect.DeepEqual(outcome.Matched, []string{"changed/mark"}) {
		t.Errorf("a precondition that is not met is a match and no more: %s", text(t, outcome))
	}
	outcome = admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if len(outcome.Matched) != 0 {
		t.Errorf("a CREATE is another operation: %s", text(t, outcome))
	}
}

func TestTheOldObjectIsNullOnCreate(t *testing.T) {
	session := load(t, policyOf("p", `
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  preconditions: {all: [{key: "{{ request.oldObject == null }}", operator: Equals, value: true}]}
  mutate: {patchStrategicMerge: {metadata: {labels: {x: z}}}}`))
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)}); outcome.Object == nil || len(outcome.Warnings) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestADeleteIsJudgedByTheOldObject(t *testing.T) {
	guard := policyOf("guard", `
rules:
- name: keep
  match: {any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}
  validate:
    failureAction: Enforce
    message: "{{ request.oldObject.metadata.name }} stays"
    deny: {conditions: {all: [{key: "{{ request.operation }}", operator: Equals, value: DELETE}]}}`)
	session := load(t, guard, rewrite, label("a", "", "", "x", "y"))
	outcome := admit(t, session, &protocol.Admit{OldObject: object(t, pod), Operation: "DELETE"})
	if outcome.Allowed || !reflect.DeepEqual(outcome.Messages, []string{"web stays"}) || outcome.Object != nil {
		t.Errorf("got %s", text(t, outcome))
	}
	if !reflect.DeepEqual(outcome.Matched, []string{"guard/keep"}) {
		t.Errorf("mutation is not registered for DELETE, matched %v", outcome.Matched)
	}
}

func TestEphemeralContainersComeWithTheWholePod(t *testing.T) {
	session := load(t, rewrite)
	with := strings.Replace(pod, `"spec":{`, `"spec":{"ephemeralContainers":[{"name":"e","image":"debug"}],`, 1)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, with), OldObject: object(t, pod), Operation: "UPDATE", SubResource: "ephemeralcontainers"})
	if outcome.Object == nil || !strings.Contains(images(t, outcome.Object), "m.example.com/debug") {
		t.Errorf("got %s", text(t, outcome))
	}
	outcome = admit(t, session, &protocol.Admit{Object: object(t, pod), OldObject: object(t, pod), Operation: "UPDATE", SubResource: "status"})
	if len(outcome.Matched) != 0 {
		t.Errorf("status is another subresource: %s", text(t, outcome))
	}
}

// failing mutates with a variable that is not there.
func failing(name, failurePolicy string) string {
	return policyOf(name, `
failurePolicy: `+failurePolicy+`
rules:
- name: broken
  match: {any: [{resources: {kinds: [Pod]}}]}
  mutate: {patchStrategicMerge: {metadata: {labels: {x: "{{ request.object.metadata.annotations.none }}"}}}}`)
}

func TestARuleErrorUnderFailDenies(t *testing.T) {
	session := load(t, failing("p", "Fail"), deny("never", "", "", "not reached"))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if outcome.Allowed || len(outcome.Messages) != 1 || !strings.HasPrefix(outcome.Messages[0], "mutation policy p error: failed to apply policy p rules [broken: ") {
		t.Errorf("got %s", text(t, outcome))
	}
	if len(outcome.Warnings) > 0 {
		t.Errorf("the denial's message says it; warnings %q", outcome.Warnings)
	}
	if outcome.Object != nil || !reflect.DeepEqual(outcome.Matched, []string{"p/broken"}) || !reflect.DeepEqual(outcome.Fired, outcome.Matched) {
		t.Errorf("a denied request goes no further: %s", text(t, outcome))
	}
}

func TestARuleErrorUnderIgnoreIsSeen(t *testing.T) {
	session := load(t, label("a-before", "failurePolicy: Ignore", "", "before", "y"), failing("p", "Ignore"))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if !outcome.Allowed || len(outcome.Warnings) != 1 || !strings.HasPrefix(outcome.Warnings[0], "engine: p/broken: error: ") {
		t.Fatalf("got %s", text(t, outcome))
	}
	labels := outcome.Object["metadata"].(map[string]any)["labels"]
	if !reflect.DeepEqual(labels, map[string]any{"app": "web", "before": "y"}) {
		t.Errorf("the other policy's work must stay and the failed one's go: %v", labels)
	}
	if !slices.Contains(outcome.Fired, "p/broken") {
		t.Errorf("fired %v", outcome.Fired)
	}
}

func TestAFailedPolicyTakesThoseAfterItAlong(t *testing.T) {
	// No wish of ours, but what Kyverno v1.19.1 does in a cluster: the rule that could
	// not be evaluated leaves no object, and no policy matches that.
	session := load(t, failing("a", "Ignore"), label("b-after", "failurePolicy: Ignore", "", "after", "y"))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if !outcome.Allowed || outcome.Object != nil || !reflect.DeepEqual(outcome.Matched, []string{"a/broken"}) || len(outcome.Warnings) != 1 {
		t.Errorf("got %s", text(t, outcome))
	}
	// Another registration starts from the object as it was.
	session = load(t, failing("a", "Ignore"), label("b-after", "failurePolicy: Fail", "", "after", "y"))
	outcome = admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if !outcome.Allowed || outcome.Object == nil || !slices.Contains(outcome.Fired, "b-after/set") {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestWhatAViolationMeans(t *testing.T) {
	allow := func(o *protocol.Outcome) []string { return slices.Concat(o.Warnings, o.Recorded) }
	cases := []struct {
		reason string
		policy string
		labels map[string]string
		where  string // messages, warnings or recorded
	}{
		{"Enforce in the rule", strings.Replace(deny("p", "", "", "no"), "    message:", "    failureAction: Enforce\n      message:", 1), nil, "messages"},
		{"Enforce in the policy", deny("p", "validationFailureAction: Enforce", "", "no"), nil, "messages"},
		{"Audit is the default, and only recorded", deny("p", "", "", "no"), nil, "recorded"},
		{"Audit with emitWarning warns", deny("p", "emitWarning: true", "", "no"), nil, "warnings"},
		{"Enforce is not softened by emitWarning", deny("p", "validationFailureAction: Enforce\nemitWarning: true", "", "no"), nil, "messages"},
		{"an override enforces this namespace", deny("p", "validationFailureActionOverrides: [{action: Enforce, namespaces: [shop]}]", "", "no"), nil, "messages"},
		{"an override for another namespace", deny("p", "validationFailureActionOverrides: [{action: Enforce, namespaces: [other]}]", "", "no"), nil, "recorded"},
		{"an override audits this namespace", deny("p", "validationFailureAction: Enforce\nvalidationFailureActionOverrides: [{action: Audit, namespaces: [shop]}]", "", "no"), nil, "recorded"},
		{"an override by label", deny("p", `validationFailureActionOverrides: [{action: Enforce, namespaceSelector: {matchLabels: {strict: "yes"}}}]`, "", "no"), map[string]string{"strict": "yes"}, "messages"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, test.policy), &protocol.Admit{Object: object(t, pod), NamespaceLabels: test.labels})
			got := map[string][]string{"messages": outcome.Messages, "warnings": outcome.Warnings, "recorded": outcome.Recorded}
			for where, texts := range got {
				if want := where == test.where; want != reflect.DeepEqual(texts, []string{"no"}) || !want && len(texts) > 0 {
					t.Errorf("%s: %q", where, texts)
				}
			}
			if outcome.Allowed != (test.where != "messages") || len(allow(outcome)) > 0 == (test.where == "messages") {
				t.Errorf("allowed %v", outcome.Allowed)
			}
			if !reflect.DeepEqual(outcome.Matched, []string{"p/never"}) || !reflect.DeepEqual(outcome.Fired, []string{"p/never"}) {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
		})
	}
}

func TestMessagesAreThePolicysOwnWords(t *testing.T) {
	rule := func(validate string) string {
		return policyOf("p", `
validationFailureAction: Enforce
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  validate:
    `+strings.ReplaceAll(strings.TrimSpace(validate), "\n", "\n    "))
	}
	condition := `{all: [{key: "{{ element.image }}", operator: Equals, value: nginx}]}`
	cases := []struct {
		reason, policy string
		want           []string
	}{
		{"deny has no wrapper", rule(`
message: "validation error: is how mine begins"
deny: {}`), []string{"validation error: is how mine begins"}},
		{"a line is a message", rule(`
message: "{{ join('\n', request.object.spec.containers[].image) }}"
deny: {}`), []string{"nginx", "quay.io/a/b:1"}},
		{"foreach wraps once", rule(`
message: "one is nginx"
foreach: [{list: request.object.spec.containers, deny: {conditions: ` + condition + `}}]`), []string{"one is nginx"}},
		{"a pattern's path is not the policy's", rule(`
message: "name it x"
pattern: {metadata: {name: x}}`), []string{"name it x"}},
		{"the policy's own full stop stays", rule(`
message: "name it x."
pattern: {metadata: {name: x}}`), []string{"name it x."}},
		{"anyPattern lists its alternatives", rule(`
message: "name it x or y"
anyPattern: [{metadata: {name: x}}, {metadata: {name: y}}]`), []string{"name it x or y"}},
		{"without a message Kyverno's words are all there is", rule(`
pattern: {metadata: {name: x}}`), []string{"validation error: rule r failed at path /metadata/name/"}},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, test.policy), &protocol.Admit{Object: object(t, pod)})
			if outcome.Allowed || !reflect.DeepEqual(outcome.Messages, test.want) {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestAnErrorInValidationIsSeen(t *testing.T) {
	broken := `preconditions: {all: [{key: "{{ request.object.metadata.annotations.none }}", operator: Equals, value: x}]}`
	cases := []struct {
		reason, more string
		allowed      bool
	}{
		{"Enforce and Fail deny", "validationFailureAction: Enforce\nfailurePolicy: Fail", false},
		{"Enforce and Ignore let it pass", "validationFailureAction: Enforce\nfailurePolicy: Ignore", true},
		{"Audit lets it pass whatever the failurePolicy", "failurePolicy: Fail", true},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, deny("p", test.more, broken, "no")), &protocol.Admit{Object: object(t, pod)})
			if outcome.Allowed != test.allowed || len(outcome.Messages) > 0 == test.allowed {
				t.Errorf("got %s", text(t, outcome))
			}
			if len(outcome.Warnings) != 1 || !strings.HasPrefix(outcome.Warnings[0], "engine: p/never: error: ") {
				t.Errorf("warnings %q", outcome.Warnings)
			}
		})
	}
}

func TestALoopOverNothingStillMatched(t *testing.T) {
	session := load(t, policyOf("p", `
validationFailureAction: Enforce
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  validate:
    message: never
    foreach: [{list: "request.object.spec.ephemeralContainers || `+"`[]`"+`", deny: {}}]`))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if !outcome.Allowed || !reflect.DeepEqual(outcome.Matched, []string{"p/r"}) || len(outcome.Fired) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestAnExistingViolationMayStayOnUpdate(t *testing.T) {
	session := load(t, deny("p", "validationFailureAction: Enforce", "", "no"))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod), OldObject: object(t, pod), Operation: "UPDATE"})
	if !outcome.Allowed || !reflect.DeepEqual(outcome.Matched, []string{"p/never"}) || len(outcome.Fired) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestDerivedRulesJudgeWorkloads(t *testing.T) {
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"a","image":"nginx"}]}}}}`
	session := load(t,
		label("mark", "", "", "x", "y"),
		policyOf("p", `
validationFailureAction: Enforce
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  validate:
    message: "no nginx"
    foreach: [{list: request.object.spec.containers, deny: {conditions: {all: [{key: "{{ element.image }}", operator: Equals, value: nginx}]}}}]`))
	outcome := admit(t, session, &protocol.Admit{Object: object(t, deployment)})
	if outcome.Allowed || !reflect.DeepEqual(outcome.Messages, []string{"no nginx"}) || !reflect.DeepEqual(outcome.Matched, []string{"mark/autogen-set", "p/autogen-r"}) {
		t.Errorf("got %s", text(t, outcome))
	}
	outcome = admit(t, session, &protocol.Admit{Object: object(t, deployment), Phases: []string{"mutate"}})
	if !outcome.Allowed || !strings.Contains(text(t, outcome.Object), `"labels":{"app":"web","x":"y"}`) {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestAPolicyOfANamespaceStaysThere(t *testing.T) {
	own := strings.Replace(strings.Replace(label("own", "", "", "x", "y"), "ClusterPolicy", "Policy", 1), "{name: own}", "{name: own, namespace: shop}", 1)
	session := load(t, own)
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)}); !reflect.DeepEqual(outcome.Fired, []string{"shop/own/set"}) {
		t.Errorf("got %s", text(t, outcome))
	}
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, strings.Replace(pod, "shop", "other", 1))}); len(outcome.Matched) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestMatchConditionsAreObeyed(t *testing.T) {
	session := load(t, label("p", "webhookConfiguration: {matchConditions: [{name: only-web, expression: \"object.metadata.name == 'web'\"}]}", "", "x", "y"))
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)}); !reflect.DeepEqual(outcome.Fired, []string{"p/set"}) {
		t.Errorf("got %s", text(t, outcome))
	}
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, strings.Replace(pod, `"name":"web"`, `"name":"other"`, 1))}); len(outcome.Matched) > 0 {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestOnlyThePhasesAskedForRun(t *testing.T) {
	session := load(t, rewrite, deny("p", "validationFailureAction: Enforce", "", "no"))
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, pod), Phases: []string{"mutate"}}); !outcome.Allowed || outcome.Object == nil {
		t.Errorf("mutate: %s", text(t, outcome))
	}
	if outcome := admit(t, session, &protocol.Admit{Object: object(t, pod), Phases: []string{"validate"}}); outcome.Allowed || len(outcome.Matched) != 1 {
		t.Errorf("validate: %s", text(t, outcome))
	}
	for _, phases := range [][]string{{}, {"mutates"}} {
		if _, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, pod), Phases: phases}); err == nil {
			t.Errorf("phases %q passed", phases)
		}
	}
}

func TestRequestsThatNoClusterMakesAreErrors(t *testing.T) {
	session := load(t, rewrite)
	cases := []struct {
		reason string
		admit  protocol.Admit
	}{
		{"no object", protocol.Admit{}},
		{"UPDATE without the old object", protocol.Admit{Operation: "UPDATE", Object: object(t, pod)}},
		{"DELETE without the old object", protocol.Admit{Operation: "DELETE"}},
		{"an unknown operation", protocol.Admit{Operation: "PATCH", Object: object(t, pod)}},
		{"no kind", protocol.Admit{Object: map[string]any{"apiVersion": "v1"}}},
		{"metadata that is no map", protocol.Admit{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": "x"}}},
		{"a registry image that is none", protocol.Admit{Object: object(t, pod), RegistryImages: []string{"NGINX"}}},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			test.admit.Phases = []string{"mutate"}
			if outcome, err := session.Admit(context.Background(), &test.admit); err == nil {
				t.Errorf("passed: %s", text(t, outcome))
			}
		})
	}
}

func TestThePolicyOfTheManualRewritesWhatItsRegistryHolds(t *testing.T) {
	literal, err := os.ReadFile("../../../testcases/policies/upstream-replace-image-registry.yaml")
	if err != nil {
		t.Fatal(err)
	}
	session := load(t, string(literal))
	with := func(image string) map[string]any {
		return object(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"`+image+`"}]}}`)
	}
	digest := "sha256:" + strings.Repeat("a", 64)
	cases := []struct {
		reason, image string
		held          []string
		want          string // empty: a rule error, which denies
	}{
		{"the manual's own example", "nginx", []string{"nginx"}, "harbor.example.com/library/nginx:latest"},
		{"the same image by another name", "docker.io/library/nginx:latest", []string{"nginx"}, "harbor.example.com/library/nginx:latest"},
		{"another registry", "quay.io/a/b:1", []string{"quay.io/a/b:1"}, "quay.io/a/b:1"},
		{"the known defect: a digest is joined with a colon", "nginx@" + digest, []string{"nginx@" + digest}, "harbor.example.com/library/nginx:" + digest},
		{"tag and digest", "nginx:1.25@" + digest, []string{"nginx:1.25@" + digest}, "harbor.example.com/library/nginx:1.25@" + digest},
		{"an image that the registry does not hold", "nginx", []string{"redis"}, ""},
		{"another tag", "nginx:1.25", []string{"nginx"}, ""},
		{"no registry at all", "nginx", nil, ""},
		{"no image", "NGINX", []string{"nginx"}, ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, session, &protocol.Admit{Object: with(test.image), RegistryImages: test.held})
			if test.want == "" {
				if outcome.Allowed || len(outcome.Warnings) > 0 || len(outcome.Messages) != 1 ||
					!strings.HasPrefix(outcome.Messages[0], "mutation policy replace-image-registry-with-harbor error: ") {
					t.Errorf("got %s", text(t, outcome))
				}
				return
			}
			got := test.image
			if outcome.Object != nil {
				got = images(t, outcome.Object)
			}
			if !outcome.Allowed || got != test.want {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestAPanicIsAnErrorNotAVerdict(t *testing.T) {
	var err error
	func() {
		defer recovered(&err)
		panic("out of range")
	}()
	if err == nil || !strings.Contains(err.Error(), "out of range") || !strings.Contains(err.Error(), "admit_test.go") {
		t.Errorf("got %v", err)
	}
	// A policy at which Kyverno v1.19.1 panics while it evaluates: map over items.
	session := load(t, policyOf("p", `
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  preconditions: {all: [{key: "{{ map(&key, items(request.object.metadata.labels, 'key', 'value')) }}", operator: Equals, value: x}]}
  mutate: {patchStrategicMerge: {metadata: {labels: {x: z}}}}`))
	outcome, err := session.Admit(context.Background(), &protocol.Admit{Object: object(t, pod), Phases: []string{"mutate"}})
	if err == nil || outcome != nil || !strings.Contains(err.Error(), "kyverno panicked") {
		t.Errorf("got %s, %v", text(t, outcome), err)
	}
}

func TestSessionsServeManyAtOnce(t *testing.T) {
	session := load(t, rewrite, deny("p", "emitWarning: true", "", "{{ request.object.metadata.name }}"))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
				if images(t, outcome.Object) != "m.example.com/nginx m.example.com/quay.io/a/b:1 m.example.com/busybox" || !reflect.DeepEqual(outcome.Warnings, []string{"web"}) {
					t.Errorf("got %s", text(t, outcome))
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkAdmitRewritesAPod(b *testing.B) {
	session := load(b, rewrite)
	request := object(b, pod)
	for b.Loop() {
		if outcome := admit(b, session, &protocol.Admit{Object: request, Phases: []string{"mutate"}}); outcome.Object == nil {
			b.Fatal("not rewritten")
		}
	}
}
