package agreement

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/generated"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/reference"
)

// pods are drawn for each set; each is new, updated and debugged.
const pods = 12

// shown is how many differences of a set are made small and told whole.
const shown = 2

// round draws one MirrorSet, puts what a target makes of it in force on a cluster,
// and submits what was drawn for it. It returns where the cluster differs from the
// reference, in words; an error names the set too.
func round(ctx context.Context, s *stack.Stack, target string, seed int, total *counts) (differences []string, err error) {
	d := &drawer{r: rand.New(rand.NewSource(int64(seed)))}
	var text []byte
	if d.set, text, err = drawSet(d.r, fmt.Sprintf("set-%d", seed)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\nthe MirrorSet is\n%s", err, text)
		}
	}()
	files, err := d.policies(ctx, target, text)
	if err != nil {
		return nil, err
	}
	requests, err := d.requests(ctx, pods)
	if err != nil {
		return nil, err
	}
	session, err := cluster.New(target, s, d.canaries()).Load(ctx, files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	a := &arena{target: target, session: session, reference: d.reference, selects: d.set.Spec.Scope.NamespaceSelector != nil}
	found := a.submit(ctx, requests, total)
	total.sets++
	for i, f := range found {
		if i == shown {
			differences = append(differences, fmt.Sprintf("and %d more", len(found)-shown))
			break
		}
		differences = append(differences, fmt.Sprintf("%s\nthe MirrorSet is\n%s", a.explain(ctx, f), text))
	}
	return differences, nil
}

// policies makes the set's plan and its reference ready, and returns what a target
// makes of it.
func (d *drawer) policies(ctx context.Context, target string, text []byte) ([]artifact.File, error) {
	folder, err := os.MkdirTemp("", "mirrorgen-e2e-set-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "set.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	policies, err := generated.Policies(file, target)
	if err != nil {
		return nil, err
	}
	d.plan = policies.Plans[0]
	if d.reference, err = reference.New(policies.Plans...).Load(ctx, nil); err != nil {
		return nil, err
	}
	return withoutClones(policies.Files[target])
}

// withoutClones leaves out the ClusterPolicies that clone Secrets. They look at no
// Pod, the cases have them, and Kyverno takes seconds to take each.
func withoutClones(files []artifact.File) ([]artifact.File, error) {
	objects, err := cluster.Parse(files)
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(object map[string]any) bool {
		spec, _ := object["spec"].(map[string]any)
		rules, _ := spec["rules"].([]any)
		return object["kind"] == "ClusterPolicy" && slices.ContainsFunc(rules, func(rule any) bool {
			fields, _ := rule.(map[string]any)
			return fields["generate"] != nil
		})
	})
	stream, err := document.Stream(objects)
	return []artifact.File{{Path: "policies.yaml", Data: stream}}, err
}

// canaries show when a set is in force: one Pod is rewritten, one found fault with,
// and an ImageCache is rewritten where the set has them.
func (d *drawer) canaries() []cluster.Canary {
	pod := func(image string) engine.Request {
		return engine.Request{Operation: engine.Create, NamespaceLabels: map[string]string{namespaceLabel: "yes"}, Object: map[string]any{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "canary", "namespace": namespace, "labels": map[string]any{podLabel: "yes"}},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": image}}}}}
	}
	rewritten := d.passing()
	for d.plan.Rewrite(rewritten).Image == rewritten {
		rewritten = d.passing()
	}
	invalid := cluster.Canary{Request: pod("NGINX")}
	switch d.plan.Enforcement {
	case "warn":
		invalid.Warned = true
	case "dryrun":
		invalid.Recorded = true
	default:
		invalid.Denied = true
	}
	all := []cluster.Canary{{Request: pod(rewritten), Changed: true}, invalid}
	for _, request := range d.caches(1) {
		request.Object["spec"] = map[string]any{"images": []any{rewritten}}
		all = append(all, cluster.Canary{Request: request, Changed: true})
	}
	return all
}
