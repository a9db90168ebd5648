package installer_test

import (
	"os"
	"strings"
	"testing"
)

func TestAFolderThatGenNodesDidNotWriteLikeThisIsRefused(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIKEYKEYKEY\n-----END EC PRIVATE KEY-----\n"
	for _, row := range []struct {
		why    string
		change func(h *host)
		want   string
	}{
		{"a key in place of a CA", func(h *host) { h.put("trust/cr.example.com.crt", key) }, "trust/cr.example.com.crt: holds a private key, which belongs on no node; nothing was changed: delete it here, and make a new key"},
		{"a key behind a CA", func(h *host) { h.put("containerd/certs.d/cr.example.com/ca.crt", certificate()+key) }, "containerd/certs.d/cr.example.com/ca.crt: holds a private key"},
		{"a key of its own", func(h *host) {
			h.put("docker/certs.d/cr.example.com/client.key", strings.ReplaceAll(key, "EC ", "ENCRYPTED "))
		}, "docker/certs.d/cr.example.com/client.key: holds a private key"},
		{"no PEM", func(h *host) { h.put("trust/cr.example.com.crt", "<html>log in</html>") }, "trust/cr.example.com.crt: holds no PEM certificate; nothing was changed: run gen nodes again"},
		{"an empty file", func(h *host) { h.put("k3s/certs/cr.example.com.crt", "") }, "k3s/certs/cr.example.com.crt: holds no PEM certificate"},
		{"a host without hosts.toml", func(h *host) { h.put("containerd/certs.d/quay.io/ca.crt", certificate()) }, "containerd/certs.d/quay.io: has no hosts.toml; nothing was changed: run gen nodes again"},
		{"a name with a blank", func(h *host) { h.put("crio/registries.conf.d/a b.conf", "") }, "crio/registries.conf.d/a b.conf: gen nodes writes no such name; nothing was changed"},
		{"a name with a newline", func(h *host) { h.put("trust/a\nb.crt", certificate()) }, "gen nodes writes no such name"},
		{"a name that is a command", func(h *host) { h.put("trust/$(reboot).crt", certificate()) }, "trust/$(reboot).crt: gen nodes writes no such name"},
		{"no files", func(h *host) { h.take(h.out + "/containerd"); h.take(h.out + "/trust") }, ": holds nothing that gen nodes wrote; run this script where gen nodes put it"},
		{"a link where a file has to go", func(h *host) {
			must(h.t, os.MkdirAll(h.root+"/etc/containerd/certs.d/cr.example.com", 0o755), os.Symlink("/etc/shadow", h.root+"/etc/containerd/certs.d/cr.example.com/hosts.toml"))
		}, "/etc/containerd/certs.d/cr.example.com/hosts.toml: is a symbolic link; nothing was changed: make it a file, or remove it"},
		{"a folder where a file has to go", func(h *host) {
			must(h.t, os.MkdirAll(h.root+"/etc/containerd/certs.d/cr.example.com/hosts.toml", 0o755))
		}, "/etc/containerd/certs.d/cr.example.com/hosts.toml: is a folder; nothing was changed: move it away"},
		{"settings that are a link", func(h *host) {
			h.node("elsewhere.toml", "version = 2\n")
			h.take(h.root + "/etc/containerd/config.toml")
			must(h.t, os.Symlink("../../elsewhere.toml", h.root+"/etc/containerd/config.toml"))
		}, "/etc/containerd/config.toml: is a symbolic link; nothing was changed"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			h := cce(t)
			row.change(h)
			before := h.holds()
			said := h.want(2)
			if !strings.Contains(said, row.want) {
				t.Errorf("said %s\nwant %s", said, row.want)
			}
			if strings.Contains(said, "KEYKEY") || strings.Contains(said, "log in") {
				t.Errorf("what a file holds was printed: %s", said)
			}
			if h.holds() != before || h.calls() != "" {
				t.Error("something was changed")
			}
		})
	}
}

func TestTheCommandLineIsChecked(t *testing.T) {
	t.Parallel()
	h := cce(t)
	before := h.holds()
	for _, row := range []struct{ line, want string }{
		{"--root", "--root: needs a value; see install.sh --help"},
		{"--runtime", "--runtime: needs a value"},
		{"--root /nowhere-at-all", "--root /nowhere-at-all: is not a folder"},
		{"--verbose", "--verbose: not known; see install.sh --help"},
		{"rollback 1 2", "2: not known"},
		{"rollback first", "first: a backup is a number, or all; see install.sh status"},
		{"rollback ../1", "../1: a backup is a number, or all"},
		{"install status", "status: one command at a time"},
		{"status --dry-run", "--dry-run goes with install alone"},
		{"--force", "--force goes with rollback alone"},
		{"--hosts-only --runtime docker", "--hosts-only is for containerd alone"},
	} {
		status, stdout, stderr := h.call(strings.Fields(row.line)...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "install.sh: "+row.want) {
			t.Errorf("%s: exit status %d, said %s%s, want %s", row.line, status, stdout, stderr, row.want)
		}
	}
	if status, stdout, _ := h.call("--help"); status != 0 || !strings.HasPrefix(stdout, "usage: sh install.sh ") {
		t.Errorf("--help: exit status %d, said %s", status, stdout)
	}
	if h.holds() != before {
		t.Error("something was changed")
	}
}

func TestTheNodesOwnRootNeedsRoot(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.take(h.bin + "/id")
	h.executable(h.bin+"/id", "echo 1000")
	if status, _, stderr := h.call("status"); status != 2 || stderr != "install.sh: has to run as root: sudo sh install.sh\n" {
		t.Errorf("exit status %d, said %s", status, stderr)
	}
}
