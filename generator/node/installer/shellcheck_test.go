package installer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mirrorgen.dev/gen/generator/node/installer"
)

// make lint does the same, and says so where shellcheck is absent.
func TestTheScriptIsCleanToShellcheck(t *testing.T) {
	t.Parallel()
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Log("shellcheck is not on this machine (Debian: apt-get install shellcheck): the script was not checked")
		return
	}
	script, err := installer.Script()
	must(t, err)
	name := filepath.Join(t.TempDir(), "install.sh")
	must(t, os.WriteFile(name, script, 0o644))
	if out, err := exec.Command(shellcheck, "--shell=sh", name).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
