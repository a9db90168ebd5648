package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	corev1 "k8s.io/api/core/v1"

	"mirrorgen.dev/gen/engines/protocol"
)

// BenchmarkCEL measures what the policies of testdata/cel cost the admission of a Pod
// of three images, with a table of one mirror and of 200: as a whole; and of the
// mutation, what of it is Kyverno's evaluation of the policy, and what Kyverno's own
// engine takes for the same with the request as this engine would have to give it.
func BenchmarkCEL(b *testing.B) {
	const ours, upstream = "cr.example.com/quay/", "quay.io/"
	images := func(prefix string) string {
		return podOf(prefix+"tools/wait:1.36", prefix+"shop/web:1.25", prefix+"shop/api:2.0.1")
	}
	for _, mirrors := range []int{1, 200} {
		run := func(name string, body func() error) {
			b.Run(fmt.Sprintf("%s/mirrors=%d", name, mirrors), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := body(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		rewrite, constraint := withTable(policyFile(b, "rewrite.yaml"), mirrors), withTable(policyFile(b, "constraint.yaml"), mirrors)
		ctx := context.Background()
		whole := func(phase, policy, pod string) (*Session, *protocol.Admit) {
			session := load(b, policy)
			request := &protocol.Admit{Object: object(b, pod), Phases: []string{phase}}
			if outcome := admit(b, session, request); !outcome.Allowed || len(outcome.Matched) != 1 || (outcome.Object != nil) != (phase == phaseMutate) {
				b.Fatalf("got %s", text(b, outcome))
			}
			run(phase, func() error {
				_, err := session.Admit(ctx, request)
				return err
			})
			return session, request
		}
		whole(phaseValidate, constraint, images(ours))
		session, request := whole(phaseMutate, rewrite, images(upstream))

		r, err := newRequest(request)
		if err != nil {
			b.Fatal(err)
		}
		p := session.mutating[0]
		attributes := r.attributes(r.object, "web")
		light := *r.review(r.object)
		light.Object.Object = nil
		run("evaluation", func() error {
			return p.variants[0].engine.CompiledPolicy.Evaluate(ctx, attributes, nil, light, noSchemas{}, session.engine.libraries).Error
		})
		provider, err := mpolengine.NewProvider(mpolcompiler.NewCompiler(), []policiesv1beta1.MutatingPolicyLike{p.source}, nil, session.engine.libraries)
		if err != nil {
			b.Fatal(err)
		}
		kyverno := mpolengine.NewEngine(provider, func(string) *corev1.Namespace { return r.namespaceObject() }, session.engine.matcher, noSchemas{}, session.engine.libraries)
		run("kyverno", func() error {
			_, err := kyverno.Handle(ctx, celengine.RequestFromAdmission(session.engine.libraries, *r.review(r.object)), nil)
			return err
		})
	}
}

// withTable is the policy with a table of so many mirrors.
func withTable(policy string, mirrors int) string {
	var rows strings.Builder
	rows.WriteString("{'quay.io': 'cr.example.com/quay'")
	for i := range mirrors - 1 {
		fmt.Fprintf(&rows, ", 'host%d.example.net': 'mirror.example.com/host%d'", i, i)
	}
	before, rest, _ := strings.Cut(policy, "{'docker.io'")
	_, after, _ := strings.Cut(rest, "}\n")
	return before + rows.String() + "}\n" + after
}
