package containerd

import "testing"

// The default of containerd 2.2 and later, and why gen writes one folder.
func TestTransferServiceAsksNoMirrorWhereConfigPathIsAList(t *testing.T) {
	mirror := world.Serve(t, "cr.example.com:443", world.Public, "library/nginx")
	upstream := world.Serve(t, "registry-1.docker.io:443", world.Public, "library/nginx")
	ctx, _ := logged(t)
	if _, err := Transfer(ctx, certsDir(t, oneMirror)+":/etc/docker/certs.d", "nginx"); err != nil {
		t.Fatal(err)
	}
	if len(mirror.Requests()) > 0 || len(upstream.Requests()) == 0 {
		t.Errorf("a list of folders works now; mirror: %v, upstream: %v", mirror.Paths(), upstream.Paths())
	}
}
