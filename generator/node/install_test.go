package node_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

func TestTheInstallersImageComesFromAMirror(t *testing.T) {
	digest := strings.Repeat("a", 64)
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com/hub, fallbacks: [f.example.com/docker, o.example.com]", "source: quay.io, mirror: 'n.example.com:5000', transport: http, fallbacks: [m.example.com/hub/quay]")
	for _, row := range []struct{ why, image, refused, noted string }{
		{"below a mirror", "m.example.com/hub/library/busybox:1", "", ""},
		{"what a mirror serves, under its old name", "busybox:1", `installer image "busybox:1": comes from no mirror, and the nodes may not reach its registry; write "m.example.com/hub/library/busybox:1"`, ""},
		{"from elsewhere", "ghcr.io/a/b", `installer image "ghcr.io/a/b": comes from no mirror, and the nodes may not reach its registry; name an image below m.example.com/hub or n.example.com:5000`, ""},
		{"beside a mirror", "m.example.com/hub2/busybox", `installer image "m.example.com/hub2/busybox": comes from no mirror, and the nodes may not reach its registry; name an image below m.example.com/hub or n.example.com:5000`, ""},
		{"the mirror itself", "m.example.com/hub", `installer image "m.example.com/hub": comes from no mirror, and the nodes may not reach its registry; name an image below m.example.com/hub or n.example.com:5000`, ""},
		{"from a fallback", "f.example.com/docker/library/busybox:1@sha256:" + digest, `installer image "f.example.com/docker/library/busybox:1@sha256:` + digest + `": comes from a fallback, which admission does not count as a mirror; write "m.example.com/hub/library/busybox:1@sha256:` + digest + `"`, ""},
		{"from a fallback that is a whole host", "o.example.com/a", `installer image "o.example.com/a": comes from a fallback, which admission does not count as a mirror; write "m.example.com/hub/a:latest"`, ""},
		{"from a fallback that lies below a mirror", "m.example.com/hub/quay/a/b", "", ""},
		{"beside a fallback", "f.example.com/docker2/busybox", `installer image "f.example.com/docker2/busybox": comes from no mirror, and the nodes may not reach its registry; name an image below m.example.com/hub or n.example.com:5000`, ""},
		{"the fallback itself", "f.example.com/docker", `installer image "f.example.com/docker": comes from no mirror, and the nodes may not reach its registry; name an image below m.example.com/hub or n.example.com:5000`, ""},
		{"no image", "Busybox", `installer image "Busybox": `, ""},
		{"from a mirror that nodes cannot reach yet", "n.example.com:5000/a/b", "", `installer image "n.example.com:5000/a/b": n.example.com:5000 is not reached by plain HTTPS, so that a node can pull it only after its installation; preload it`},
	} {
		files, skipped, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.Containerd}, Installer: "daemonset", InstallerImage: row.image})
		if row.refused != "" {
			if !strings.HasPrefix(message(err), row.refused) {
				t.Errorf("%s:\n got %v\nwant %s", row.why, err, row.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if got := spec.Problems(skipped).Error(); got != row.noted {
			t.Errorf("%s:\n got %s\nwant %s", row.why, got, row.noted)
		}
		manifest := false
		for _, file := range files {
			manifest = manifest || strings.HasPrefix(file.Path, "daemonset/") && strings.Contains(string(file.Data), row.image)
			if file.Path != "docker/daemon.json" && !artifact.Nodes.IsGenerated(file.Data) {
				t.Errorf("%s: has no header", file.Path)
			}
		}
		if !manifest {
			t.Errorf("%s: no manifest runs it", row.why)
		}
	}
}

// A fallback on Docker Hub that a mirror serves is written as admission would write it.
func TestTheInstallersImageOfAFallbackOnDockerHub(t *testing.T) {
	for _, row := range []struct{ why, source, want string }{
		{"served by no mirror", "quay.io", `comes from a fallback, which admission does not count as a mirror; write "m.example.com/a/busybox:1"`},
		{"served by the mirror", "docker.io", `comes from no mirror, and the nodes may not reach its registry; write "m.example.com/a/acme/busybox:1"`},
	} {
		set := mirrors(t, "", "source: "+row.source+", mirror: m.example.com/a, fallbacks: [index.docker.io/acme]")
		_, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.Containerd}, Installer: "daemonset", InstallerImage: "acme/busybox:1"})
		if got, want := message(err), `installer image "acme/busybox:1": `+row.want; got != want {
			t.Errorf("%s:\n got %s\nwant %s", row.why, got, want)
		}
	}
}

func TestTheInstallerIsRenderedWhereItIsAskedFor(t *testing.T) {
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com")
	for _, row := range []struct {
		why, installer string
		want           bool
	}{{"not asked for", "", false}, {"asked for", "script", true}} {
		files, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.CRIO}, Installer: row.installer})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := texts(files)["install.sh"]; got != row.want {
			t.Errorf("%s: %v", row.why, got)
		}
	}
}

// Without a file there is nothing to install.
func TestNothingIsInstalledWhereNothingIsRendered(t *testing.T) {
	set := mirrors(t, "nodes: {onUnsupported: skip}", "source: docker.io/library, mirror: m.example.com")
	files, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.Containerd}, Installer: "script"})
	if err != nil || len(files) != 0 {
		t.Errorf("got %v, %v", texts(files), err)
	}
}
