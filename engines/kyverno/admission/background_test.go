package admission

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestRequestsThatTheBackgroundCannotAnswer(t *testing.T) {
	labels := map[string]string{"mirror": "on"}
	cases := []struct {
		reason  string
		policy  string
		request protocol.Admit
		says    string
	}{
		{"the cluster is unknown", clonePolicy, protocol.Admit{Object: object(t, namespaceObject("shop")), Phases: []string{"background"}}, "cluster is null"},
		{"also where no rule would ask", rewrite, protocol.Admit{Object: object(t, pod), Phases: []string{"background"}}, "cluster is null"},
		{"what exists is not mutated", clonePolicy, protocol.Admit{Operation: "EXISTING", Object: object(t, namespaceObject("shop")), Phases: []string{"mutate", "background"}, Cluster: clusterOf(t)}, "EXISTING is no admission"},
		{"nor validated", clonePolicy, protocol.Admit{Operation: "EXISTING", Object: object(t, namespaceObject("shop")), Phases: []string{"validate"}}, "EXISTING is no admission"},
		{"nothing exists", clonePolicy, protocol.Admit{Operation: "EXISTING", Phases: []string{"background"}, Cluster: clusterOf(t)}, "EXISTING needs an object"},
		{"an object without a name", clonePolicy, protocol.Admit{Object: object(t, namespaceObject("shop", on)), Phases: []string{"background"}, Cluster: clusterOf(t, source, `{"apiVersion":"v1","kind":"Secret"}`)}, "cluster[1]: an object needs"},
		{"an object without a kind", clonePolicy, protocol.Admit{Object: object(t, namespaceObject("shop", on)), Phases: []string{"background"}, Cluster: clusterOf(t, `{"apiVersion":"v1","metadata":{"name":"x"}}`)}, "cluster[0]: an object needs"},
		{"an object twice", clonePolicy, protocol.Admit{Object: object(t, namespaceObject("shop", on)), Phases: []string{"background"}, Cluster: clusterOf(t, source, source)}, "cluster[1]: secrets regcred in registry-credentials is there already"},
		{"the namespace's labels are asked for and unknown", accountPolicy, protocol.Admit{Object: object(t, account("shop", "default")), Phases: []string{"background"}, Cluster: clusterOf(t, namespaceObject("other"))}, "needs namespaceLabels"},
		{"a phase that there is not", clonePolicy, protocol.Admit{Object: object(t, namespaceObject("shop")), NamespaceLabels: labels, Phases: []string{"dance"}}, "must be mutate, validate or background"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome, err := load(t, test.policy).Admit(context.Background(), &test.request)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v: %s", err, text(t, outcome))
			}
		})
	}
}

func TestThePhasesTogetherAreOneRequest(t *testing.T) {
	on := label("scope", "", "", "mirror", "on")
	on = strings.ReplaceAll(on, "kinds: [Pod]", "kinds: [Namespace]")
	request := &protocol.Admit{Object: object(t, namespaceObject("shop")), Phases: Phases(), Cluster: clusterOf(t, source)}
	outcome := admit(t, load(t, on, clonePolicy), request)
	if !reflect.DeepEqual(outcome.Cluster, clusterOf(t, source, cloneIn("shop"))) || !reflect.DeepEqual(outcome.Object, object(t, namespaceObject("shop", `"mirror":"on"`))) {
		t.Errorf("the mutated object is the trigger: %s", text(t, outcome))
	}
	never := strings.ReplaceAll(deny("never", "validationFailureAction: Enforce", "", "no"), "kinds: [Pod]", "kinds: [Namespace]")
	if outcome := admit(t, load(t, on, clonePolicy, never), request); outcome.Allowed || outcome.Cluster != nil {
		t.Errorf("nothing follows from what is denied: %s", text(t, outcome))
	}
	if outcome := admit(t, load(t, rewrite), &protocol.Admit{Object: object(t, pod), Phases: Phases(), Cluster: clusterOf(t, source)}); !reflect.DeepEqual(outcome.Cluster, clusterOf(t, source)) {
		t.Errorf("without rules for it the cluster comes back: %s", text(t, outcome))
	}
}

func TestWhatAlreadyExistsIsLookedForAsKyvernoDoes(t *testing.T) {
	cases := []struct {
		reason, from, to string
		cloned           bool
		warns            string
	}{
		{"a kind of any version", "kinds: [Namespace], selector", "kinds: [v1/Namespace], selector", true, ""},
		{"an operation is not what exists", "kinds: [Namespace], selector", "kinds: [Namespace], operations: [CREATE], selector", false, ""},
		{"a selector with wildcards cannot be listed by", `selector: {matchLabels: {mirror: "on"}}`, `selector: {matchLabels: {mirror: "o*"}}`, false, "failed to list matched resource"},
		{"a name", `selector: {matchLabels: {mirror: "on"}}`, "names: [sh*]", true, ""},
		{"another name", `selector: {matchLabels: {mirror: "on"}}`, "names: [team-*]", false, ""},
		{"a Namespace lies in no namespace", `selector: {matchLabels: {mirror: "on"}}`, "namespaces: [shop]", false, ""},
		{"a precondition that is met", "    generate:\n", "    preconditions: {all: [{key: \"{{ request.object.metadata.name }}\", operator: Equals, value: shop}]}\n    generate:\n", true, ""},
		{"a precondition that is not met", "    generate:\n", "    preconditions: {all: [{key: \"{{ request.object.metadata.name }}\", operator: Equals, value: other}]}\n    generate:\n", false, ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, replaced(t, clonePolicy, test.from, test.to))
			outcome := afterwards(t, session, &protocol.Admit{Operation: "EXISTING", Object: object(t, namespaceObject("shop", on)), Cluster: clusterOf(t, source)})
			if cloned := len(outcome.Cluster) == 2; cloned != test.cloned {
				t.Errorf("got %s", text(t, outcome))
			}
			if warnings := strings.Join(outcome.Warnings, "\n"); !strings.Contains(warnings, test.warns) || (warnings == "") != (test.warns == "") {
				t.Errorf("warnings %v", outcome.Warnings)
			}
		})
	}
}

func TestARuleThatCannotBeEvaluatedIsNotSilent(t *testing.T) {
	user := `    preconditions: {all: [{key: "{{ request.userInfo.username }}", operator: Equals, value: mirrorgen}]}
    generate:
`
	for _, test := range []struct {
		reason, from, to, operation, warns string
	}{
		{"a precondition that fails", "    generate:\n", "    preconditions: {all: [{key: \"{{ request.object.metadata.annotations.team }}\", operator: Equals, value: a}]}\n    generate:\n", "CREATE", "failed to evaluate conditions"},
		{"a context that fails", "    generate:\n", "    context: [{name: team, variable: {jmesPath: \"to_number(request.object.metadata.labels.missing)\"}}]\n    preconditions: {all: [{key: \"{{ team }}\", operator: Equals, value: 1}]}\n    generate:\n", "CREATE", "failed to evaluate conditions"},
		{"a name that fails", "name: mirrorgen-cn-docker-io", "name: \"{{ request.object.metadata.annotations.name }}\"", "CREATE", "annotations"},
		{"a name that an API server refuses", "name: mirrorgen-cn-docker-io", "name: Docker_IO", "CREATE", "metadata.name: Invalid value"},
		{"who asked is not known of what exists", "spec:\n  rules:\n", "spec:\n  background: false\n  rules:\n", "EXISTING", "not allowed"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			policy := replaced(t, clonePolicy, test.from, test.to)
			if test.operation == "EXISTING" && strings.Contains(test.to, "background") {
				policy = replaced(t, policy, "    generate:\n", user)
			}
			outcome := afterwards(t, load(t, policy), &protocol.Admit{Operation: test.operation, Object: object(t, namespaceObject("shop", on)), Cluster: clusterOf(t, source)})
			if !reflect.DeepEqual(outcome.Cluster, clusterOf(t, source)) || len(outcome.Warnings) != 1 ||
				!strings.HasPrefix(outcome.Warnings[0], "engine: "+cloneRule+": error: ") || !strings.Contains(outcome.Warnings[0], test.warns) {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestGenerateRulesOfEveryKindAreRun(t *testing.T) {
	const labelled = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"extra","namespace":"registry-credentials","labels":{"share":"yes"}},"type":"Opaque"}`
	in := func(name, namespace, made string) string {
		return strings.NewReplacer(`"regcred"`, `"`+name+`"`, `"extra"`, `"`+name+`"`, `"registry-credentials"`, `"`+namespace+`"`).Replace(made)
	}
	cases := []struct {
		reason, generate string
		want             []string
	}{
		{"data", `apiVersion: v1
kind: ConfigMap
name: made
namespace: "{{ request.object.metadata.name }}"
data: {data: {of: "{{ request.object.metadata.name }}"}}`, []string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made","namespace":"shop"},"data":{"of":"shop"}}`}},
		{"a list of clones", `namespace: "{{ request.object.metadata.name }}"
cloneList: {namespace: registry-credentials, kinds: [v1/Secret], selector: {matchLabels: {share: "yes"}}}`, []string{in("extra", "shop", labelled)}},
		{"a loop of clones, in the order of names", `foreach:
- list: "['z', 'a']"
  apiVersion: v1
  kind: Secret
  name: "copy-{{ element }}"
  namespace: "{{ request.object.metadata.name }}"
  clone: {namespace: registry-credentials, name: regcred}`, []string{in("copy-a", "shop", source), in("copy-z", "shop", source)}},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, policyOf("g", `
rules:
- name: make
  match: {any: [{resources: {kinds: [Namespace], selector: {matchLabels: {mirror: "on"}}}}]}
  generate:
    synchronize: true
    `+strings.ReplaceAll(test.generate, "\n", "\n    ")))
			cluster := []string{source, labelled}
			outcome := afterwards(t, session, &protocol.Admit{Object: object(t, namespaceObject("shop", on)), Cluster: clusterOf(t, cluster...)})
			if want := clusterOf(t, append(cluster, test.want...)...); !reflect.DeepEqual(outcome.Cluster, want) || outcome.Warnings != nil {
				t.Errorf("got  %s\nwant %s", text(t, outcome), text(t, want))
			}
			outcome = afterwards(t, session, &protocol.Admit{Operation: "UPDATE", OldObject: object(t, namespaceObject("shop", on)), Object: object(t, namespaceObject("shop")), Cluster: outcome.Cluster})
			if !reflect.DeepEqual(outcome.Cluster, clusterOf(t, cluster...)) || outcome.Warnings != nil {
				t.Errorf("out of scope: %s", text(t, outcome))
			}
		})
	}
}

func TestConnectingIsATriggerThatIsNotStored(t *testing.T) {
	session := load(t, policyOf("g", `
rules:
- name: make
  match: {any: [{resources: {kinds: [Pod/exec]}}]}
  generate:
    apiVersion: v1
    kind: ConfigMap
    name: entered
    namespace: "{{ request.namespace }}"
    data: {data: {pod: "{{ request.name }}"}}`))
	const made = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"entered","namespace":"shop"},"data":{"pod":"web"}}`
	for _, cluster := range [][]string{nil, {replaced(t, pod, `"app":"web"`, `"app":"older"`)}} {
		outcome := afterwards(t, session, &protocol.Admit{Operation: "CONNECT", SubResource: "exec", Object: object(t, pod), Cluster: clusterOf(t, cluster...)})
		if want := clusterOf(t, append(cluster, made)...); !reflect.DeepEqual(outcome.Cluster, want) || outcome.Warnings != nil || outcome.Object != nil {
			t.Errorf("got %s", text(t, outcome))
		}
	}
}

func TestTheBackgroundSeesTheDeclaredImages(t *testing.T) {
	session := load(t, policyOf("g", `
rules:
- name: make
  match: {any: [{resources: {kinds: [Namespace]}}]}
  context: [{name: image, imageRegistry: {reference: "nginx:1.25"}}]
  generate:
    apiVersion: v1
    kind: ConfigMap
    name: image
    namespace: "{{ request.object.metadata.name }}"
    data: {data: {of: "{{ image.repository }}"}}`))
	request := &protocol.Admit{Object: object(t, namespaceObject("shop")), RegistryImages: []string{"nginx:1.25"}, Cluster: clusterOf(t)}
	want := clusterOf(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"image","namespace":"shop"},"data":{"of":"library/nginx"}}`)
	if outcome := afterwards(t, session, request); !reflect.DeepEqual(outcome.Cluster, want) || outcome.Warnings != nil {
		t.Errorf("got %s", text(t, outcome))
	}
	request.RegistryImages = nil
	if outcome := afterwards(t, session, request); len(outcome.Cluster) != 0 || len(outcome.Warnings) != 1 || !strings.Contains(outcome.Warnings[0], "MANIFEST_UNKNOWN") {
		t.Errorf("undeclared: %s", text(t, outcome))
	}
}

func TestATriggerIsItselfUnderWhateverUID(t *testing.T) {
	with := func(uid, namespace string) string {
		return replaced(t, namespace, `"name"`, `"uid":"`+uid+`","name"`)
	}
	was, is := namespaceObject("shop", on), namespaceObject("shop")
	for _, test := range []struct{ reason, old, object, held string }{
		{"the old object's", with("real", was), is, ""},
		{"the new object's", was, with("real", is), ""},
		{"both", with("real", was), with("real", is), ""},
		{"two", with("one", was), with("two", is), ""},
		{"the cluster's", was, is, with("real", was)},
		{"the cluster's and another", with("one", was), with("two", is), with("real", was)},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Operation: "UPDATE", OldObject: object(t, test.old), Object: object(t, test.object), Cluster: clusterOf(t, source, cloneIn("shop"))}
			want := clusterOf(t, source)
			if test.held != "" {
				request.Cluster = append(request.Cluster, object(t, test.held))
				want = append(want, object(t, with("real", is)))
			}
			outcome := afterwards(t, load(t, clonePolicy), request)
			if !reflect.DeepEqual(outcome.Cluster, want) || outcome.Object != nil || outcome.Warnings != nil {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestAPolicyOfANamespaceStaysInIt(t *testing.T) {
	policy := `
apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: own, namespace: shop}
spec:
  rules:
  - name: copy
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    generate: {generateExisting: true, synchronize: true, apiVersion: v1, kind: Secret, name: copy, namespace: shop, clone: {namespace: shop, name: regcred}}
  - name: label
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    mutate:
      mutateExistingOnPolicyUpdate: true
      targets: [{apiVersion: v1, kind: ServiceAccount}]
      patchStrategicMerge: {metadata: {labels: {a: b}}}
`
	const trigger = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"shop"}}`
	own := replaced(t, source, "registry-credentials", "shop")
	labelled := func(namespace string) string {
		return replaced(t, account(namespace, "default"), `"name"`, `"labels":{"a":"b"},"name"`)
	}
	cluster := []string{own, account("shop", "default"), account("other", "default")}
	for _, operation := range []string{"CREATE", "EXISTING"} {
		outcome := afterwards(t, load(t, policy), &protocol.Admit{Operation: operation, Object: object(t, trigger), Cluster: clusterOf(t, cluster...)})
		want := clusterOf(t, own, labelled("shop"), account("other", "default"), replaced(t, own, "regcred", "copy"))
		if !reflect.DeepEqual(outcome.Cluster, want) || !slices.Equal(outcome.Fired, []string{"shop/own/copy", "shop/own/label"}) || outcome.Warnings != nil {
			t.Errorf("%s: %s", operation, text(t, outcome))
		}
		outcome = afterwards(t, load(t, policy), &protocol.Admit{Operation: operation, Object: object(t, replaced(t, trigger, "shop", "other")), Cluster: clusterOf(t, cluster...)})
		if !reflect.DeepEqual(outcome.Cluster, clusterOf(t, cluster...)) || outcome.Matched != nil {
			t.Errorf("%s elsewhere: %s", operation, text(t, outcome))
		}
	}
}

func TestWhatStandsUnseenInTheClusterShowsWhenItIsChanged(t *testing.T) {
	session := load(t, policyOf("m", `
rules:
- name: note
  match: {any: [{resources: {kinds: [ConfigMap], operations: [CREATE, DELETE]}}]}
  mutate:
    targets: [{apiVersion: v1, kind: Namespace, name: "{{ request.namespace }}"}]
    patchStrategicMerge: {metadata: {annotations: {last: "{{ request.operation }}"}}}`))
	const trigger = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"shop"}}`
	for _, operation := range []string{"CREATE", "DELETE"} {
		request := &protocol.Admit{Operation: operation, NamespaceLabels: map[string]string{"team": "a"}, Cluster: clusterOf(t)}
		if operation == "CREATE" {
			request.Object = object(t, trigger)
		} else {
			request.OldObject = object(t, trigger)
		}
		want := clusterOf(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"team":"a"},"annotations":{"last":"`+operation+`"}}}`)
		if outcome := afterwards(t, session, request); !reflect.DeepEqual(outcome.Cluster, want) || outcome.Fired == nil || outcome.Object != nil {
			t.Errorf("got %s", text(t, outcome))
		}
	}
}

func TestRequestsOfOneSessionDoNotMeet(t *testing.T) {
	sessions := []*Session{load(t, clonePolicy, accountPolicy), load(t, clonePolicy, namespacePolicy)}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			session := sessions[i%len(sessions)]
			name := fmt.Sprintf("team-%d", i)
			request := &protocol.Admit{Operation: "CREATE", Phases: []string{"background"}, Object: object(t, namespaceObject(name, on)), Cluster: clusterOf(t, source, account(name, "default"))}
			want := clusterOf(t, source, account(name, "default"), cloneIn(name))
			if session == sessions[1] {
				want = clusterOf(t, source, account(name, "default", secret), cloneIn(name))
			}
			if i%3 == 0 {
				request.Operation, request.OldObject = "UPDATE", request.Object
				request.Object = object(t, namespaceObject(name))
				want = clusterOf(t, source, account(name, "default"))
			}
			outcome, err := session.Admit(context.Background(), request)
			if err != nil {
				t.Error(err)
				return
			}
			if !reflect.DeepEqual(outcome.Cluster, want) || outcome.Warnings != nil {
				t.Errorf("%s: %s", name, text(t, outcome))
			}
		})
	}
	all.Wait()
}

// BenchmarkBackground clones into one namespace of a cluster of a hundred objects.
func BenchmarkBackground(b *testing.B) {
	session := load(b, clonePolicy)
	objects := []string{source}
	for i := range 100 {
		objects = append(objects, account(fmt.Sprintf("team-%d", i), "default"))
	}
	request := &protocol.Admit{Object: object(b, namespaceObject("shop", on)), Cluster: clusterOf(b, objects...), Phases: []string{"background"}}
	for b.Loop() {
		if outcome := admit(b, session, request); len(outcome.Fired) != 1 {
			b.Fatal("not cloned")
		}
	}
}
