package containerd

import (
	"path/filepath"
	"slices"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// runAll runs every pull that containerd is capable of.
func runAll(t *testing.T, pull func(t *testing.T, dir, image string) ([]string, error)) {
	for _, p := range slices.Concat(pulltest.Pulls(), pulltest.FallbackPaths(), pulltest.WithoutUpstream(), pulltest.ShortNames()) {
		p.Run(t, &world, "containerd", pull)
	}
}

func TestContainerd(t *testing.T) {
	eachVersion(t, func(t *testing.T, v Version) {
		runAll(t, func(t *testing.T, dir, image string) ([]string, error) {
			ctx, _ := logged(t)
			return v.Pull(ctx, filepath.Join(dir, "containerd", "certs.d"), image, dial)
		})
	})
}

// How containerd 2.x pulls unless its configuration rules it out.
func TestContainerdTransferService(t *testing.T) {
	runAll(t, func(t *testing.T, dir, image string) ([]string, error) {
		ctx, _ := logged(t)
		return Transfer(ctx, filepath.Join(dir, "containerd", "certs.d"), image)
	})
}

// By the parameter "ns" a mirror that serves several registries from one root
// knows which is meant.
func TestContainerdNamesTheSourceToTheMirror(t *testing.T) {
	eachVersion(t, func(t *testing.T, v Version) {
		mirror := world.Serve(t, "cr.example.com:443", world.Public, "library/nginx")
		ctx, _ := logged(t)
		if _, err := v.Pull(ctx, certsDir(t, oneMirror), "nginx", dial); err != nil {
			t.Fatal(err)
		}
		for _, request := range mirror.Requests() {
			if request.Namespace != "docker.io" {
				t.Errorf("%s %s: ns=%q", request.Method, request.Path, request.Namespace)
			}
		}
	})
}
