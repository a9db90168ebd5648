package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/node"
)

// A hosts.toml that containerd cannot read is no mirror and no error: the pull
// goes straight upstream. So what gen writes is checked strictly by gen.
func TestContainerdPullsPastAHostsFileThatGenRefuses(t *testing.T) {
	for _, row := range []struct{ why, file string }{
		{"no-toml", "server = \"https://cr.example.com\"\n[host.\"https://cr.example.com\"\n"},
		{"an-unknown-capability", "server = \"https://cr.example.com\"\ncapabilities = [\"pull\", \"reslove\"]\n"},
	} {
		t.Run(row.why, func(t *testing.T) {
			if err := node.Verify("containerd/certs.d/docker.io/hosts.toml", []byte(row.file)); err == nil {
				t.Error("gen takes the file too")
			}
			eachVersion(t, func(t *testing.T, v Version) {
				mirror := world.Serve(t, "cr.example.com:443", world.Public, "library/nginx")
				upstream := world.Serve(t, "registry-1.docker.io:443", world.Public, "library/nginx")
				dir := certsDir(t, oneMirror)
				if err := os.WriteFile(filepath.Join(dir, "docker.io", "hosts.toml"), []byte(row.file), 0o600); err != nil {
					t.Fatal(err)
				}
				ctx, messages := logged(t)
				if _, err := v.Pull(ctx, dir, "nginx", dial); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(messages.String(), "failed to decode") {
					t.Errorf("the log says nothing of it: %s", messages)
				}
				if len(mirror.Requests()) > 0 || len(upstream.Requests()) == 0 {
					t.Errorf("mirror: %v, upstream: %v", mirror.Paths(), upstream.Paths())
				}
			})
		})
	}
}

// A misspelt field is dropped without a word, here the one that keeps a path
// prefix from being asked for as /v2/hub/v2/library/nginx.
func TestContainerdDropsAMisspeltFieldThatGenRefuses(t *testing.T) {
	const file = "server = \"https://cr.example.com/v2/hub\"\noverride_paht = true\n"
	if err := node.Verify("containerd/certs.d/docker.io/hosts.toml", []byte(file)); err == nil {
		t.Error("gen takes the file too")
	}
	eachVersion(t, func(t *testing.T, v Version) {
		mirror := world.Serve(t, "cr.example.com:443", world.Public, "hub/library/nginx")
		dir := certsDir(t, oneMirror)
		if err := os.WriteFile(filepath.Join(dir, "docker.io", "hosts.toml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, _ := logged(t)
		if _, err := v.Pull(ctx, dir, "nginx", dial); err == nil {
			t.Fatal("the image was pulled")
		}
		if first := mirror.Paths()[0]; first != "/v2/hub/v2/library/nginx/manifests/latest" {
			t.Errorf("asked for %s", first)
		}
	})
}
