package containerd

import (
	"os"
	"path/filepath"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
)

// Since 2.2 the default is two folders with a colon between them, which the
// transfer service takes for the name of one: see
// TestTransferServiceAsksNoMirrorWhereConfigPathIsAList.
func TestConfigFragmentsNameOneFolderUnderThePluginOfTheirVersion(t *testing.T) {
	dir := nodefiles.Render(t, oneMirror, nil, "containerd")
	ctx, _ := logged(t)
	one, err := Settings1(filepath.Join(dir, "containerd", "config-1.x.toml"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Settings2(ctx, filepath.Join(dir, "containerd", "config-2.x.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for version, settings := range map[string]Settings{"1.x": one, "2.x": two} {
		if settings.Registry.ConfigPath != "/etc/containerd/certs.d" {
			t.Errorf("%s: config_path is %q", version, settings.Registry.ConfigPath)
		}
	}
}

// imports writes the config.toml of a node that imports a fragment.
func imports(t *testing.T, fragment, config string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte("imports = [\""+fragment+"\"]\n"+config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// So the fragment has to be merged into config.toml on a 1.x node.
func TestContainerd1ForgetsItsOtherSettingsWhereTheFragmentIsImported(t *testing.T) {
	fragment := filepath.Join(nodefiles.Render(t, oneMirror, nil, "containerd"), "containerd", "config-1.x.toml")
	settings, err := Settings1(imports(t, fragment, "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"cr.example.com/pause:3.10\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Registry.ConfigPath == "" || settings.SandboxImage != "" {
		t.Errorf("%+v: an import is no longer all or nothing; the documentation says that it is", settings)
	}
}

func TestContainerd2KeepsItsOtherSettingsWhereTheFragmentIsImported(t *testing.T) {
	fragment := filepath.Join(nodefiles.Render(t, oneMirror, nil, "containerd"), "containerd", "config-2.x.toml")
	ctx, _ := logged(t)
	settings, err := Settings2(ctx, imports(t, fragment, "version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\nmax_concurrent_downloads = 7\n"))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Registry.ConfigPath == "" || settings.MaxConcurrentDownloads != 7 {
		t.Errorf("%+v: an import replaces what the node has set", settings)
	}
}
