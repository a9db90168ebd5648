package installer_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAStepThatFailsLeavesTheNodeAsItWas(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		fail func(h *host)
		said string
		// calls are those of the attempt and of its undoing.
		calls string
	}{
		{"the system's trust", func(h *host) { h.node("fails/update-ca-trust", "") },
			"  p11-kit is out of order\ninstall.sh: update-ca-trust extract: failed\ninstall.sh: failed; undoing what was done\n",
			"update-ca-trust extract; update-ca-trust extract"},
		{"the restart, which the old settings then pass", func(h *host) { h.node("fails/systemctl", "") },
			"install.sh: systemctl restart containerd: failed\ninstall.sh: failed; undoing what was done\n",
			"update-ca-trust extract; systemctl restart containerd; update-ca-trust extract; systemctl restart containerd"},
		{"a rename in the middle, on a folder that turned read-only", func(h *host) {
			h.take(h.bin + "/mv")
			h.executable(h.bin+"/mv", `case $3 in */etc/containerd/certs.d/cr.example.com/hosts.toml) echo read-only >&2; exit 1 ;; esac
PATH=/usr/bin:/bin exec mv "$@"`)
		}, "install.sh: failed; undoing what was done\n", ""},
		{"containerd, which does not read the file that was not there before", func(h *host) {
			h.executable(h.root+"/usr/bin/containerd", `shift 2
[ "$1" = --version ] && { echo containerd containerd.io 1.6.33 d2d58213f83a; exit; }
echo version = 2`)
			h.take(h.root + "/etc/containerd/config.toml")
		}, "install.sh: /etc/containerd/config.toml: containerd does not read config_path from it\ninstall.sh: failed; undoing what was done\n", ""},
		{"containerd, which does not read what was added", func(h *host) {
			h.executable(h.root+"/usr/bin/containerd", `shift 2
[ "$1" = --version ] && { echo containerd containerd.io 1.6.33 d2d58213f83a; exit; }
case $2 in *.mirrorgen.tmp) cat "$FAKE_ROOT$2" ;; *) echo version = 2 ;; esac`)
			h.node("etc/containerd/config.toml", "version = 2\n")
		}, "nothing was changed", ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			h := cce(t)
			h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", "# by hand\n")
			row.fail(h)
			before := h.holds()
			said := h.want(2)
			if !strings.Contains(said, row.said) {
				t.Errorf("said %s\nwant %s", said, row.said)
			}
			if got := h.holds(); got != before {
				t.Errorf("the node holds\n%s\nbefore it held\n%s", got, before)
			}
			if got := h.calls(); got != row.calls {
				t.Errorf("ran %q, want %q", got, row.calls)
			}
			if left := h.backups(); left != "" && row.why != "the system's trust" {
				t.Errorf("the attempt left a backup: %s", left)
			}
		})
	}
}

// backups lists the folder of backups.
func (h *host) backups() string {
	entries, err := os.ReadDir(h.root + "/var/lib/mirrorgen/backup")
	if err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

// TestWhatCannotBeUndoneIsKept: update-ca-trust fails in the undoing too, so the
// next run, by which it works again, undoes it first.
func TestWhatCannotBeUndoneIsUndoneByTheNextRun(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.node("fails/update-ca-trust", "")
	if said := h.want(2); !strings.Contains(said, "not all of it could be undone: the copies are in "+h.root+"/var/lib/mirrorgen/backup/1.open/before, and the next run tries again") {
		t.Errorf("said %s", said)
	}
	if said := h.want(1, "status"); !strings.Contains(said, "an install was cut off: the next one undoes it first\n") {
		t.Errorf("status said %s", said)
	}
	if said := h.want(2); !strings.Contains(said, "backup 1: could not be undone; the copies are in ") {
		t.Errorf("while it still fails: %s", said)
	}
	h.take(h.root + "/fails")
	if said := h.want(0); !strings.Contains(said, "backup 1: that run was cut off; undoing it first\n") {
		t.Errorf("said %s", said)
	}
	if h.backups() != "1" {
		t.Errorf("backups: %s", h.backups())
	}
}

func TestARunThatWasKilledIsUndoneByTheNext(t *testing.T) {
	t.Parallel()
	for _, shell := range shells(t) {
		h := cce(t)
		h.shell = shell
		h.node("etc/containerd/certs.d/cr.example.com/hosts.toml", "# by hand\n")
		before := h.holds()
		h.command("update-ca-trust", `kill -9 $PPID; sleep 0.1 2>/dev/null || :`)
		if status, _, _ := h.run(); status == 0 {
			t.Fatalf("%s: the run was not killed", shell)
		}
		if h.backups() != "1.open" || h.holds() == before {
			t.Fatalf("%s: the killed run left %q", shell, h.backups())
		}
		h.updateTrust()
		if said := h.want(2, "rollback"); !strings.Contains(said, "backup 1: that run was cut off; undoing it first\n") || !strings.Contains(said, "nothing to roll back") {
			t.Errorf("%s: %s", shell, said)
		}
		if got := h.holds(); got != before {
			t.Errorf("%s: the node holds\n%s\nbefore it held\n%s", shell, got, before)
		}
	}
}

func TestASignalUndoesWhatWasDone(t *testing.T) {
	t.Parallel()
	h := cce(t)
	h.command("update-ca-trust", `record update-ca-trust "$@"; [ -e "$FAKE_ROOT/../once" ] || { : >"$FAKE_ROOT/../once"; kill -TERM $PPID; }`)
	before := h.holds()
	if said := h.want(2); !strings.Contains(said, "everything is as it was before") {
		t.Errorf("said %s", said)
	}
	if h.holds() != before {
		t.Error("the node is not as it was")
	}
}

func TestTwoRunsAtOnceAreKeptApart(t *testing.T) {
	t.Parallel()
	h := cce(t)
	name := h.root + "/var/lib/mirrorgen/lock"
	h.node("var/lib/mirrorgen/lock", "")
	file, err := os.Open(name)
	must(t, err)
	defer file.Close()
	must(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	before := h.holds()
	for _, arguments := range [][]string{nil, {"rollback"}} {
		if said := h.want(2, arguments...); !strings.Contains(said, "another install.sh is at work on this node; nothing was changed") {
			t.Errorf("said %s", said)
		}
	}
	if h.holds() != before {
		t.Error("the second run changed something")
	}
}

func TestWhatIsLeftOfACopyIsSweptUp(t *testing.T) {
	t.Parallel()
	h := cce(t)
	// Cut off before the manifest was complete: nothing was changed by then.
	h.node("var/lib/mirrorgen/backup/7.open/before/etc/x", "half")
	h.want(0)
	if h.backups() != "1" {
		t.Errorf("backups: %s", h.backups())
	}
	if _, err := os.Stat(filepath.Join(h.root, "etc/x")); err == nil {
		t.Error("a copy without a manifest was restored")
	}
}
