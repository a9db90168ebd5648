package dockerd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/registry"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// world is what TestMain makes before any test: the trust store and the proxies
// of the process, which Go reads once.
var world loopback.World

func TestMain(m *testing.M) { os.Exit(loopback.Main(m, &world)) }

func TestDocker(t *testing.T) {
	for _, p := range pulls() {
		p.Run(t, &world, "docker", func(t *testing.T, dir, image string) ([]string, error) {
			node, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			place(t, filepath.Join(dir, "docker", "certs.d"))
			return node.Pull(t.Context(), image)
		})
	}
}

// place puts certificates where Docker's library looks, which is one folder for
// the process; the World has it below the empty home.
func place(t *testing.T, certs string) {
	t.Helper()
	there := registry.CertsDir()
	if home := os.Getenv("HOME"); !strings.HasPrefix(there, home+string(filepath.Separator)) {
		t.Fatalf("Docker reads certificates in %s, outside the test's home", there)
	}
	if err := os.RemoveAll(there); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(certs); os.IsNotExist(err) {
		return
	}
	if err := os.CopyFS(there, os.DirFS(certs)); err != nil {
		t.Fatal(err)
	}
}

func TestDockerMarksEveryInsecureHostAndNoOther(t *testing.T) {
	const set = pulltest.Head + `{mirrors: [{source: docker.io, mirror: "10.0.0.1:5000", transport: http}], registries: [{host: a.example.com, transport: https-skip-verify}, {host: b.example.com}]}`
	node, err := Load(nodefiles.Render(t, set, nil, "docker"))
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string][]string{
		"10.0.0.1:5000/library/nginx": {runtimes.HTTPSSkipVerify, runtimes.HTTP},
		"a.example.com/web":           {runtimes.HTTPSSkipVerify, runtimes.HTTP},
		"b.example.com/web":           {runtimes.HTTPS},
		"a.example.com:8443/web":      {runtimes.HTTPS},
		"quay.io/acme/web":            {runtimes.HTTPS},
	} {
		endpoints, err := node.Endpoints(image)
		if err != nil || len(endpoints) != 1 || !slices.Equal(endpoints[0].Transports, want) {
			t.Errorf("%s: %v, %v; wanted is %v", image, endpoints, err, want)
		}
	}
}

// Why a mirror with a path is refused: the daemon takes it, and asks at a place
// where no registry of several projects answers.
func TestDockerPutsThePathOfAMirrorBeforeTheRootOfTheAPI(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "docker", "daemon.json"), []byte(`{"registry-mirrors": ["https://harbor.example.com/hub"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	harbor := world.Serve(t, "harbor.example.com:443", world.Public, "hub/library/nginx")
	hub := world.Serve(t, "registry-1.docker.io:443", world.Public, "library/nginx")
	node, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.Pull(t.Context(), "nginx"); err != nil {
		t.Fatal(err)
	}
	if paths := harbor.Paths(); !slices.Equal(paths, []string{"/hub/v2/library/nginx/manifests/latest"}) || len(hub.Requests()) == 0 {
		t.Errorf("asked for %v", paths)
	}
}

func TestDockerRefusesADaemonFileWithAnUnknownKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ why, file, err string }{
		{"a misspelt key", `{"registry-mirror": ["https://cr.example.com"]}`, "unknown field"},
		{"a mirror without a scheme", `{"registry-mirrors": ["cr.example.com"]}`, "no scheme specified"},
		{"a mirror with credentials", `{"registry-mirrors": ["https://u:p@cr.example.com"]}`, "username/password not allowed"},
		{"an insecure registry with a path", `{"insecure-registries": ["cr.example.com/hub"]}`, "is not valid"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "docker", "daemon.json"), []byte(row.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), row.err) {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}
