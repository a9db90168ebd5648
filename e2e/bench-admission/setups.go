package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/generated"
	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
)

var (
	//go:embed sample.yaml
	sample []byte
	//go:embed constants-kyverno-cel.yaml
	constantsKyverno []byte
	//go:embed constants-kubernetes.yaml
	constantsKubernetes []byte
)

// A setup is one row: policies in force while Pods are made.
type setup struct {
	name string
	// engine is the harness's name for who runs the policies; empty: there are none.
	engine string
	files  []artifact.File
	// judges: a Pod with an invalid image is denied.
	judges bool
	// most is how much longer than without policies a Pod may take on average, in
	// milliseconds; 0: nothing is promised.
	most float64
}

// setups are the rows, in the order in which they are printed; only names those that
// are wanted, comma-separated, all where it is empty.
func setups(spec, only string) ([]setup, error) {
	all := []setup{
		{name: "no policy"},
		{name: "a sample's shape (ClusterPolicy)", engine: "kyverno", files: []artifact.File{{Path: "sample.yaml", Data: sample}}},
		// What no policy of the kind is quicker than, on the machine at hand.
		{name: "constants (MutatingPolicy)", engine: "kyverno-cel", files: []artifact.File{{Path: "constants.yaml", Data: constantsKyverno}}},
		{name: "constants (MutatingAdmissionPolicy)", engine: "kubernetes", files: []artifact.File{{Path: "constants.yaml", Data: constantsKubernetes}}},
	}
	for _, target := range []struct {
		name string
		most float64
	}{{"kyverno", 0}, {"kyverno-cel", 3}, {"kubernetes", 2}} {
		set, err := generated.Policies(spec, target.name)
		if err != nil {
			return nil, err
		}
		objects, err := cluster.Parse(set.Files[target.name])
		if err != nil {
			return nil, err
		}
		rewrite, err := named(objects, "-rewrite")
		if err != nil {
			return nil, err
		}
		both, err := named(objects, "-rewrite", "-constraint")
		if err != nil {
			return nil, err
		}
		all = append(all,
			setup{name: target.name + ": rewrite", engine: target.name, files: rewrite, most: target.most},
			setup{name: target.name + ": rewrite and constraint", engine: target.name, files: both, judges: true})
	}
	if only == "" {
		return all, nil
	}
	var picked []setup
	for name := range strings.SplitSeq(only, ",") {
		at := slices.IndexFunc(all, func(s setup) bool { return s.name == name })
		if at < 0 {
			return nil, fmt.Errorf("-only: %s: there is no such setup; there are: %s", name, strings.Join(names(all), ", "))
		}
		picked = append(picked, all[at])
	}
	return picked, nil
}

func names(all []setup) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}

// named are the objects whose names end so, as a file.
func named(objects []map[string]any, endings ...string) ([]artifact.File, error) {
	var picked []map[string]any
	for _, ending := range endings {
		found := false
		for _, object := range objects {
			if strings.HasSuffix(kubeapi.Metadata(object, "name"), ending) {
				picked, found = append(picked, object), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no policy is called *%s", ending)
		}
	}
	stream, err := document.Stream(picked)
	return []artifact.File{{Path: "policies.yaml", Data: stream}}, err
}

// pod is what is made: three containers and one that runs before them, of two
// registries.
func pod(name, namespace string) map[string]any {
	container := func(name, image string) any { return map[string]any{"name": name, "image": image} }
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{"app": "bench"}},
		"spec": map[string]any{
			"initContainers": []any{container("migrate", "docker.io/acme/migrate:3")},
			"containers":     []any{container("web", "docker.io/library/nginx:1.27"), container("app", "quay.io/acme/app:2.1"), container("log", "docker.io/fluent/fluent-bit:3.1")},
		},
	}
}

// canaries show when a setup is in force and when it is gone.
func (s setup) canaries() []cluster.Canary {
	request := func(pod map[string]any) engine.Request { return engine.Request{Operation: engine.Create, Object: pod} }
	all := []cluster.Canary{{Request: request(pod("canary", "canary")), Changed: true}}
	if s.judges {
		invalid := pod("canary", "canary")
		invalid["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"] = "docker.io/library/NGINX"
		all = append(all, cluster.Canary{Request: request(invalid), Denied: true})
	}
	return all
}
