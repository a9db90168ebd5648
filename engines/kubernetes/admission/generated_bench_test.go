package admission

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// benchFolder names the folder of generated policies, one folder for each number
// of mirrors.
const benchFolder = "MIRRORGEN_BENCH_POLICIES"

// BenchmarkGeneratedCEL is what generated policies cost a Pod of three images that are
// all rewritten, and then judged, as the program runs them. The rewrite is run
// twice, as it is by an API server, which reinvokes it after its own change.
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
				policy, err := os.ReadFile(filepath.Join(folder, mirrors, "kubernetes", bench.file))
				if err != nil {
					b.Fatal(err)
				}
				session := load(b, string(policy))
				pod := strings.NewReplacer(`"nginx"`, `"`+bench.prefix+`tools/wait:1.36"`, `"quay.io/prometheus/node:v1"`, `"`+bench.prefix+`shop/web:1.25"`,
					`"docker.io/grafana/grafana:1"`, `"`+bench.prefix+`shop/api:2.0.1"`).Replace(three)
				request := &protocol.Admit{Operation: "CREATE", Object: object(b, pod), Phases: []string{bench.phase}}
				if outcome, err := session.Admit(context.Background(), request); err != nil || !outcome.Allowed || (outcome.Object != nil) != (bench.phase == phaseMutate) {
					b.Fatal(outcome, err)
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
