package cluster

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"mirrorgen.dev/gen/harness/engine"
)

// A Canary is a request that shows whether policies are in force: in the ways
// that are set it is met with something that it is not met with without them.
type Canary struct {
	engine.Request
	Changed, Denied, Warned, Recorded bool
}

// shown asks whether every canary shows the policies, or none shows a trace of them.
func (s *session) shown(ctx context.Context, inForce bool) error {
	problems := make([]error, len(s.canaries))
	// More at once than the API server likes would be told to come again.
	slots := make(chan struct{}, 8)
	var group sync.WaitGroup
	for i, canary := range s.canaries {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			problems[i] = s.shows(ctx, canary, inForce)
		})
	}
	group.Wait()
	return errors.Join(problems...)
}

func (s *session) shows(ctx context.Context, canary Canary, inForce bool) error {
	outcome, err := s.Admit(ctx, canary.Request)
	if errors.Is(err, engine.ErrUnsubmittable) {
		return nil
	}
	if err != nil {
		return err
	}
	// What is denied shows neither what it would have become nor every warning.
	ways := []struct {
		name         string
		wanted, seen bool
	}{
		{"denied", canary.Denied, !outcome.Allowed},
		{"changed", canary.Changed, outcome.Allowed && !reflect.DeepEqual(outcome.Object, canary.Object)},
		{"warned of", canary.Warned && !canary.Denied, len(outcome.Warnings) > 0},
		{"recorded", canary.Recorded && !canary.Denied, len(outcome.Recorded) > 0},
	}
	for _, way := range ways {
		if inForce && way.wanted && !way.seen || !inForce && way.seen {
			return fmt.Errorf("%s: is %s: %t", describe(canary.Object), way.name, way.seen)
		}
	}
	return nil
}
