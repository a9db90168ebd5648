package installer_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node/installer"
)

const hosts = "server = \"https://cr.example.com\"\n\n[host.\"https://cr.example.com\"]\n  ca = \"ca.crt\"\n"

// cce is a node of Huawei's CCE with containerd and a registry of a private CA:
// the document's own case.
func cce(t *testing.T) *host {
	t.Helper()
	h := newHost(t, "euleros-2.9")
	h.updateTrust()
	h.systemd("containerd")
	h.containerd("1.7.35")
	h.node("etc/containerd/config.toml", configured)
	h.put("containerd/certs.d/cr.example.com/hosts.toml", hosts)
	h.put("containerd/certs.d/cr.example.com/ca.crt", certificate())
	h.put("containerd/config-1.x.toml", "version = 2\n")
	h.put("trust/cr.example.com.crt", certificate())
	return h
}

const configured = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n"

func TestTheScriptIsKnownAsGenerated(t *testing.T) {
	t.Parallel()
	script, err := installer.Script()
	if err != nil {
		t.Fatal(err)
	}
	if !artifact.Nodes.IsGenerated(script) {
		t.Errorf("gen nodes would not overwrite its own script, which begins %q", script[:80])
	}
	if !bytes.HasPrefix(script, []byte("#!/bin/sh\n")) {
		t.Errorf("the script does not begin with its interpreter but with %q", script[:20])
	}
}

func TestTheFirstRunInstallsAndTheSecondHasNothingToDo(t *testing.T) {
	t.Parallel()
	for _, shell := range shells(t) {
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			t.Parallel()
			h := cce(t)
			h.shell = shell
			h.put("containerd/certs.d/a.example.com/hosts.toml", strings.ReplaceAll(hosts, "\"ca.crt", "\"../cr.example.com/ca.crt"))
			// As whoever copied the folder here has left it.
			must(t, os.Chmod(filepath.Join(h.out, "containerd/certs.d/cr.example.com/hosts.toml"), 0o700))
			before := h.holds()
			said := h.want(0)
			for _, line := range []string{
				"install /etc/containerd/certs.d/cr.example.com/ca.crt\n",
				"install /etc/containerd/certs.d/cr.example.com/hosts.toml\n",
				"install /etc/pki/ca-trust/source/anchors/mirrorgen-cr.example.com.crt\n",
				"run update-ca-trust extract\n", "restart containerd\n",
			} {
				if !strings.Contains(said, line) {
					t.Errorf("did not say %q but\n%s", line, said)
				}
			}
			// While hosts.toml names a CA that is not there, every pull fails.
			if strings.Index(said, "cr.example.com/ca.crt") > strings.Index(said, "certs.d/a.example.com/hosts.toml") {
				t.Errorf("a host was installed before the CA that it names:\n%s", said)
			}
			if h.read("etc/containerd/certs.d/cr.example.com/hosts.toml") != hosts || h.read("etc/containerd/certs.d/cr.example.com/ca.crt") != certificate() {
				t.Error("the files differ from what was generated")
			}
			if got, want := h.calls(), "update-ca-trust extract; systemctl restart containerd"; got != want {
				t.Errorf("ran %s\nwant %s", got, want)
			}
			for name, want := range map[string]os.FileMode{
				"etc/containerd/certs.d/cr.example.com": os.ModeDir | 0o755, "etc/containerd/certs.d/cr.example.com/hosts.toml": 0o644,
				"etc/pki/ca-trust/source/anchors/mirrorgen-cr.example.com.crt": 0o644, "var/lib/mirrorgen": os.ModeDir | 0o700,
			} {
				if info, err := os.Stat(filepath.Join(h.root, name)); err != nil || info.Mode() != want {
					t.Errorf("%s has mode %v (%v), want %v", name, info.Mode(), err, want)
				}
			}
			after := h.holds()
			if said := h.want(0); said != "nothing to do\n" {
				t.Errorf("the second run said\n%s", said)
			}
			if h.calls() != "" || h.holds() != after {
				t.Error("the second run did something")
			}
			h.want(0, "rollback")
			if got := h.holds(); got != before {
				t.Errorf("after the rollback the node holds\n%s\nbefore it held\n%s", got, before)
			}
		})
	}
}

// TestBusyBoxIsEnough: the image that the DaemonSet runs may hold nothing else.
func TestBusyBoxIsEnough(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Log("busybox is not on this machine: nothing to run the script in")
		return
	}
	h := cce(t)
	for _, tool := range append([]string{"sh"}, tools...) {
		h.take(filepath.Join(h.bin, tool))
	}
	h.tool("busybox")
	if out, err := exec.Command("busybox", "--install", "-s", h.bin).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h.take(filepath.Join(h.bin, "chroot"))
	h.executable(h.bin+"/chroot", `FAKE_ROOT=$1 exec sh "$1/usr/bin/$2" "$@"`)
	h.shell = []string{"busybox", "sh"}
	before := h.holds()
	h.want(0)
	if said := h.want(0); said != "nothing to do\n" {
		t.Errorf("the second run said\n%s", said)
	}
	h.want(0, "rollback")
	if h.holds() != before {
		t.Error("the rollback did not restore the node")
	}
}

func TestTheAnchorsAndTheirCommandAreThoseOfTheSystem(t *testing.T) {
	t.Parallel()
	const (
		rhel   = "/etc/pki/ca-trust/source/anchors update-ca-trust extract"
		debian = "/usr/local/share/ca-certificates update-ca-certificates"
		suse   = "/etc/pki/trust/anchors update-ca-certificates"
	)
	for _, row := range []struct{ why, release, want string }{
		{"the document's case; its os-release has no ID_LIKE", "euleros-2.9", rhel},
		{"with ID_LIKE", "euleros-2.8", rhel},
		{"CCE's newer system, without ID_LIKE", "hce-2.0", rhel},
		{"an ID with an upper case letter", "openeuler-22.03", rhel},
		{"the document's second case", "centos-7", rhel},
		{"like fedora", "rhel-9", rhel},
		{"three words in ID_LIKE", "rocky-9", rhel},
		{"the document says update-ca-trust, which Ubuntu does not have", "ubuntu-22.04", debian},
		{"no ID_LIKE", "debian-12", debian},
		{"ACK's Anolis 8", "anolis-8", rhel},
		{"Anolis 23 has no ID_LIKE", "anolis-23", rhel},
		{"ACK's own system", "alinux-3", rhel},
		{"TKE's own system", "tencentos-3", rhel},
		{"the server edition says nothing but its name", "kylin-v10", rhel},
		{"a folder of its own", "sles-15", suse},
	} {
		h := newHost(t, row.release)
		h.updateTrust()
		h.systemd()
		h.put("trust/10.0.0.1_5000_.crt", certificate())
		h.want(0)
		folder, command, _ := strings.Cut(row.want, " ")
		if got := h.calls(); got != command {
			t.Errorf("%s: %s: ran %q, want %q", row.release, row.why, got, command)
		}
		if h.read(folder+"/mirrorgen-10.0.0.1_5000_.crt") != certificate() {
			t.Errorf("%s: %s: the certificate differs", row.release, row.why)
		}
	}
}

func TestASystemThatIsNotKnownIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		make func(h *host)
		want string
	}{
		{"a family without a row", func(h *host) {}, "/etc/os-release: ID and ID_LIKE (arch) name no system whose trusted certificates this script knows how to add; nothing was changed: install trust/*.crt by hand, then delete the folder trust here"},
		{"no os-release", func(h *host) { h.take(h.root + "/etc/os-release") }, "/usr/lib/os-release: is not there, so the folder of trusted certificates is not known; nothing was changed"},
		{"a known family without its command", func(h *host) {
			h.node("etc/os-release", "ID=ubuntu\n")
			h.take(h.root + "/usr/bin/update-ca-certificates")
		}, "update-ca-certificates: is not on this node, so its trusted certificates cannot be updated; nothing was changed: install the package ca-certificates"},
		{"a desktop that says what it is like", func(h *host) {
			h.node("etc/os-release", "ID=kylin\nID_LIKE=debian\n")
			h.take(h.root + "/usr/bin/update-ca-certificates")
		}, "update-ca-certificates: is not on this node"},
	} {
		h := newHost(t, "arch")
		h.updateTrust()
		h.put("trust/cr.example.com.crt", certificate())
		h.put("containerd/certs.d/cr.example.com/hosts.toml", hosts)
		row.make(h)
		before := h.holds()
		if said := h.want(2, "--runtime", "containerd"); !strings.Contains(said, row.want) {
			t.Errorf("%s: said %s\nwant %s", row.why, said, row.want)
		}
		if h.holds() != before || h.calls() != "" {
			t.Errorf("%s: something was changed", row.why)
		}
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.take(h.root + "/etc/containerd/config.toml")
	before := h.holds()
	said := h.want(0, "--dry-run")
	for _, line := range []string{
		"would install /etc/containerd/certs.d/cr.example.com/hosts.toml\n", "would install /etc/containerd/config.toml\n",
		"would run update-ca-trust\n", "would restart containerd\n", "would do so only if containerd loads /etc/containerd/config.toml and reports no other change\n",
	} {
		if !strings.Contains(said, line) {
			t.Errorf("did not say %q but\n%s", line, said)
		}
	}
	if _, err := os.Stat(filepath.Join(h.root, "var")); err == nil {
		t.Error("a dry run left records")
	}
	if h.holds() != before || h.calls() != "" {
		t.Error("a dry run did something")
	}
}

func TestStatusTellsWhatIsNotInStep(t *testing.T) {
	t.Parallel()
	h := cce(t)
	if said := h.want(1, "status"); !strings.HasPrefix(said, "backups: none\nwould install ") {
		t.Errorf("before the first run: %s", said)
	}
	h.want(0)
	if said := h.want(0, "status"); said != "backups: 1 \nin step: nothing to do\n" {
		t.Errorf("after it: %s", said)
	}
	h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", "server = \"https://elsewhere.example\"\n")
	if said := h.want(1, "status"); said != "backups: 1 \nwould replace /etc/containerd/certs.d/cr.example.com/hosts.toml\n" {
		t.Errorf("after a change by hand: %s", said)
	}
}
