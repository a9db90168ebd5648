// Command gen turns a MirrorSet into the policies that rewrite images to
// mirrors and refuse what slips past, and proves them offline.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// exitInterrupted is the status that shells give a program ended by SIGINT.
const exitInterrupted = 130

// cleanUp is how long an interrupted command has to end its engines.
const cleanUp = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	done := make(chan int, 1)
	go func() { done <- run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }()
	select {
	case code := <-done:
		stop()
		os.Exit(code)
	case <-ctx.Done():
		// A second signal ends the program at once.
		stop()
	}
	// A command that waits for its input never notices the first.
	select {
	case code := <-done:
		if code == exitFine {
			os.Exit(exitFine)
		}
	case <-time.After(cleanUp):
	}
	fmt.Fprintln(os.Stderr, "interrupted")
	os.Exit(exitInterrupted)
}
