package installer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsNoLongerGeneratedGoes(t *testing.T) {
	t.Parallel()
	h := everything(t)
	h.node("etc/containerd/certs.d/quay.io/hosts.toml", "# by hand\n")
	h.node("etc/containerd/certs.d/cr.example.com/client.cert", "# by hand\n")
	h.put("containerd/certs.d/docker.io/hosts.toml", hosts)
	h.want(0)
	first := h.holds()
	h.calls()
	for _, name := range []string{"containerd/certs.d/docker.io", "containerd/certs.d/cr.example.com", "docker", "trust/cr.example.com.crt"} {
		h.take(filepath.Join(h.out, name))
	}
	h.put("containerd/certs.d/ghcr.io/hosts.toml", hosts)

	// Another runtime's files stay when it is not the one that was named.
	h.want(0, "--runtime", "containerd", "--dry-run")
	if h.holds() != first {
		t.Fatal("the dry run removed something")
	}
	said := h.want(0)
	for _, name := range []string{"/etc/containerd/certs.d/docker.io/hosts.toml", "/etc/containerd/certs.d/cr.example.com/ca.crt", "/etc/docker/certs.d/cr.example.com/ca.crt",
		"/etc/docker/daemon.json", "/etc/pki/ca-trust/source/anchors/mirrorgen-cr.example.com.crt"} {
		if !strings.Contains(said, "remove "+name+"\n") {
			t.Errorf("did not remove %s:\n%s", name, said)
		}
	}
	if _, err := os.Stat(filepath.Join(h.root, "etc/containerd/certs.d/docker.io")); err == nil {
		t.Error("the folder of a host without files stayed")
	}
	if h.read("etc/containerd/certs.d/quay.io/hosts.toml") != "# by hand\n" || h.read("etc/containerd/certs.d/cr.example.com/client.cert") != "# by hand\n" {
		t.Error("a file that was not ours went")
	}
	if strings.Contains(h.read("bundle"), "mirrorgen") {
		t.Error("the system trusts what was removed")
	}
	h.want(0, "rollback")
	if got := h.holds(); got != first {
		t.Errorf("after the rollback the node holds\n%s\nwant\n%s", got, first)
	}
}

func TestAnotherRuntimesFilesStayWhenOneIsNamed(t *testing.T) {
	t.Parallel()
	h := everything(t)
	h.want(0)
	h.take(h.out + "/docker/certs.d")
	h.take(h.out + "/crio")
	if said := h.want(0, "--runtime", "containerd"); said != "nothing to do\n" {
		t.Errorf("--runtime containerd said %s", said)
	}
	if said := h.want(0, "--runtime", "containerd,docker"); !strings.Contains(said, "remove /etc/docker/certs.d/cr.example.com/ca.crt\n") || strings.Contains(said, "containers") {
		t.Errorf("--runtime containerd,docker said %s", said)
	}
}

func TestAFileThatWasThereAlreadyStaysItsOwners(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", hosts)
	h.want(0)
	h.take(h.out + "/containerd/certs.d/cr.example.com")
	h.put("containerd/certs.d/docker.io/hosts.toml", hosts)
	h.want(0)
	if h.read("etc/containerd/certs.d/cr.example.com/hosts.toml") != hosts {
		t.Error("the file that somebody else wrote went")
	}
}

func TestARollbackRestoresEachStateBefore(t *testing.T) {
	t.Parallel()
	h := everything(t)
	h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", "# by hand\n")
	states := []string{h.holds()}
	for _, text := range []string{"# one\n", "# two\n", "# three\n", "# four\n"} {
		h.put("containerd/certs.d/cr.example.com/hosts.toml", text)
		h.put("trust/cr.example.com.crt", certificate()+text)
		h.want(0)
		states = append(states, h.holds())
	}
	check := func(why, want string) {
		t.Helper()
		if got := h.holds(); got != want {
			t.Errorf("%s: the node holds\n%s\nwant\n%s", why, got, want)
		}
	}
	h.calls()
	h.want(0, "rollback")
	check("the last one", states[3])
	if got := h.calls(); got != "update-ca-trust extract; systemctl restart containerd; systemctl restart crio; systemctl restart docker; systemctl restart k3s-agent" {
		t.Errorf("the rollback ran %s", got)
	}
	if said := h.want(2, "rollback", "4"); !strings.Contains(said, "backup 4: is not there; there are 1 2 3") {
		t.Errorf("a backup that is used up: %s", said)
	}
	h.want(0, "rollback", "2")
	check("two more, down to 2", states[1])
	h.want(0, "rollback")
	check("the first", states[0])
	if said := h.want(2, "rollback"); !strings.Contains(said, "nothing to roll back") {
		t.Errorf("one too many: %s", said)
	}
	if said := h.want(0, "rollback", "all"); said != "nothing to roll back\n" {
		t.Errorf("all of none: %s", said)
	}
	h.want(0)
	h.put("containerd/certs.d/cr.example.com/hosts.toml", "# five\n")
	h.want(0)
	h.want(0, "rollback", "all")
	check("all at once", states[0])
}

func TestARollbackDoesNotUndoWhatWasChangedByHandSince(t *testing.T) {
	t.Parallel()
	h := cce(t)
	before := h.holds()
	h.want(0)
	h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", "# by hand\n")
	mine := h.holds()
	want := "backup 1: changed by hand since: /etc/containerd/certs.d/cr.example.com/hosts.toml; it was not rolled back: take the changes away, or use --force"
	if said := h.want(2, "rollback"); !strings.Contains(said, want) {
		t.Errorf("said %s\nwant %s", said, want)
	}
	if h.holds() != mine {
		t.Error("the rollback that was refused changed something")
	}
	h.want(0, "rollback", "--force")
	if h.holds() != before {
		t.Error("--force did not restore the node")
	}
}

func TestARollbackRestoresOwnerAndModeOfSettings(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.write(h.root+"/etc/containerd/config.toml", "version = 2\n# secret\n", 0o660)
	h.want(0)
	info, err := os.Stat(h.root + "/etc/containerd/config.toml")
	if err != nil || info.Mode() != 0o660 {
		t.Errorf("the edited file has mode %v (%v)", info.Mode(), err)
	}
	h.want(0, "rollback")
	info, err = os.Stat(h.root + "/etc/containerd/config.toml")
	if err != nil || info.Mode() != 0o660 || h.read("etc/containerd/config.toml") != "version = 2\n# secret\n" {
		t.Errorf("the restored file has mode %v (%v)", info.Mode(), err)
	}
}

// TestACertificateThatGoesLeavesNoLinkBehind: without --fresh Debian's command
// keeps the link to a certificate that is no longer there.
func TestACertificateThatGoesLeavesNoLinkBehind(t *testing.T) {
	t.Parallel()
	h := newHost(t, "ubuntu-22.04")
	h.updateTrust()
	h.put("trust/a.example.crt", certificate())
	h.put("trust/b.example.crt", certificate())
	h.want(0)
	h.take(h.out + "/trust/b.example.crt")
	h.want(0)
	h.want(0, "rollback", "all")
	if got, want := h.calls(), "update-ca-certificates; update-ca-certificates --fresh; update-ca-certificates --fresh"; got != want {
		t.Errorf("ran %s\nwant %s", got, want)
	}
}
