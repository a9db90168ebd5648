package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long nothing may change before the next run: an editor saves in
// several steps, a checkout in thousands.
const settle = 100 * time.Millisecond

// watchFolders runs once, and again after every change below the folders, until
// the context ends, which is no failure. Folders are watched, not files, because
// editors replace files. What a run finds is printed by the run; what keeps it
// from running is printed here, and the next change tries again. Files that the
// run writes itself are no change.
func watchFolders(ctx context.Context, stderr io.Writer, folders, written []string, run func(context.Context) error) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	defer watcher.Close()
	for {
		if err := watchTree(watcher, folders); err != nil {
			return fmt.Errorf("--watch: %w", err)
		}
		err := run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, errFindings) && !errors.Is(err, errReported) {
			fmt.Fprintln(stderr, printable(err.Error()))
		}
		fmt.Fprintln(stderr, "watching; interrupt to stop")
		if !waitForChange(ctx, watcher, written) {
			return nil
		}
	}
}

// watchTree watches every folder below the given ones; "." is watched without
// what is below it, as it may be a whole repository. Folders that are not there
// are passed over: the run says so if it needs them.
func watchTree(watcher *fsnotify.Watcher, folders []string) error {
	for _, folder := range folders {
		if folder == "." {
			if err := watcher.Add(folder); err != nil {
				return err
			}
			continue
		}
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.IsDir():
				return watcher.Add(name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// waitForChange waits until something changed and then nothing more for a
// while; false where the context ended first.
func waitForChange(ctx context.Context, watcher *fsnotify.Watcher, written []string) bool {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return false
		case event, ok := <-watcher.Events:
			if !ok {
				return false
			}
			// Our own and an editor's temporary files, and mere looks at a file.
			if event.Op == fsnotify.Chmod || strings.HasPrefix(filepath.Base(event.Name), ".") || slices.Contains(written, filepath.Clean(event.Name)) {
				continue
			}
			quiet = time.After(settle)
		case <-watcher.Errors:
			// Events were lost, so something changed.
			quiet = time.After(settle)
		case <-quiet:
			return true
		}
	}
}
