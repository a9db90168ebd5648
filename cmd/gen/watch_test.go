package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWatchRunsAgainAfterAChangeAndEndsWithoutFailure(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	runs := make(chan int, 8)
	var stderr bytes.Buffer
	done := make(chan error, 1)
	count := 0
	go func() {
		done <- watchFolders(ctx, &stderr, []string{dir, filepath.Join(dir, "absent")}, []string{filepath.Join(dir, "report.xml")}, func(context.Context) error {
			count++
			runs <- count
			if count == 2 {
				return os.ErrPermission // a run that fails does not end the watch
			}
			return nil
		})
	}()
	for want := 1; want <= 3; want++ {
		select {
		case got := <-runs:
			if got != want {
				t.Fatalf("run %d, want %d", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("run %d never came", want)
		}
		// A file in a folder that is new since the last run.
		folder := filepath.Join(dir, strings.Repeat("x", want))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "object.yaml"), []byte("a: b\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if !strings.Contains(stderr.String(), "permission denied") {
		t.Errorf("the failed run is not told: %q", stderr.String())
	}
}
