package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	nothingChanged = "nothing was changed"
	anotherOut     = "choose another --out"
)

// errDangling: a symbolic link stands where a folder has to be, and leads nowhere.
var errDangling = errors.New("is a symbolic link to what does not exist")

// refused says in one line what the file system would not do: the file or
// folder, the reason, what came of the whole, and what helps. err is a
// *fs.PathError whose path the user knows; its reason stays wrapped.
func refused(err error, outcome, instead string) error {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return fmt.Errorf("%w; %s: %s", err, outcome, instead)
	}
	if help := helps(at); help != "" {
		instead = help + " or " + instead
	}
	return fmt.Errorf("%s: %w; %s: %s", at.Path, at.Err, outcome, instead)
}

// helps is what to do about an error; empty: nothing that is known.
func helps(at *fs.PathError) string {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(at.Err, full) {
			return "make room"
		}
	}
	switch {
	case errors.Is(at.Err, syscall.ENOTDIR), errors.Is(at.Err, syscall.EISDIR):
		return "move it"
	case errors.Is(at.Err, errDangling):
		return "make what it leads to"
	case !errors.Is(at.Err, fs.ErrPermission) && !errors.Is(at.Err, syscall.EROFS):
		return ""
	}
	switch at.Op {
	case "write":
		return "make the folder writable"
	case "mkdir", "rename", "remove":
		return "make the folder above it writable"
	}
	return "make it readable"
}

// cause is the reason without the operation and the paths that os wraps it in.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// unreadable is refused for a file that Compare could not read. Where a file
// stands in the place of a folder above it, that file is named.
func unreadable(name string, err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		for at := filepath.Dir(name); at != filepath.Dir(at); at = filepath.Dir(at) {
			if _, err := os.Stat(at); err == nil {
				name = at
				break
			}
		}
	}
	return refused(&fs.PathError{Op: "read", Path: name, Err: cause(err)}, nothingChanged, anotherOut)
}
