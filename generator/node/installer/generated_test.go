package installer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/node/installer"
	"mirrorgen.dev/gen/generator/spec"
)

const mirrorSet = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: set}
spec:
  mirrors:
  - {source: docker.io, mirror: cr.example.com, caFile: ca.crt}
  registries:
  - {host: "10.0.0.1:5000", transport: http}
  nodes: {fallbackToUpstream: true, onUnsupported: skip}
`

func TestWhatGenNodesWritesIsInstalledWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "mirrors.yaml"), []byte(mirrorSet), 0o644), os.WriteFile(filepath.Join(dir, "ca.crt"), []byte(certificate()), 0o644))
	sets, err := spec.ParseFile(filepath.Join(dir, "mirrors.yaml"))
	must(t, err)
	files, _, err := node.Render(sets, node.Options{Runtimes: node.Runtimes(), Installer: "daemonset", InstallerImage: "cr.example.com/library/busybox:1.37"})
	must(t, err)
	h := everything(t)
	h.take(h.out)
	generated := map[string]string{}
	for _, file := range files {
		generated[file.Path] = string(file.Data)
		h.put(file.Path, string(file.Data))
	}
	h.want(0)
	for folder, place := range map[string]string{
		"containerd/certs.d/": node.ContainerdCertsFolder, "crio/": "/etc/containers", "docker/certs.d/": "/etc/docker/certs.d",
		"docker/daemon.json": "/etc/docker/daemon.json", "k3s/registries.yaml": "/etc/rancher/k3s/registries.yaml", "k3s/certs/": node.K3sCertificates,
	} {
		found := 0
		for path, text := range generated {
			rest, ok := strings.CutPrefix(path, folder)
			if !ok || strings.HasSuffix(path, ".generated") {
				continue
			}
			found++
			if h.read(filepath.Join(place, rest)) != text {
				t.Errorf("%s is not on the node as it was generated", path)
			}
		}
		if found == 0 {
			t.Errorf("nothing was generated below %s", folder)
		}
	}
	if said := h.want(0, "status"); said != "backups: 1 \nin step: nothing to do\n" {
		t.Errorf("status says %s", said)
	}
	if !strings.Contains(generated["containerd/config-1.x.toml"], `[plugins."io.containerd.grpc.v1.cri".registry]`) || !strings.Contains(generated["containerd/config-1.x.toml"], table1[strings.Index(table1, "\n"):]) {
		t.Errorf("the fragment sets config_path otherwise than install.sh does:\n%s", generated["containerd/config-1.x.toml"])
	}
	if installer.CertsFolder != node.ContainerdCertsFolder {
		t.Errorf("the DaemonSet writes to %s", installer.CertsFolder)
	}
}

// TestTheDaemonSetIsNotRewritten: its image is on the mirror, so the policies of
// the same MirrorSet leave it as it is.
func TestTheDaemonSetIsNotRewritten(t *testing.T) {
	t.Parallel()
	sets, err := spec.Parse("mirrors.yaml", []byte(strings.Replace(mirrorSet, ", caFile: ca.crt", "", 1)))
	must(t, err)
	plan := mirror.Compile(sets[0])
	for _, object := range objects(t, render(t, generatedFiles(), "cr.example.com/library/busybox:1.37")) {
		if object["kind"] != "DaemonSet" {
			continue
		}
		var set daemonSet
		strictly(t, object, &set)
		pod := set.Spec.Template.Spec
		for _, c := range append(pod.InitContainers, pod.Containers...) {
			if r := plan.Rewrite(c.Image); r.Status == mirror.Rewritten || r.Image != c.Image {
				t.Errorf("%s becomes %s", c.Image, r.Image)
			}
			if r := plan.Rewrite("busybox:1.37"); r.Image != c.Image {
				t.Errorf("the plan rewrites nothing: busybox becomes %s", r.Image)
			}
		}
	}
}
