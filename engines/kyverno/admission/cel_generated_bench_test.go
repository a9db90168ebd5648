package admission

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// BenchmarkGeneratedCEL is what generated MutatingPolicies and ValidatingPolicies cost
// a Pod of three images that are all rewritten, and then judged, as the program
// runs them.
func BenchmarkGeneratedCEL(b *testing.B) {
	folder := os.Getenv(benchFolder)
	if folder == "" {
		b.Fatalf("%s is not set: run hack/bench-cel.sh (make bench), which generates the policies to measure", benchFolder)
	}
	// As the program has it: see package serve.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	for _, mirrors := range []string{"1", "50", "200"} {
		for _, bench := range []struct{ phase, file, prefix string }{
			{phaseMutate, "many-rewrite.yaml", "host0.example.net/"},
			{phaseValidate, "many-constraint.yaml", "mirror.example.com/host0/"},
		} {
			b.Run(bench.phase+"/mirrors="+mirrors, func(b *testing.B) {
				policy, err := os.ReadFile(filepath.Join(folder, mirrors, "kyverno-cel", bench.file))
				if err != nil {
					b.Fatal(err)
				}
				session := load(b, string(policy))
				request := &protocol.Admit{Phases: []string{bench.phase},
					Object: object(b, podOf(bench.prefix+"tools/wait:1.36", bench.prefix+"shop/web:1.25", bench.prefix+"shop/api:2.0.1"))}
				if outcome := admit(b, session, request); !outcome.Allowed || (outcome.Object != nil) != (bench.phase == phaseMutate) {
					b.Fatalf("got %s", text(b, outcome))
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := session.Admit(context.Background(), request); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
