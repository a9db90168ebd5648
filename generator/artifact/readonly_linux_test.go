package artifact_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
)

// nobody is any user but root.
const nobody = 65534

// asNobody lets this goroutine meet permissions where the tests run as root,
// who is above them: Linux holds a thread's files against a user of its own.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if os.Geteuid() == 0 {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0); errno != 0 {
			t.Fatal(errno)
		}
		defer syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
	}
	do()
}

func TestAReadOnlyFolderIsNamedAndLeftAsItWas(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	for _, row := range []struct {
		why, folder, want string
		files             []artifact.File
	}{
		{"the folder of a file", "kyverno", "policies/kyverno: permission denied; nothing was changed: make the folder writable or choose another --out",
			[]artifact.File{file("kyverno/a.yaml", "new\n"), file("kyverno/b.yaml", "new\n")}},
		{"the folder of a folder that is missing", "", "policies/rego: permission denied; nothing was changed: make the folder above it writable or choose another --out",
			[]artifact.File{file("kyverno/a.yaml", "old\n"), file("rego/b.yaml", "new\n")}},
	} {
		t.Run(row.why, func(t *testing.T) {
			// Relative paths, as the folders above a test's are closed to others.
			t.Chdir(fill(t, map[string]string{"policies/kyverno/a.yaml": header + "old\n"}))
			locked := filepath.Join("policies", row.folder)
			if err := os.Chmod(locked, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(locked, 0o755) })
			var err error
			asNobody(t, func() {
				var changes []artifact.Change
				if changes, err = artifact.Compare("policies", row.files); err == nil {
					err = artifact.Write("policies", changes)
				}
			})
			if err == nil || err.Error() != row.want || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("got %v", err)
			}
			if got := holds(t, "policies"); len(got) != 1 || got["kyverno/a.yaml"] != header+"old\n" {
				t.Errorf("the folder holds %v", got)
			}
		})
	}
}

func TestAFileAloneIsRefusedWithItsFolder(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	t.Chdir(t.TempDir())
	if err := os.Mkdir("reports", 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		const want = "reports: permission denied; reports/junit.xml was not written: make the folder writable or choose another place"
		if err := artifact.WriteFile("reports/junit.xml", nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}
