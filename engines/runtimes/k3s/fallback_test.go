package k3s

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v2"

	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
)

// The library always asks the registry itself in the end; k3s and RKE2 drop that
// endpoint by a key of their own configuration.
func TestK3sIsToldToAskNoUpstreamWhereTheSetDoesNotFallBack(t *testing.T) {
	for _, row := range []struct {
		why, nodes string
		want       any
	}{
		{"unset", "", true},
		{"written-out", ", nodes: {fallbackToUpstream: false}", true},
		{"asked-for", ", nodes: {fallbackToUpstream: true}", nil},
	} {
		t.Run(row.why, func(t *testing.T) {
			dir := nodefiles.Render(t, pulltest.Head+`{mirrors: [{source: docker.io, mirror: cr.example.com}]`+row.nodes+`}`, nil, "k3s")
			text, err := os.ReadFile(filepath.Join(dir, "k3s", "config.yaml.d", "50-mirrorgen.yaml"))
			if err != nil && (row.want != nil || !os.IsNotExist(err)) {
				t.Fatal(err)
			}
			var config map[string]any
			if err := yaml.Unmarshal(text, &config); err != nil {
				t.Fatal(err)
			}
			if got := config["disable-default-registry-endpoint"]; got != row.want {
				t.Errorf("disable-default-registry-endpoint is %v, wanted is %v", got, row.want)
			}
		})
	}
}

// refused renders a MirrorSet that k3s cannot be told, and returns why.
func refused(t *testing.T, spec string) string {
	t.Helper()
	files, _, err := node.Render(nodefiles.Parse(t, pulltest.Head+spec, nil), node.Options{Runtimes: []string{node.K3s}})
	if err == nil {
		t.Fatalf("gen takes it, and writes %v", files)
	}
	return err.Error()
}

// written is a folder with a registries.yaml that gen did not write.
func written(t *testing.T, text string) string {
	t.Helper()
	return nodefiles.Write(t, []artifact.File{{Path: "k3s/registries.yaml", Data: []byte(text)}})
}

// Why gen refuses a source with a path: what the pattern does not match is asked
// for at the mirror as it stands, and what is there comes, whatever it is.
func TestK3sTakesAnUnrelatedImageFromTheMirrorOfOnePath(t *testing.T) {
	const rule = "k3s would ask the mirror for images beside this path too, by their own names, which may be other images there"
	if err := refused(t, `{mirrors: [{source: quay.io/acme, mirror: cr.example.com/proxies}], nodes: {fallbackToUpstream: true}}`); !strings.Contains(err, rule) {
		t.Errorf("%s", err)
	}
	dir := written(t, "mirrors: {quay.io: {endpoint: ['https://cr.example.com'], rewrite: {'^acme/(.*)$': 'proxies/$1'}}}\n")
	cr := world.Serve(t, "cr.example.com:443", world.Public, "proxies/web", "other/web")
	quay := world.Serve(t, "quay.io:443", world.Public, "other/web")
	for _, image := range []string{"quay.io/acme/web:1", "quay.io/other/web:1"} {
		if _, err := pull(t, dir, image); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Contains(cr.Paths(), "/v2/proxies/web/manifests/1") || !slices.Contains(cr.Paths(), "/v2/other/web/manifests/1") || len(quay.Requests()) > 0 {
		t.Errorf("the mirror was asked for %v, quay.io for %v: k3s leaves images beside a path alone now", cr.Paths(), quay.Paths())
	}
}

// Why gen refuses a source of plain HTTP with the fallback to it: the endpoint
// that k3s adds in the end is always https.
func TestK3sAsksASourceOfPlainHTTPByHTTPSInTheEnd(t *testing.T) {
	const set = `mirrors: [{source: "old.example.com:5000", mirror: cr.example.com}], registries: [{host: "old.example.com:5000", transport: http}]`
	const rule = "k3s asks the registry itself by https where the mirror fails, and this one is reached by http"
	if err := refused(t, `{`+set+`, nodes: {fallbackToUpstream: true}}`); !strings.Contains(err, rule) {
		t.Errorf("%s", err)
	}
	old := world.Serve(t, "old.example.com:5000", nil, "acme/web")
	if _, err := pull(t, written(t, "mirrors: {'old.example.com:5000': {endpoint: ['https://cr.example.com']}}\n"), "old.example.com:5000/acme/web:1"); err == nil || len(old.Requests()) > 0 {
		t.Errorf("%v, %v: the source can be said now", err, old.Paths())
	}
	// Left out, it is pulled from as if there were no mirror.
	dir := nodefiles.Render(t, pulltest.Head+`{`+set+`, nodes: {fallbackToUpstream: true, onUnsupported: skip}}`, nil, "k3s")
	if _, err := pull(t, dir, "old.example.com:5000/acme/web:1"); err != nil {
		t.Error(err)
	}
}
