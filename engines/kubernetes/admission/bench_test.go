package admission

import (
	"context"
	"fmt"
	"strings"
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
		{"mutate", file(b, "rewrite.yaml"), phaseMutate},
		{"mutate/200-mirrors-more", more(b, file(b, "rewrite.yaml"), 200), phaseMutate},
		{"validate", file(b, "constraint.yaml"), phaseValidate},
		{"validate/200-mirrors-more", more(b, file(b, "constraint.yaml"), 200), phaseValidate},
	} {
		b.Run(bench.name, func(b *testing.B) {
			session := load(b, bench.policy)
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

// more is a policy with further mirrors, of which the Pod needs none.
func more(b *testing.B, policy string, count int) string {
	b.Helper()
	const first = "{'docker.io': "
	if strings.Count(policy, first) != 1 {
		b.Fatal("the table is not where it was")
	}
	var rows strings.Builder
	for i := range count {
		fmt.Fprintf(&rows, "'host%d.example.net': 'mirror.example.com/host%d', ", i, i)
	}
	return strings.Replace(policy, first, "{"+rows.String()+first[1:], 1)
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
