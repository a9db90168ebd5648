package installer_test

import (
	"os"
	"strings"
	"testing"
)

const (
	table1 = "[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n"
	table2 = "[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = \"/etc/containerd/certs.d\"\n"
	added  = "\n# Added by mirrorgen: install.sh rollback takes it away.\n"
)

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/containerd/" + name)
	must(t, err)
	return string(data)
}

func TestConfigPathIsSetWhereContainerdAgrees(t *testing.T) {
	t.Parallel()
	default1, default2 := testdata(t, "default-1.7.35.toml"), testdata(t, "default-2.4.2.toml")
	for _, row := range []struct{ why, version, have, want string }{
		{"no file, 1.x", "1.7.35", "", "version = 2\n\n" + table1},
		{"no file, 2.x", "2.4.2", "", "version = 3\n\n" + table2},
		{"a file without the table", "1.7.35", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"a/pause:1\"\n",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"a/pause:1\"\n" + added + table1},
		{"a file of version 2 under 2.x keeps its version, and its names", "2.4.2", "version = 2\n", "version = 2\n" + added + table1},
		{"a file of version 3", "2.4.2", "version = 3 # current\n", "version = 3 # current\n" + added + table2},
		{"a table with other keys", "2.4.2", "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry] # ours\n  # why\n  other = 1\n",
			"version = 3\n[plugins.'io.containerd.cri.v1.images'.registry] # ours\n      config_path = \"/etc/containerd/certs.d\"\n  # why\n  other = 1\n"},
		{"what 1.7.35 prints as its default", "1.7.35", default1, strings.Replace(default1, "      config_path = \"\"\n\n      [plugins.\"io.containerd.grpc.v1.cri\".registry.auths]", "      config_path = \"/etc/containerd/certs.d\"\n\n      [plugins.\"io.containerd.grpc.v1.cri\".registry.auths]", 1)},
		{"what 2.4.2 prints as its default", "2.4.2", default2, strings.Replace(default2, "registry]\n      config_path = ''\n", "registry]\n      config_path = \"/etc/containerd/certs.d\"\n", 1)},
		{"set already", "1.7.35", configured, configured},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			h := cce(t)
			h.containerd(row.version)
			h.take(h.root + "/etc/containerd")
			if row.have != "" {
				h.node("etc/containerd/config.toml", row.have)
			}
			before := h.holds()
			h.want(0)
			if got := h.read("etc/containerd/config.toml"); got != row.want {
				t.Errorf("config.toml is\n%s\nwant\n%s", got, row.want)
			}
			if said := h.want(0); said != "nothing to do\n" {
				t.Errorf("the second run said %s", said)
			}
			h.want(0, "rollback")
			if h.holds() != before {
				t.Error("the rollback did not restore the node")
			}
		})
	}
}

func TestConfigPathIsLeftToItsOwnerWhereContainerdDoesNotAgree(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why, version, have string
		change             func(h *host)
		want               string
	}{
		{why: "another folder", have: strings.ReplaceAll(configured, "/etc/containerd/certs.d", "/opt/certs.d"), want: "config_path is \"/opt/certs.d\", another folder"},
		{why: "a list, the trap of 2.2 and later", version: "2.4.2", have: "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = '/etc/containerd/certs.d:/etc/docker/certs.d'\n",
			want: "config_path is \"/etc/containerd/certs.d:/etc/docker/certs.d\", a list, which containerd's transfer service does not split"},
		{why: "mirrors of the old form", have: "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\n  endpoint = [\"https://a.example\"]\n",
			want: "it has registry.mirrors or registry.configs.*.tls, with which containerd does not start once config_path is set: move them to certs.d first"},
		{why: "TLS of the old form", have: "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"a.example\".tls]\n  insecure_skip_verify = true\n",
			want: "it has registry.mirrors or registry.configs.*.tls, with which containerd does not start once config_path is set: move them to certs.d first"},
		{why: "a file of version 1", have: "root = \"/var/lib/containerd\"\n", want: "it has no \"version = 2\" or later"},
		{why: "a dotted key, to which no table can be added", have: "version = 2\nplugins.\"io.containerd.grpc.v1.cri\".registry.config_path = \"\"\n",
			want: "containerd cannot load it with config_path added at the end or in its table"},
		{why: "a containerd that reads something else from it", have: "version = 2\n", change: func(h *host) {
			h.executable(h.root+"/usr/bin/containerd", `shift 2
[ "$1" != --version ] || { echo containerd containerd.io 1.6.33 d2d58213f83a; exit; }
cat "$FAKE_ROOT$2"; case $2 in *.tmp) echo 'oom_score = -999' ;; esac`)
		}, want: "containerd would read more or less than config_path from it"},
		{why: "a containerd that an import tells otherwise", have: "version = 2\n", change: func(h *host) {
			h.executable(h.root+"/usr/bin/containerd", `shift 2
[ "$1" != --version ] || { echo containerd containerd.io 1.6.33 d2d58213f83a; exit; }
echo version = 2`)
		}, want: "containerd would read more or less than config_path from it"},
		{why: "no containerd to ask", have: "version = 2\n", change: func(h *host) { h.take(h.root + "/usr/bin/containerd") },
			want: "does not set config_path, and containerd is not here to check a change"},
		{why: "neither containerd nor a file", change: func(h *host) { h.take(h.root + "/usr/bin/containerd"); h.take(h.root + "/etc/containerd/config.toml") },
			want: "is not there, and neither is containerd, whose version decides what it has to say"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			h := cce(t)
			table := table1
			if row.version != "" {
				h.containerd(row.version)
				table = table2
			}
			h.node("etc/containerd/config.toml", row.have)
			if row.change != nil {
				row.change(h)
			}
			before := h.holds()
			said := h.want(2)
			want := "install.sh: /etc/containerd/config.toml: " + row.want + "; nothing was changed. Set this by hand, restart containerd and run install.sh again, or run it with --hosts-only:\n" + table
			if !strings.Contains(said, want) {
				t.Errorf("said %s\nwant %s", said, want)
			}
			if h.holds() != before || h.calls() != "" {
				t.Error("something was changed")
			}
			// The way out that the message names.
			h.want(0, "--hosts-only")
			if h.read("etc/containerd/certs.d/cr.example.com/hosts.toml") != hosts {
				t.Error("--hosts-only did not install the hosts")
			}
		})
	}
}

func TestAConfigThatContainerdCannotLoadIsNotTouched(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.node("etc/containerd/config.toml", "version = 2\n[debug]\n[debug]\n")
	before := h.holds()
	want := "install.sh: /etc/containerd/config.toml: containerd itself cannot load it; nothing was changed: mend it first, see: containerd --config /etc/containerd/config.toml config dump\n"
	if said := h.want(2, "--runtime", "containerd"); said != want {
		t.Errorf("said %s\nwant %s", said, want)
	}
	if h.holds() != before {
		t.Error("something was changed")
	}
}

func TestWithoutContainerdAFileThatSetsConfigPathIsEnough(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.take(h.root + "/usr/bin/containerd")
	h.want(0)
	if h.read("etc/containerd/config.toml") != configured {
		t.Error("the file was changed")
	}
}

func TestHostsOnlyTouchesTheHostsAlone(t *testing.T) {
	t.Parallel()
	h := everything(t)
	h.take(h.root + "/etc/containerd/config.toml")
	h.take(h.root + "/etc/os-release")
	before := h.holds()
	said := h.want(0, "--hosts-only")
	if want := "install /etc/containerd/certs.d/cr.example.com/ca.crt\ninstall /etc/containerd/certs.d/cr.example.com/hosts.toml\nbackup 1 holds what was replaced; sh install.sh rollback --hosts-only undoes this\n"; said != want {
		t.Errorf("said %s\nwant %s", said, want)
	}
	if h.calls() != "" {
		t.Error("a command was run")
	}
	if said := h.want(0, "--hosts-only"); said != "nothing to do\n" {
		t.Errorf("the second run said %s", said)
	}
	if said := h.want(2, "rollback"); !strings.Contains(said, "nothing to roll back") {
		t.Errorf("a rollback of the other kind of install: %s", said)
	}
	h.want(0, "rollback", "all", "--hosts-only")
	if h.holds() != before {
		t.Error("the rollback did not restore the node")
	}
}
