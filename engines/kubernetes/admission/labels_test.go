package admission

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestUnknownLabelsAreAskedForOnlyWhereTheyMatter(t *testing.T) {
	selecting := resourceRules + "    namespaceSelector: {matchLabels: {team: blue}, matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}\n"
	named := resourceRules + "    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}\n"
	other := strings.Replace(pod("nginx"), `"shop"`, `"kube-system"`, 1)
	reading := "  variables: [{name: v, expression: \"namespaceObject.metadata.labels.team\"}]\n"
	for _, test := range []struct {
		reason, policy string
		object         string
		phases         []string
		asked          bool
	}{
		{"a validation selects by them", rule{expression: "true", matches: selecting}.validation(), pod("nginx"), Phases(), true},
		{"a mutation selects by them", rule{expression: nothing, matches: selecting}.mutation(), pod("nginx"), Phases(), true},
		{"a binding of a validation selects by them", rule{expression: "true", selects: "  matchResources: {namespaceSelector: {matchLabels: {team: blue}}}\n"}.validation(), pod("nginx"), Phases(), true},
		{"a binding of a mutation selects by them", rule{expression: nothing, selects: "  matchResources: {namespaceSelector: {matchLabels: {team: blue}}}\n"}.mutation(), pod("nginx"), Phases(), true},
		{"a variable reads them", rule{expression: "true", matches: reading}.validation(), pod("nginx"), Phases(), true},
		{"a validation reads them", rule{expression: "has(namespaceObject.metadata.labels)"}.validation(), pod("nginx"), Phases(), true},
		{"a mutation reads them", rule{expression: "has(namespaceObject.metadata.labels) ? " + puts + " : " + puts}.mutation(), pod("nginx"), Phases(), true},
		{"the name is known", rule{expression: "true", matches: named}.validation(), pod("nginx"), Phases(), false},
		{"the namespace is excluded by its name", rule{expression: "true", matches: selecting}.validation(), other, Phases(), false},
		{"the object is of another kind", rule{expression: "true", matches: selecting}.validation(), strings.Replace(pod("nginx"), `"Pod"`, `"Sandwich"`, 1), Phases(), false},
		{"the object has no namespace", rule{expression: "true", matches: strings.Replace(selecting, "[pods,", "[nodes,", 1)}.validation(), `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}`, Phases(), false},
		{"the policy's phase is not run", rule{expression: "true", matches: selecting}.validation(), pod("nginx"), []string{phaseMutate}, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome, err := load(t, test.policy).Admit(t.Context(), &protocol.Admit{Operation: "CREATE", Object: object(t, test.object), Phases: test.phases})
			if !test.asked {
				if err != nil || !outcome.Allowed {
					t.Errorf("got %v, %v", outcome, err)
				}
				return
			}
			if err == nil || err.Error() != "policy p asks for the labels of namespace shop: the request needs namespaceLabels" {
				t.Errorf("got %v, %v", outcome, err)
			}
		})
	}
}

func TestLabelsComeFromTheClusterWhereTheRequestHasNone(t *testing.T) {
	session := load(t, rule{expression: "false", matches: resourceRules + "    namespaceSelector: {matchLabels: {team: blue}}\n"}.validation())
	const blue, plain = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"team":"blue"}}}`, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`
	for _, test := range []struct {
		reason, cluster string
		labels          map[string]string
		matches         bool
	}{
		{"the cluster's", blue, nil, true},
		{"the cluster's, which are none", plain, nil, false},
		{"the request's come first", blue, map[string]string{"team": "red"}, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx")), NamespaceLabels: test.labels,
				Cluster: []map[string]any{object(t, strings.Replace(blue, "shop", "bank", 1)), object(t, test.cluster)}})
			if (len(outcome.Matched) == 1) != test.matches {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestRequestsAtTheSameTimeDoNotShareNamespaces(t *testing.T) {
	selector := resourceRules + "    namespaceSelector: {matchLabels: {team: blue}}\n"
	session := load(t, rule{name: "m", expression: "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: namespaceObject.metadata.labels['n']}]", matches: selector}.mutation(),
		rule{name: "v", expression: "namespaceObject.metadata.labels['n'] == object.spec.containers[0].image", matches: selector}.validation())
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := range 100 {
				// One name, other labels.
				n, team := fmt.Sprintf("n-%d-%d", worker, i), "blue"
				if (worker+i)%2 == 0 {
					team = "red"
				}
				request := &protocol.Admit{Operation: "CREATE", Phases: Phases(), Object: object(t, pod("nginx")), NamespaceLabels: map[string]string{"team": team, "n": n}}
				outcome, err := session.Admit(t.Context(), request)
				if err != nil || !outcome.Allowed {
					t.Errorf("%v, %v", outcome, err)
					return
				}
				want, matched := n, "m v"
				if team == "red" {
					want, matched = "nginx", ""
				}
				if got := imagesOf(t, outcome.Object, request.Object); got != want || strings.Join(outcome.Matched, " ") != matched {
					t.Errorf("%s of %s: %s, matched %v", n, team, got, outcome.Matched)
				}
			}
		})
	}
	workers.Wait()
}
