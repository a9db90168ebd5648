package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"

	"github.com/aymanbagabas/go-udiff"
)

// A Change is one way in which a folder differs from what would be generated.
type Change struct {
	Path string
	// Kind is Missing, Stale, Orphaned or Foreign.
	Kind ChangeKind
	// Before is what the folder holds, After what would be written; nil where
	// there is none.
	Before, After []byte
}

// A ChangeKind says how a file differs.
type ChangeKind string

const (
	// Missing: the file is to be created.
	Missing ChangeKind = "missing"
	// Stale: the file was generated and is to be overwritten.
	Stale ChangeKind = "stale"
	// Orphaned: the file was generated and would not be any more; it is to be deleted.
	Orphaned ChangeKind = "orphaned"
	// Foreign: a file without the owner's header stands where one is to be written; it
	// is never overwritten.
	Foreign ChangeKind = "foreign"
)

// Diff is the change as a unified diff.
func (c Change) Diff() string {
	before, after := "a/"+c.Path, "b/"+c.Path
	if c.Kind == Missing {
		before = "/dev/null"
	}
	if c.Kind == Orphaned {
		after = "/dev/null"
	}
	return udiff.Unified(before, after, string(c.Before), string(c.After))
}

// Compare is that of gen policies.
func Compare(dir string, files []File) ([]Change, error) { return Policies.Compare(dir, files) }

// Compare lists how dir differs from files, which are all that the owner has to
// have there, sorted by path. Files in dir that do not carry the owner's header
// are somebody else's and are passed over, unless one stands where a file has to
// go. A dir that does not exist misses every file.
func (o Owner) Compare(dir string, files []File) ([]Change, error) {
	if err := refuseLinks(dir, o.folders(), files); err != nil {
		return nil, err
	}
	var changes []Change
	wanted := make(map[string]bool, len(files))
	for _, file := range files {
		wanted[file.Path] = true
		name := filepath.Join(dir, filepath.FromSlash(file.Path))
		have, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changes = append(changes, Change{Path: file.Path, Kind: Missing, After: file.Data})
		case err != nil:
			return nil, unreadable(name, err)
		case bytes.Equal(have, file.Data):
		case !o.owns(dir, file.Path, have):
			changes = append(changes, Change{Path: file.Path, Kind: Foreign, Before: have, After: file.Data})
		default:
			changes = append(changes, Change{Path: file.Path, Kind: Stale, Before: have, After: file.Data})
		}
	}
	orphans, err := o.orphans(dir, wanted)
	if err != nil {
		return nil, err
	}
	changes = append(changes, orphans...)
	sort.Slice(changes, func(i, j int) bool { return changes[i].Path < changes[j].Path })
	return changes, nil
}

func (o Owner) orphans(dir string, wanted map[string]bool) ([]Change, error) {
	var changes []Change
	check := func(name string) error {
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if wanted[rel] {
			return nil
		}
		have, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if o.owns(dir, rel, have) {
			changes = append(changes, Change{Path: rel, Kind: Orphaned, Before: have})
		}
		return nil
	}
	for _, folder := range o.folders() {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.Type().IsRegular():
				return check(name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("looking for orphaned files: %w", err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			if err := check(filepath.Join(dir, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	return changes, nil
}

// refuseLinks refuses folders below dir that are symbolic links: what is written
// would land elsewhere, and what is orphaned there would never be found. dir
// itself may be one.
func refuseLinks(dir string, owned []string, files []File) error {
	folders := map[string]bool{}
	for _, folder := range owned {
		folders[folder] = true
	}
	for _, file := range files {
		for at := path.Dir(file.Path); at != "."; at = path.Dir(at) {
			folders[at] = true
		}
	}
	var problems []error
	for folder := range folders {
		name := filepath.Join(dir, filepath.FromSlash(folder))
		if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			problems = append(problems, fmt.Errorf("%s: is a symbolic link, so the files would lie elsewhere; remove it, or choose another --out", name))
		}
	}
	sort.Slice(problems, func(i, j int) bool { return problems[i].Error() < problems[j].Error() })
	return errors.Join(problems...)
}
