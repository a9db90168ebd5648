// Package stacktest starts a stack for a test.
package stacktest

import (
	"testing"

	"mirrorgen.dev/gen/e2e/stack"
)

// Start starts a stack of the binaries that the environment names, and stops it at
// the test's end. The test fails where either cannot be done.
func Start(t testing.TB, o stack.Options) *stack.Stack {
	t.Helper()
	var err error
	if o.Binaries, err = stack.FromEnvironment(); err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}
