package installer_test

import (
	"strings"
	"testing"
)

func TestARegistriesFileThatIsNotOursIsLeftAlone(t *testing.T) {
	t.Parallel()
	h := newHost(t, "sles-15")
	h.updateTrust()
	h.systemd("k3s")
	h.node("etc/rancher/k3s/registries.yaml", "configs: {a.example: {auth: {password: secret}}}\n")
	h.put("k3s/registries.yaml", "mirrors: {}\n")
	before := h.holds()
	want := "/etc/rancher/k3s/registries.yaml: was not installed by this script and differs from k3s/registries.yaml; nothing was changed: put the two together by hand, or move it away"
	if said := h.want(2); !strings.Contains(said, want) || strings.Contains(said, "secret") {
		t.Errorf("said %s\nwant %s", said, want)
	}
	if h.holds() != before || h.calls() != "" {
		t.Error("something was changed")
	}
	h.node("etc/rancher/k3s/registries.yaml", "mirrors: {}\n")
	if said := h.want(0); said != "nothing to do\n" {
		t.Errorf("an equal file: %s", said)
	}
	h.take(h.root + "/etc/rancher/k3s/registries.yaml")
	h.want(0)
	h.put("k3s/registries.yaml", "mirrors: {quay.io: {}}\n")
	if said := h.want(0); !strings.Contains(said, "replace /etc/rancher/k3s/registries.yaml\nrestart k3s\n") {
		t.Errorf("a file of ours: %s", said)
	}
}

func TestK3sFilesGoWhereTheDistributionLooks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		make func(h *host)
		want string
	}{
		{"a folder of k3s", func(h *host) { h.node("etc/rancher/k3s/config.yaml", "") }, "etc/rancher/k3s"},
		{"a folder of RKE2", func(h *host) { h.node("etc/rancher/rke2/config.yaml", "") }, "etc/rancher/rke2"},
		{"no folder yet, and RKE2 installed", func(h *host) { h.command("rke2", "exit 1") }, "etc/rancher/rke2"},
		{"no folder yet, and k3s installed", func(h *host) { h.command("k3s", "exit 1") }, "etc/rancher/k3s"},
	} {
		h := newHost(t, "sles-15")
		h.updateTrust()
		row.make(h)
		h.put("k3s/registries.yaml", "mirrors: {}\n")
		h.put("k3s/certs/cr.example.com.crt", certificate())
		h.want(0)
		if got := h.read(row.want + "/registries.yaml"); got != "mirrors: {}\n" {
			t.Errorf("%s: registries.yaml holds %q", row.why, got)
		}
		if h.read("etc/mirrorgen/certs/cr.example.com.crt") != certificate() {
			t.Errorf("%s: the certificate differs", row.why)
		}
	}
}
