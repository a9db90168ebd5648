package crio

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// world is what TestMain makes before any test: the trust store and the proxies
// of the process, which Go reads once.
var world loopback.World

func TestMain(m *testing.M) { os.Exit(loopback.Main(m, &world)) }

// searchesHub is a node's own registries.conf by which a short name is Docker
// Hub's, as it is to the kubelet, to containerd and to gen.
const searchesHub = `unqualified-search-registries = ["docker.io"]`

func pull(registries string) func(t *testing.T, dir, image string) ([]string, error) {
	return func(t *testing.T, dir, image string) ([]string, error) {
		t.Helper()
		node, err := Load(dir, registries)
		if err != nil {
			t.Fatal(err)
		}
		return node.Pull(t.Context(), image)
	}
}

func TestCRIO(t *testing.T) {
	for _, p := range slices.Concat(pulltest.Pulls(), pulltest.FallbackPaths(), pulltest.WithoutUpstream(), pulltest.BelowPaths()) {
		p.Run(t, &world, "crio", pull(""))
	}
	for _, p := range pulltest.ShortNames() {
		p.Run(t, &world, "crio", pull(searchesHub))
	}
}

// What gen writes leaves it to the node what a short name stands for.
func TestCRIOCompletesAShortNameByTheNodesOwnSearchRegistries(t *testing.T) {
	const set = pulltest.Head + `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`
	for _, row := range []struct{ why, registries, location, err string }{
		{"the node searches Docker Hub", searchesHub, "cr.example.com/library/nginx", ""},
		{"the node searches elsewhere", `unqualified-search-registries = ["registry.corp.example"]`, "registry.corp.example/nginx", ""},
		{"the node searches several, so that the answer depends on what they hold", `unqualified-search-registries = ["registry.corp.example", "docker.io"]`, "", "is one of"},
		{"the node searches nowhere", "", "", "did not resolve to an alias"},
		{"an alias of the node goes first", "unqualified-search-registries = [\"docker.io\"]\n[aliases]\nnginx = \"quay.io/acme/nginx\"", "quay.io/acme/nginx", ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			node, err := Load(nodefiles.Render(t, set, nil, "crio"), row.registries)
			if err != nil {
				t.Fatal(err)
			}
			endpoints, err := node.Endpoints("nginx")
			switch {
			case row.err != "":
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Errorf("%v, %v", endpoints, err)
				}
			case err != nil || endpoints[0].Location != row.location:
				t.Errorf("%v, %v", endpoints, err)
			}
		})
	}
}

// The lines that docs/nodes.md tells the node's owner to write.
func TestTheDocumentedLinesMakeAShortNameDockerHubs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "nodes.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```toml\n")
	lines, _, found := strings.Cut(rest, "```")
	if !found || !strings.HasPrefix(lines, "unqualified-search-registries") {
		t.Fatalf("the lines are not there: %s", lines)
	}
	const set = pulltest.Head + `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`
	node, err := Load(nodefiles.Render(t, set, nil, "crio"), lines)
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]string{"nginx": "cr.example.com/library/nginx", "bitnami/redis:7": "cr.example.com/bitnami/redis"} {
		if endpoints, err := node.Endpoints(image); err != nil || len(endpoints) != 1 || endpoints[0].Location != want {
			t.Errorf("%s: %v, %v", image, endpoints, err)
		}
	}
}
