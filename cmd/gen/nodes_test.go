package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// What the page shows can be generated for the runtime that it is shown for.
func TestEveryMirrorSetOfTheNodesPageRenders(t *testing.T) {
	rendered := 0
	for _, b := range blocks(t, filepath.Join(repository, "docs/nodes.md")) {
		if b.kind != "yaml" {
			continue
		}
		sets, err := spec.Parse("block", []byte(b.text))
		if err != nil {
			t.Fatalf("%s:%d: %v", b.page, b.line, err)
		}
		for _, set := range sets {
			// The page has no certificates beside it; what they hold makes no difference here.
			for i := range set.Spec.Mirrors {
				set.Spec.Mirrors[i].CA = []byte(set.Spec.Mirrors[i].CAFile)
			}
			for i := range set.Spec.Registries {
				set.Spec.Registries[i].CA = []byte(set.Spec.Registries[i].CAFile)
			}
		}
		for _, runtime := range []string{node.Containerd, node.CRIO, node.K3s} {
			files, skipped, err := node.Render(sets, node.Options{Runtimes: []string{runtime}})
			if err != nil || len(files) == 0 || len(skipped) > 0 {
				t.Errorf("%s:%d: %s: %d files, skipped %v, %v", b.page, b.line, runtime, len(files), skipped, err)
			}
		}
		rendered++
	}
	if rendered < 2 {
		t.Errorf("found %d MirrorSets: the test does not see them", rendered)
	}
}

// The page names every runtime, every folder and every option.
func TestTheNodesPageIsComplete(t *testing.T) {
	data := ""
	for _, page := range []string{"docs/nodes.md", "docs/cli.md"} {
		for _, b := range blocks(t, filepath.Join(repository, page)) {
			data += b.text
		}
	}
	for _, name := range []string{"nodes/containerd/", "nodes/crio/", "nodes/docker/", "nodes/k3s/", "nodes/trust/", "nodes/install.sh", "nodes/daemonset/", node.K3sCertificates, node.ContainerdCertsFolder} {
		if !strings.Contains(data, name) {
			t.Errorf("%s is in no block of the pages", name)
		}
	}
}
