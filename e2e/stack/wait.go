package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mirrorgen.dev/gen/e2e/process"
)

// Until asks again and again until ready answers nil. It gives up when patience
// is over, with what ready said last, or when one of the processes has ended.
func Until(ctx context.Context, what string, patience time.Duration, ready func(context.Context) error, needed ...*process.Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("no answer"))
	defer cancel()
	var said error
	for {
		// An answer that is cut off by the deadline is not what it said.
		if err := ready(ctx); err == nil {
			return nil
		} else if ctx.Err() == nil {
			said = err
		}
		for _, p := range needed {
			if err := p.Err(); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			if said == nil {
				said = context.Cause(ctx)
			}
			return fmt.Errorf("%s: not within %s: %w", what, patience, said)
		}
	}
}
