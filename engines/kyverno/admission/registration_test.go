package admission

import (
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// marks is a MutatingPolicy that adds its mark to an annotation, each time it is run.
func marks(name, more string) string {
	return celOf("MutatingPolicy", name, more+"\n"+strings.TrimPrefix(pods, "\n")+`
variables:
- {name: was, expression: "has(object.metadata.annotations) && 'marks' in object.metadata.annotations ? string(object.metadata.annotations.marks) : ''"}
mutations:
- patchType: JSONPatch
  jsonPatch:
    expression: >-
      (has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {'made': 'up'}}])
      + [JSONPatch{op: 'add', path: '/metadata/annotations/marks', value: variables.was + '`+name+` '}]`)
}

// classicMark does the same as a ClusterPolicy.
func classicMark(name, more string) string {
	return policyOf(name, more+`
rules:
- name: mark
  match: {any: [{resources: {kinds: [Pod]}}]}
  mutate: {patchStrategicMerge: {metadata: {annotations: {marks: "{{ request.object.metadata.annotations.marks || '' }}`+name+` "}}}}`)
}

func TestRegistrationsAreCalledInTheOrderOfTheirNames(t *testing.T) {
	const ignore, fail, own = "failurePolicy: Ignore", "failurePolicy: Fail", "\nwebhookConfiguration: {timeoutSeconds: 5}"
	const condition = "\nmatchConditions: [{name: c, expression: 'true'}]"
	of := func(policy string) string {
		return strings.ReplaceAll(strings.ReplaceAll(policy, "kind: ", "kind: Namespaced"), "metadata: {", "metadata: {namespace: shop, ")
	}
	cases := []struct {
		reason   string
		policies []string
		want     string
	}{
		{"policies of one registration by name", []string{marks("b", fail), marks("a", fail)}, "a b"},
		{"one of its own after the others of its failurePolicy", []string{marks("a", fail+own), marks("b", fail)}, "b a"},
		{"also for its conditions", []string{marks("a", fail+condition), marks("b", fail)}, "b a"},
		{"or for its matchPolicy", []string{strings.Replace(marks("a", fail), "matchConstraints:", "matchConstraints:\n    matchPolicy: Exact", 1), marks("b", fail)}, "b a"},
		{"not for a condition that is Kyverno's own", []string{marks("a", fail+strings.Replace(condition, "'true'", `"isImage('nginx')"`, 1)), marks("b", fail)}, "a b"},
		{"Fail before Ignore, each of its own", []string{marks("a", ignore+own), marks("b", fail+own)}, "b a"},
		// Kyverno writes the names of all into the address of both, and each calls all.
		{"a pair calls both of its policies twice", []string{marks("a", ignore), marks("b", fail)}, "a b a b"},
		{"unless one of the two is not called", []string{strings.Replace(marks("a", ignore), "[pods, ", "[configmaps, ", 1), marks("b", fail)}, "b"},
		{"other selectors make other registrations", []string{marks("a", ignore), strings.Replace(marks("b", fail), "matchConstraints:", "matchConstraints:\n    objectSelector: {matchLabels: {app: web}}", 1)}, "b a"},
		{"MutatingPolicies before classic ones", []string{classicMark("a", fail), marks("b", ignore)}, "b a"},
		{"classic ones by failurePolicy too, and each again after the other's change", []string{classicMark("a", ignore), classicMark("b", fail)}, "b a b a"},
		{"those of a namespace after all; classic ones are then called again, and others never", []string{of(marks("a", fail)), classicMark("b", fail), marks("c", fail+"\nreinvocationPolicy: IfNeeded")}, "c b a b"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, test.policies...), &protocol.Admit{Object: object(t, pod)})
			if got := annotation(outcome.Object, "marks"); got != test.want+" " {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestClassicAndCELPoliciesAreOneSession(t *testing.T) {
	session := load(t,
		policyFile(t, "rewrite.yaml"),
		label("classic", "", "", "image", "{{ request.object.spec.containers[0].image | truncate(@, `14`) }}"),
		deny("refuses", "validationFailureAction: Enforce", `preconditions: {all: [{key: "{{ request.object.metadata.labels.image }}", operator: Equals, value: never}]}`, "classic"),
		validates("judges", "", "expression: \"object.metadata.labels.image == 'cr.example.com'\"\nmessage: seen by no classic policy"),
	)
	if want := []string{"classic/autogen-cronjob-set", "classic/autogen-set", "classic/set", "judges", "mirrors", "refuses/autogen-cronjob-never", "refuses/autogen-never", "refuses/never"}; !slices.Equal(session.Rules(), want) {
		t.Fatalf("rules %v", session.Rules())
	}
	outcome := admit(t, session, &protocol.Admit{Object: object(t, ordinary())})
	if !outcome.Allowed || images(t, outcome.Object) != rewritten || !slices.Equal(outcome.Fired, []string{"classic/set", "mirrors"}) ||
		!slices.Equal(outcome.Matched, []string{"classic/set", "judges", "mirrors", "refuses/never"}) {
		t.Errorf("got %s", text(t, outcome))
	}
	denied := admit(t, load(t, deny("classic", "validationFailureAction: Enforce", "", "from a classic policy"), validates("judges", "", "expression: 'false'\nmessage: from another")), &protocol.Admit{Object: object(t, pod)})
	if denied.Allowed || !slices.Equal(denied.Messages, []string{"from a classic policy", "from another"}) {
		t.Errorf("got %s", text(t, denied))
	}
}
