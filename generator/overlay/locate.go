package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
)

// IsKustomization reports whether path is a folder that holds a
// kustomization.yaml, kustomization.yml or Kustomization, or is such a file. It
// does not read the file.
func IsKustomization(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return isName(filepath.Base(path))
	}
	return len(kustomizationsIn(path)) > 0
}

func isName(base string) bool {
	return slices.Contains(konfig.RecognizedKustomizationFileNames(), base)
}

func kustomizationsIn(dir string) []string {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			found = append(found, name)
		}
	}
	return found
}

// A place is where a kustomization is and how its user calls it.
type place struct {
	// shown is the folder as the user wrote it, cleaned.
	shown string
	// root is the same folder, absolute and free of symbolic links. kustomize
	// takes an absolute path for nothing but a folder, whereas a relative one that
	// begins like a host would be cloned.
	root string
}

func locate(path string) (place, error) {
	shown := filepath.Clean(path)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, fmt.Errorf("%s: no such file or folder", shown)
	}
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", shown, underlying(err))
	}
	if !info.IsDir() {
		if !isName(filepath.Base(path)) {
			return place{}, fmt.Errorf("%s: is a file; a kustomization is a folder that holds one of %s",
				shown, strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
		}
		shown = filepath.Dir(shown)
	}
	switch found := kustomizationsIn(shown); len(found) {
	case 0:
		return place{}, fmt.Errorf("%s: holds no kustomization; one of %s must lie in it",
			shown, strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
	case 1:
	default:
		return place{}, fmt.Errorf("%s: holds %s; keep one of them", shown, strings.Join(found, " and "))
	}
	absolute, err := filepath.Abs(shown)
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", shown, underlying(err))
	}
	root, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", shown, underlying(err))
	}
	return place{shown: shown, root: root}, nil
}

// underlying drops the path that a file system's error repeats.
func underlying(err error) error {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// show turns an absolute path that kustomize speaks of into one as the user
// would write it, beginning where the overlay's own path begins.
func (p place) show(absolute string) string {
	relative, err := filepath.Rel(p.root, absolute)
	if err != nil {
		return absolute
	}
	return filepath.ToSlash(filepath.Join(p.shown, relative))
}
