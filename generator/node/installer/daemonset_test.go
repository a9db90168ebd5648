package installer_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/node/installer"
)

var update = flag.Bool("update", false, "write the golden files")

const image = "cr.example.com/dockerhub/library/busybox:1.37"

// generatedFiles are what gen nodes writes for two hosts, and files of other
// runtimes, which the DaemonSet passes over.
func generatedFiles() []artifact.File {
	return []artifact.File{
		{Path: "containerd/certs.d/10.0.0.1_5000_/hosts.toml", Data: []byte("server = \"http://10.0.0.1:5000\"\n")},
		{Path: "containerd/certs.d/cr.example.com/ca.crt", Data: []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")},
		{Path: "containerd/certs.d/cr.example.com/hosts.toml", Data: []byte("server = \"https://cr.example.com\"\n\n[host.\"https://cr.example.com\"]\n  ca = \"ca.crt\"\n")},
		{Path: "containerd/config-2.x.toml", Data: []byte("version = 3\n")},
		{Path: "docker/daemon.json", Data: []byte("{}\n")},
		{Path: "trust/cr.example.com.crt", Data: []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")},
	}
}

func render(t *testing.T, files []artifact.File, image string) []artifact.File {
	t.Helper()
	manifests, err := installer.DaemonSet(files, image)
	must(t, err)
	return manifests
}

// objects reads the manifests back, each into its place.
func objects(t *testing.T, files []artifact.File) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, file := range files {
		reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
		doc, err := reader.Next()
		must(t, err)
		object, err := doc.Object()
		must(t, err)
		all = append(all, object)
	}
	return all
}

func TestTheManifestsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	script, err := installer.Script()
	must(t, err)
	for _, file := range render(t, generatedFiles(), image) {
		if !artifact.Nodes.IsGenerated(file.Data) {
			t.Errorf("%s: has no header of gen nodes", file.Path)
		}
		golden := filepath.Join("testdata", filepath.FromSlash(file.Path))
		// The script is in the golden file by its name, so that each change of
		// it does not change this file too; nor does the digest.
		text := bytes.ReplaceAll(file.Data, indented(script), []byte("    (install.sh)\n"))
		text = regexp.MustCompile(`sha256:[0-9a-f]{64}`).ReplaceAll(text, []byte("sha256:(digest)"))
		if *update {
			must(t, os.MkdirAll(filepath.Dir(golden), 0o755), os.WriteFile(golden, text, 0o644))
		}
		want, err := os.ReadFile(golden)
		must(t, err)
		if !bytes.Equal(text, want) {
			t.Errorf("%s is\n%s\nwant\n%s", file.Path, text, want)
		}
	}
}

// indented is the script as a block of YAML.
func indented(script []byte) []byte {
	var out strings.Builder
	for line := range strings.SplitAfterSeq(string(script), "\n") {
		if line != "\n" && line != "" {
			out.WriteString("    ")
		}
		out.WriteString(line)
	}
	return []byte(out.String())
}

func TestTheDaemonSetHasTheLeastThatItsWorkNeeds(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t, generatedFiles(), image))
	var namespace configMap
	strictly(t, all[0], &namespace)
	for _, mode := range []string{"enforce", "audit", "warn"} {
		if namespace.Metadata.Labels["pod-security.kubernetes.io/"+mode] != "privileged" {
			t.Errorf("the namespace does not %s the level that a hostPath needs", mode)
		}
	}
	var set daemonSet
	strictly(t, all[len(all)-1], &set)
	for _, object := range all[1:] {
		if got := object["metadata"].(map[string]any)["namespace"]; got != namespace.Metadata.Name {
			t.Errorf("%s is in namespace %v", object["kind"], got)
		}
	}
	if !reflect.DeepEqual(set.Spec.Selector.MatchLabels, map[string]string{"app.kubernetes.io/name": "mirrorgen-nodes"}) ||
		set.Spec.Template.Metadata.Labels["app.kubernetes.io/name"] != "mirrorgen-nodes" {
		t.Error("the selector does not match the Pods")
	}
	if set.Spec.UpdateStrategy.Type != "RollingUpdate" || set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable != 1 {
		t.Errorf("the update strategy is %v", set.Spec.UpdateStrategy)
	}
	pod := set.Spec.Template.Spec
	if *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks || pod.SecurityContext.SeccompProfile.Type != "RuntimeDefault" {
		t.Error("the Pod has more than it needs")
	}
	if !reflect.DeepEqual(pod.Tolerations, []map[string]string{{"operator": "Exists"}}) || pod.NodeSelector["kubernetes.io/os"] != "linux" {
		t.Error("the Pod does not run on every Linux node")
	}
	var paths []string
	for _, v := range pod.Volumes {
		if v.HostPath != nil {
			paths = append(paths, v.HostPath.Path+" "+v.HostPath.Type)
		}
	}
	if want := []string{"/etc/containerd/certs.d DirectoryOrCreate", "/var/lib/mirrorgen/hosts-only DirectoryOrCreate"}; !reflect.DeepEqual(paths, want) {
		t.Errorf("the Pod mounts %v of the node, want %v", paths, want)
	}
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		s := c.SecurityContext
		if c.Image != image || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !reflect.DeepEqual(s.Capabilities.Drop, []string{"ALL"}) || c.Resources.Limits["memory"] == "" {
			t.Errorf("container %s: %+v", c.Name, c)
		}
	}
	if idle := pod.Containers[0]; !*idle.SecurityContext.RunAsNonRoot || *idle.SecurityContext.RunAsUser == 0 || len(idle.VolumeMounts) != 0 {
		t.Errorf("the container that stays has rights: %+v", idle)
	}
}

// TestThePodSeesWhatTheScriptReads lays the volume out as the kubelet does, with
// its symbolic links, and runs the init container's command on it.
func TestThePodSeesWhatTheScriptReads(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t, generatedFiles(), image))
	var set daemonSet
	strictly(t, all[len(all)-1], &set)
	data := map[string]map[string]string{}
	for _, object := range all[1 : len(all)-1] {
		var m configMap
		strictly(t, object, &m)
		data[m.Metadata.Name] = m.Data
	}
	h := newHost(t, "euleros-2.9")
	h.take(h.out)
	pod := set.Spec.Template.Spec
	const payload = "..2026_01_01_00_00_00.1"
	tops := map[string]bool{}
	for _, source := range pod.Volumes[0].Projected.Sources {
		for _, item := range source.ConfigMap.Items {
			text, found := data[source.ConfigMap.Name][item.Key]
			if !found {
				t.Errorf("%s has no key %s", source.ConfigMap.Name, item.Key)
			}
			h.put(payload+"/"+item.Path, text)
			top, _, _ := strings.Cut(item.Path, "/")
			tops[top] = true
		}
	}
	must(t, os.Symlink(payload, h.out+"/..data"))
	for top := range tops {
		must(t, os.Symlink("..data/"+top, h.out+"/"+top))
	}
	command := pod.InitContainers[0].Command
	if want := []string{"sh", "/mirrorgen/install.sh", "install", "--hosts-only", "--root", "/host"}; !reflect.DeepEqual(command, want) {
		t.Fatalf("the command is %q", command)
	}
	h.want(0, command[2:4]...)
	for _, file := range generatedFiles()[:3] {
		if got := h.read("etc/" + file.Path); got != string(file.Data) {
			t.Errorf("%s holds %q", file.Path, got)
		}
	}
	mounts := map[string]string{}
	for _, mount := range pod.InitContainers[0].VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	if mounts["files"] != "/mirrorgen" || mounts["certs"] != "/host/etc/containerd/certs.d" || mounts["state"] != "/host/var/lib/mirrorgen/hosts-only" || mounts["tmp"] != "/tmp" {
		t.Errorf("the mounts are %v", mounts)
	}
}

func TestAChangeOfAFileRollsThePodsAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	digest := func(files []artifact.File) string {
		all := objects(t, render(t, files, image))
		var set daemonSet
		strictly(t, all[len(all)-1], &set)
		return set.Spec.Template.Metadata.Annotations["mirrorgen.dev/files"]
	}
	first := digest(generatedFiles())
	if !strings.HasPrefix(first, "sha256:") || digest(generatedFiles()) != first {
		t.Errorf("the digest is %q and not the same twice", first)
	}
	changed := generatedFiles()
	changed[1].Data = append(changed[1].Data, '\n')
	moved := generatedFiles()
	moved[0].Path = "containerd/certs.d/10.0.0.2_5000_/hosts.toml"
	other := generatedFiles()
	other[4].Data = []byte("{\"debug\": true}\n")
	if digest(changed) == first || digest(moved) == first {
		t.Error("a change has the same digest")
	}
	if digest(other) != first {
		t.Error("a file that is not installed rolls the Pods")
	}
}

func TestWhatADaemonSetCannotInstallIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why   string
		files []artifact.File
		image string
		want  string
	}{
		{"no image", generatedFiles(), "", `installer image "": not an image; name one that a mirror serves`},
		{"a newline in it", generatedFiles(), "a\nb", `installer image "a\nb": not an image; name one that a mirror serves`},
		{"no file for containerd", generatedFiles()[3:], image, "installer daemonset: there are no files for containerd, which is all that it installs; add containerd to the runtimes, or use the installer script"},
		{"a file that no ConfigMap holds", []artifact.File{{Path: "containerd/certs.d/a.example/ca.crt", Data: make([]byte, 1<<20+1)}}, image,
			"containerd/certs.d/a.example/ca.crt: has 1048577 bytes, and a ConfigMap holds 1048576; name a CA file with the CAs of that host alone, or use the installer script"},
		{"a file that is no text", []artifact.File{{Path: "containerd/certs.d/a.example/hosts.toml", Data: []byte{0xff}}}, image, "encode YAML: text that is not UTF-8"},
	} {
		if files, err := installer.DaemonSet(row.files, row.image); err == nil || err.Error() != row.want || files != nil {
			t.Errorf("%s: %v, want %s", row.why, err, row.want)
		}
	}
}

func TestTheManifestsAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	first := render(t, generatedFiles(), image)
	for range 5 {
		if !reflect.DeepEqual(render(t, generatedFiles(), image), first) {
			t.Fatal("two runs differ")
		}
	}
}
