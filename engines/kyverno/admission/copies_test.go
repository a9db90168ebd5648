package admission

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// TestCopiesThatDoubleAnObjectAreStopped: each copy of the spec into itself doubles
// it, so that forty of them would end the process and every case after it.
func TestCopiesThatDoubleAnObjectAreStopped(t *testing.T) {
	copying := func(copies int) string {
		operations := make([]string, copies)
		for i := range operations {
			operations[i] = fmt.Sprintf("JSONPatch{op: 'copy', from: '/spec', path: '/spec/again%d'}", i)
		}
		return celOf("MutatingPolicy", "m", "failurePolicy: Ignore\n"+strings.TrimPrefix(pods, "\n")+`
mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[`+strings.Join(operations, ", ")+`]"}}]`)
	}
	const said = "the accumulated size increase of copy is "
	for _, row := range []struct {
		why     string
		copies  int
		stopped bool
	}{
		{"few copies are an ordinary patch", 3, false},
		{"forty would fill any memory", 40, true},
	} {
		outcome := admit(t, load(t, copying(row.copies)), &protocol.Admit{Object: object(t, ordinary())})
		if stopped := strings.Contains(text(t, outcome), said); stopped != row.stopped || (outcome.Object == nil) != row.stopped {
			t.Errorf("%s: %.500s", row.why, text(t, outcome))
		}
	}
}
