package containerd

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// Registries on the machine itself, as a mirror and declared. containerd has a
// rule of its own for them, and the MirrorSet's transport has to go before it.
const local = pulltest.Head + `{mirrors: [{source: quay.io, mirror: "localhost:5000/quay"}], registries: [{host: "127.0.0.1:5000"}, {host: "[::1]:5000", caFile: ca.crt}, {host: "localhost:5001", transport: http}, {host: "localhost:5002", transport: https-skip-verify}]}`

// Why such a host has a file; that TLS is not verified either is what
// TestContainerdPullsFromAnImpostorOnTheMachineItselfWithoutTheFile shows.
func TestContainerdFallsBackToPlainHTTPAtALoopbackAddressThatNoFileNames(t *testing.T) {
	eachVersion(t, func(t *testing.T, v Version) {
		ctx, _ := logged(t)
		for _, host := range []string{"localhost:5000", "127.0.0.1:5000", "127.1.2.3:5000", "[::1]:5000"} {
			endpoints, err := v.Endpoints(ctx, t.TempDir(), host+"/acme/web")
			if err != nil || len(endpoints) != 1 || !slices.Contains(endpoints[0].Transports, runtimes.HTTP) {
				t.Errorf("%s: %v %v: it needs no file any more", host, endpoints, err)
			}
		}
	})
}

func TestContainerdReachesALoopbackAddressAsTheSetSays(t *testing.T) {
	private, err := loopback.NewAuthority("private")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(nodefiles.Render(t, local, map[string][]byte{"ca.crt": private.PEM()}, "containerd"), "containerd", "certs.d")
	for _, row := range []struct {
		why, host string
		authority *loopback.Authority
		transport string
		pulls     bool
	}{
		{"a mirror with a good certificate", "localhost:5000", world.Public, runtimes.HTTPS, true},
		{"a mirror whose certificate nobody vouches for", "localhost:5000", private, runtimes.HTTPS, false},
		{"a mirror without TLS", "localhost:5000", nil, runtimes.HTTPS, false},
		{"a declared registry whose certificate nobody vouches for", "127.0.0.1:5000", private, runtimes.HTTPS, false},
		{"a declared registry with a CA", "[::1]:5000", private, runtimes.HTTPS, true},
		{"a declared registry by plain HTTP", "localhost:5001", nil, runtimes.HTTP, true},
		{"a declared registry that is not verified", "localhost:5002", private, runtimes.HTTPSSkipVerify, true},
	} {
		t.Run(row.why, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, v Version) {
				world.Serve(t, row.host, row.authority, "quay/acme/web")
				ctx, _ := logged(t)
				endpoints, err := v.Endpoints(ctx, dir, row.host+"/quay/acme/web")
				if err != nil || len(endpoints) != 1 || !slices.Equal(endpoints[0].Transports, []string{row.transport}) {
					t.Errorf("%v, %v; wanted is %s", endpoints, err, row.transport)
				}
				if _, err := v.Pull(ctx, dir, row.host+"/quay/acme/web:1", dial); (err == nil) != row.pulls {
					t.Errorf("pulling: %v", err)
				}
			})
		})
	}
}

// The same without the file, which is what the file is for.
func TestContainerdPullsFromAnImpostorOnTheMachineItselfWithoutTheFile(t *testing.T) {
	private, err := loopback.NewAuthority("private")
	if err != nil {
		t.Fatal(err)
	}
	eachVersion(t, func(t *testing.T, v Version) {
		dir := certsDir(t, pulltest.Head+`{mirrors: [{source: quay.io, mirror: "localhost:5000/quay"}]}`)
		world.Serve(t, "localhost:5000", private, "quay/acme/web")
		ctx, _ := logged(t)
		if _, err := v.Pull(ctx, dir, "localhost:5000/quay/acme/web:1", dial); err == nil {
			t.Error("the image was pulled though the file is there")
		}
		if err := os.RemoveAll(filepath.Join(dir, "localhost_5000_")); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Pull(ctx, dir, "localhost:5000/quay/acme/web:1", dial); err != nil {
			t.Errorf("containerd needs no file any more: %v", err)
		}
	})
}
