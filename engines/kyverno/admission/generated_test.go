package admission

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kyverno/kyverno/pkg/engine/policycontext"

	"mirrorgen.dev/gen/engines/protocol"
)

// benchFolder names the variable that holds the folder of the policies to
// measure: N/kyverno/many-rewrite.yaml and many-constraint.yaml for N mirrors,
// each host<i>.example.net -> mirror.example.com/host<i>. hack/bench-kyverno.sh
// has gen make them, as this module knows nothing of the generator.
const benchFolder = "MIRRORGEN_BENCH_POLICIES"

// podOf is pod with other images.
func podOf(init, first, second string) string {
	return strings.NewReplacer(`"busybox"`, `"`+init+`"`, `"nginx"`, `"`+first+`"`, `"quay.io/a/b:1"`, `"`+second+`"`).Replace(pod)
}

// BenchmarkGenerated measures what a generated policy costs the admission of one
// Pod, beside a published policy of the usual shape on the same Pod: in a cluster,
// without what Kyverno spends on reading the request, which is measured by itself;
// and in gen, as a whole.
func BenchmarkGenerated(b *testing.B) {
	folder := os.Getenv(benchFolder)
	if folder == "" {
		b.Fatalf("%s is not set: run hack/bench-kyverno.sh (make bench), which generates the policies to measure", benchFolder)
	}
	read := func(path ...string) string {
		policy, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			b.Fatal(err)
		}
		return string(policy)
	}
	rewriteOf := func(mirrors string) string { return read(folder, mirrors, "kyverno", "many-rewrite.yaml") }
	constraintOf := func(mirrors string) string { return read(folder, mirrors, "kyverno", "many-constraint.yaml") }
	const mirror, host = "mirror.example.com/host0/", "host0.example.net/"
	var (
		ordinary = podOf(host+"tools/wait:1.36", host+"shop/web:1.25", host+"shop/api:2.0.1")
		mirrored = podOf(mirror+"tools/wait:1.36", mirror+"shop/web:1.25", mirror+"shop/api:2.0.1")
		equipped = strings.NewReplacer(`"labels":`, `"annotations":{"k8s.aliyun.com/plain-http-registry":"mirror.example.com"},"labels":`,
			`"spec":{`, `"spec":{"imagePullSecrets":[{"name":"mirrorgen-many-host0-example-net"}],`).Replace(mirrored)
		prefixed = podOf("mirror.example.com/tools/wait:1.36", "mirror.example.com/shop/web:1.25", "mirror.example.com/shop/api:2.0.1")
		foreign  = podOf("ghcr.io/tools/wait:1.36", "ghcr.io/shop/web:1.25", "ghcr.io/shop/api:2.0.1")
		// About as much as an object can hold and still be stored.
		hostile = strings.Repeat("a", 500_000)
		alone   = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[{"name":"a","image":"` + hostile + `"}]}}`
		beside  = podOf(host+"tools/wait:1.36", host+"shop/web:1.25", hostile)
	)
	cases := []struct {
		name, policy, phase, pod string
		want                     string // the object that comes out; empty: unchanged
		denied                   bool
	}{
		{"sample", read("testdata", "replace-image-registry.yaml"), phaseMutate, ordinary, prefixed, false},
		{"rewrite/mirrors=1", rewriteOf("1"), phaseMutate, ordinary, mirrored, false},
		{"rewrite/mirrors=10", rewriteOf("10"), phaseMutate, ordinary, mirrored, false},
		{"rewrite/mirrors=50", rewriteOf("50"), phaseMutate, ordinary, mirrored, false},
		{"rewrite/mirrors=200", rewriteOf("200"), phaseMutate, ordinary, mirrored, false},
		{"rewrite-with-needs/mirrors=1", rewriteOf("needs"), phaseMutate, ordinary, equipped, false},
		{"rewrite-nothing-matches/mirrors=1", rewriteOf("1"), phaseMutate, foreign, "", false},
		{"rewrite-nothing-matches/mirrors=200", rewriteOf("200"), phaseMutate, foreign, "", false},
		{"rewrite-500kB-alone/mirrors=1", rewriteOf("1"), phaseMutate, alone, "", false},
		{"rewrite-500kB-beside/mirrors=1", rewriteOf("1"), phaseMutate, beside, "", false},
		{"constraint/mirrors=1", constraintOf("1"), phaseValidate, mirrored, "", false},
		{"constraint/mirrors=200", constraintOf("200"), phaseValidate, mirrored, "", false},
		{"constraint-500kB-beside/mirrors=1", constraintOf("1"), phaseValidate, beside, "", true},
	}
	in := newCluster()
	for _, test := range []struct{ name, pod string }{{"request", ordinary}, {"request-500kB", beside}} {
		b.Run("cluster/"+test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in.request(b, test.pod)
			}
		})
	}
	for _, test := range cases {
		session := load(b, test.policy)
		var want map[string]any
		if test.want != "" {
			want = object(b, test.want)
		}
		b.Run("cluster/"+test.name, func(b *testing.B) {
			policy := session.policies[0].source
			run := func(request *policycontext.PolicyContext) (after map[string]any, denied bool, err error) {
				if test.phase == phaseMutate {
					after, err = in.mutate(policy, request)
				} else {
					denied, err = in.validate(policy, request)
				}
				return after, denied, err
			}
			// A policy that does nothing is fast; what is measured has to have worked.
			if after, denied, err := run(in.request(b, test.pod)); err != nil || denied != test.denied || !same(after, want) {
				b.Fatalf("error %v, denied %v, object %.2000s, want %s", err, denied, text(b, after), test.want)
			}
			b.ReportAllocs()
			b.ResetTimer()
			// A request is used up by a run. Some are made at a time, so that the
			// clock is not stopped and started around each.
			for left := b.N; left > 0; {
				b.StopTimer()
				requests := make([]*policycontext.PolicyContext, min(left, 10))
				for i := range requests {
					requests[i] = in.request(b, test.pod)
				}
				left -= len(requests)
				b.StartTimer()
				for _, request := range requests {
					if _, _, err := run(request); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("gen/"+test.name, func(b *testing.B) {
			request := &protocol.Admit{Object: object(b, test.pod), Phases: []string{test.phase}}
			if outcome := admit(b, session, request); !same(outcome.Object, want) || outcome.Allowed == test.denied || len(outcome.Warnings) > 0 {
				b.Fatalf("got %.2000s, want %s", text(b, outcome), test.want)
			}
			b.ReportAllocs()
			for b.Loop() {
				admit(b, session, request)
			}
		})
	}
}
