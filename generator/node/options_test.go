package node_test

import (
	"slices"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

func TestOptionsAreChecked(t *testing.T) {
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com")
	for _, row := range []struct {
		why     string
		options node.Options
		want    string
	}{
		{"no runtime", node.Options{}, "no runtime; name some of containerd, crio, docker, k3s"},
		{"an unknown runtime", node.Options{Runtimes: []string{"crio", "podman"}}, `runtime "podman": not known; the runtimes are containerd, crio, docker, k3s`},
		{"an unknown installer", node.Options{Runtimes: []string{"crio"}, Installer: "ansible"}, `installer "ansible": not known; it is script or daemonset`},
		{"a DaemonSet without an image", node.Options{Runtimes: []string{"crio"}, Installer: "daemonset"}, "the installer daemonset has to run an image; name one that a mirror serves"},
		{"an image for nothing", node.Options{Runtimes: []string{"crio"}, Installer: "script", InstallerImage: "m.example.com/a"}, "an installer image is for the installer daemonset alone; drop it, or ask for that installer"},
	} {
		if _, _, err := node.Render([]*spec.MirrorSet{set}, row.options); message(err) != row.want {
			t.Errorf("%s:\n got %v\nwant %s", row.why, err, row.want)
		}
	}
}

func TestTheOrderOfRuntimesAndSetsHasNoMeaning(t *testing.T) {
	one := mirrors(t, "registries: [{host: 'a.example.com:1', transport: http}, {host: b.example.com, transport: https-skip-verify}]", "source: docker.io, mirror: m.example.com", "source: quay.io, mirror: m.example.com/quay")
	two := mirrors(t, "", "source: ghcr.io, mirror: n.example.com, fallbacks: [m.example.com]")
	two.Name = "two"
	want, _, err := node.Render([]*spec.MirrorSet{one, two}, node.Options{Runtimes: []string{"containerd", "crio", "k3s"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		got, _, err := node.Render([]*spec.MirrorSet{two, one}, node.Options{Runtimes: []string{"k3s", "crio", "containerd", "k3s"}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, want, func(a, b artifact.File) bool { return a.Path == b.Path && string(a.Data) == string(b.Data) }) {
			t.Fatalf("got %v\nwant %v", texts(got), texts(want))
		}
	}
	if !slices.IsSortedFunc(want, func(a, b artifact.File) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	}) {
		t.Error("the files are not sorted")
	}
}

func TestEveryFileIsKnownAsGenerated(t *testing.T) {
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com, transport: http")
	set.Positions[""] = spec.Position{File: "/home/me/secret project/mirrors.yaml", Line: 1, Column: 1}
	files, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: node.Runtimes()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changes, err := artifact.Nodes.Compare(dir, files)
	if err != nil {
		t.Fatal(err)
	}
	if err := artifact.Write(dir, changes); err != nil {
		t.Fatal(err)
	}
	// Without a set that needs them, every one of them is an orphan.
	orphans, err := artifact.Nodes.Compare(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(orphans) != len(files) {
		t.Errorf("%d files, %d orphans: %v", len(files), len(orphans), orphans)
	}
	for path, text := range texts(files) {
		hasNot(t, texts(files), path, "/home/me")
		if path != "docker/daemon.json" && !artifact.Nodes.IsGenerated([]byte(text)) {
			t.Errorf("%s: has no header", path)
		}
	}
}

func TestAHostHasOneTransport(t *testing.T) {
	one := mirrors(t, "", "source: docker.io, mirror: m.example.com, transport: http")
	for _, row := range []struct{ why, body, mirror, want string }{
		{"another mirror there", "", "source: quay.io, mirror: m.example.com/q",
			`m.yaml:6:5: spec.mirrors[0].transport: "m.example.com" is reached by https here and by http at m.yaml:6; a node has one way to each host: write the same transport`},
		{"a declared registry", "registries: [{host: m.example.com, transport: https-skip-verify}]", "source: quay.io, mirror: n.example.com",
			`m.yaml:7:49: spec.registries[0].transport: "m.example.com" is reached by https-skip-verify here and by http at m.yaml:6; a node has one way to each host: write the same transport`},
		{"the same", "registries: [{host: m.example.com, transport: http}]", "source: quay.io, mirror: n.example.com", ""},
	} {
		two := mirrors(t, row.body, row.mirror)
		two.Name = "two"
		_, _, err := node.Render([]*spec.MirrorSet{one, two}, node.Options{Runtimes: []string{node.CRIO}})
		if got := message(err); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.why, got, row.want)
		}
	}
}
