package artifact

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestWhatTheFileSystemRefusesIsSaidWithItsRemedy(t *testing.T) {
	for _, row := range []struct {
		why  string
		err  error
		want string
	}{
		{"a folder of somebody else", &fs.PathError{Op: "write", Path: "policies/kyverno", Err: syscall.EACCES},
			"policies/kyverno: permission denied; nothing was changed: make the folder writable or choose another --out"},
		{"a folder that cannot be made", &fs.PathError{Op: "mkdir", Path: "policies", Err: syscall.EACCES},
			"policies: permission denied; nothing was changed: make the folder above it writable or choose another --out"},
		{"a file system mounted to be read", &fs.PathError{Op: "write", Path: "policies", Err: syscall.EROFS},
			"policies: read-only file system; nothing was changed: make the folder writable or choose another --out"},
		{"a full disk", &fs.PathError{Op: "write", Path: "policies/kyverno/cn.yaml", Err: syscall.ENOSPC},
			"policies/kyverno/cn.yaml: no space left on device; nothing was changed: make room or choose another --out"},
		{"a quota", &fs.PathError{Op: "write", Path: "a", Err: syscall.EDQUOT},
			"a: disk quota exceeded; nothing was changed: make room or choose another --out"},
		{"a file that may not be read", &fs.PathError{Op: "read", Path: "a", Err: syscall.EACCES},
			"a: permission denied; nothing was changed: make it readable or choose another --out"},
		{"a file that may not be replaced", &fs.PathError{Op: "rename", Path: "p/a", Err: syscall.EPERM},
			"p/a: operation not permitted; nothing was changed: make the folder above it writable or choose another --out"},
		{"whatever else", &fs.PathError{Op: "write", Path: "a", Err: syscall.EIO},
			"a: input/output error; nothing was changed: choose another --out"},
	} {
		got := refused(row.err, nothingChanged, anotherOut)
		if got.Error() != row.want {
			t.Errorf("%s: got %s\nwant %s", row.why, got, row.want)
		}
		if reason := cause(row.err); !errors.Is(got, reason) {
			t.Errorf("%s: %v is not in the chain", row.why, reason)
		}
	}
}

func TestNoErrorNamesATemporaryFile(t *testing.T) {
	for _, row := range []struct {
		why string
		err error
	}{
		{"made", &fs.PathError{Op: "open", Path: "p/.gen-123", Err: syscall.EACCES}},
		{"renamed", &os.LinkError{Op: "rename", Old: "p/.gen-123", New: "p/a", Err: syscall.EACCES}},
	} {
		if got := cause(row.err); got != syscall.EACCES {
			t.Errorf("%s: %v", row.why, got)
		}
	}
}
