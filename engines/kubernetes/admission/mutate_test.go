package admission

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// injects adds a second container, once.
const injects = "size(object.spec.containers) > 1 ? [JSONPatch{}].filter(p, false) : [JSONPatch{op: 'add', path: '/spec/containers/-', value: Object.spec.containers{name: 'sidecar', image: 'quay.io/prometheus/agent:1'}}]"

func TestPoliciesAreReinvokedAsByTheAPIServer(t *testing.T) {
	rewrite := file(t, "rewrite.yaml")
	appends := "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: string(object.spec.containers[0].image) + '+'}]"
	for _, test := range []struct {
		reason   string
		policies []string
		images   string
		fired    string
	}{
		{"a container that a later policy adds is rewritten by an earlier one", []string{rewrite, rule{name: "sidecar", expression: injects}.mutation()},
			mirrored + " cr.example.com/quay/prometheus/agent:1", "mirrors sidecar"},
		{"and by a later one anyway", []string{rewrite, rule{name: "agents", expression: injects}.mutation()},
			mirrored + " cr.example.com/quay/prometheus/agent:1", "agents mirrors"},
		{"not where the earlier one is never reinvoked", []string{strings.Replace(rewrite, "IfNeeded", "Never", 1), rule{name: "sidecar", expression: injects}.mutation()},
			mirrored + " quay.io/prometheus/agent:1", "mirrors sidecar"},
		{"a policy that is not idempotent shows it", []string{rule{expression: appends, again: "IfNeeded"}.mutation()}, "nginx++", "p"},
		{"and not where it is never reinvoked", []string{rule{expression: appends}.mutation()}, "nginx+", "p"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Object: object(t, pod("nginx"))}
			outcome := admit(t, load(t, test.policies...), request)
			if got := imagesOf(t, outcome.Object, request.Object); got != test.images || strings.Join(outcome.Fired, " ") != test.fired {
				t.Errorf("got %s, fired %v", got, outcome.Fired)
			}
		})
	}
}

func TestAFailureDoesNotUndoWhatOthersDid(t *testing.T) {
	session := load(t, file(t, "rewrite.yaml"), rule{name: "z", expression: failing, fails: "Ignore"}.mutation())
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if got := imagesOf(t, outcome.Object, nil); got != mirrored || !outcome.Allowed || strings.Join(outcome.Fired, " ") != "mirrors" || strings.Join(outcome.Matched, " ") != "mirrors z" {
		t.Errorf("got %s", text(t, outcome))
	}
}

func TestMessagesOfMutationsComeWithoutTheirWrapping(t *testing.T) {
	// Two bindings: the policy fails under each.
	_, binding, _ := strings.Cut(rule{expression: failing}.mutation(), "\n---\n")
	session := load(t, rule{expression: failing}.mutation(), strings.Replace(binding, `"p-bound"`, `"p-also"`, 1), rule{name: "q", expression: failing}.mutation())
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod("nginx"))})
	if len(outcome.Messages) != 3 || strings.Join(outcome.Fired, " ") != "p q" {
		t.Fatalf("got %s", text(t, outcome))
	}
	for _, message := range outcome.Messages {
		if !strings.HasPrefix(message, "expression '[JSONPatch{") {
			t.Errorf("got %s", message)
		}
	}
}
