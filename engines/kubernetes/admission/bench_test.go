package admission

import (
	"context"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// three is a Pod with three images that are all rewritten.
const three = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[` +
	`{"name":"a","image":"nginx"},{"name":"b","image":"quay.io/prometheus/node:v1"},{"name":"c","image":"docker.io/grafana/grafana:1"}]}}`

// BenchmarkAdmit is what a Pod costs in each phase. The rewrite is run twice, as it
// is by an API server, which reinvokes it after its own change.
func BenchmarkAdmit(b *testing.B) {
	for _, bench := range []struct{ name, policy, phase string }{
		{"mutate", "rewrite.yaml", phaseMutate},
		{"validate", "constraint.yaml", phaseValidate},
	} {
		b.Run(bench.name, func(b *testing.B) {
			session := load(b, file(b, bench.policy))
			request := &protocol.Admit{Operation: "CREATE", Object: object(b, three), Phases: []string{bench.phase}}
			b.ReportAllocs()
			for b.Loop() {
				outcome, err := session.Admit(context.Background(), request)
				if err != nil || len(outcome.Fired) != 1 {
					b.Fatal(outcome, err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	engine := New()
	policies := files(file(b, "rewrite.yaml"), file(b, "constraint.yaml"))
	for b.Loop() {
		if _, err := engine.Load(context.Background(), policies); err != nil {
			b.Fatal(err)
		}
	}
}
