package admission

import (
	"slices"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// TestWhatAPolicySparesItselfItHasLookedAt: a case that nothing looked at proves
// nothing, but a Pod of mirrored images was found to be one.
func TestWhatAPolicySparesItselfItHasLookedAt(t *testing.T) {
	const elsewhere = "{name: " + looked + ", expression: '!object.spec.containers[0].image.startsWith(\"m.example.com/\")'}"
	const other = "{name: other, expression: 'object.metadata.name == \"db\"'}"
	const wrong = "{name: wrong, expression: object.spec.nope == 1}"
	const rewrites = `[JSONPatch{op: "replace", path: "/spec/containers/0/image", value: "m.example.com/" + object.spec.containers[0].image}]`
	for _, row := range []struct {
		why, conditions, image string
		matched, fired         bool
	}{
		{"it has something to rewrite, and nothing then", elsewhere, "nginx", true, true},
		{"all is mirrored", elsewhere, "m.example.com/nginx", true, false},
		{"another condition leaves it out", other + ", " + elsewhere, "m.example.com/nginx", false, false},
		{"another condition leaves it out, whatever its images", other, "nginx", false, false},
		{"what cannot be evaluated leaves nothing in", wrong + ", " + elsewhere, "m.example.com/nginx", true, false},
	} {
		policy := rule{expression: rewrites, again: "IfNeeded", matches: "  matchConditions: [" + row.conditions + "]\n"}.mutation()
		outcome := admit(t, load(t, policy), &protocol.Admit{Object: object(t, pod(row.image))})
		if matched := slices.Contains(outcome.Matched, "p"); matched != row.matched {
			t.Errorf("%s: matched %v", row.why, outcome.Matched)
		}
		if fired := slices.Contains(outcome.Fired, "p"); fired != row.fired {
			t.Errorf("%s: fired %v", row.why, outcome.Fired)
		}
		if want := "m.example.com/nginx"; row.fired && imagesOf(t, outcome.Object, nil) != want {
			t.Errorf("%s: got %v, want %s once", row.why, outcome.Object, want)
		}
	}
}
