package agreement

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/e2e/stack/stacktest"
)

// The variables that ask for more: how many MirrorSets for each target, and the
// seed of the first; each that follows has the next one.
const (
	setsVariable = "MIRRORGEN_E2E_SETS"
	seedVariable = "MIRRORGEN_E2E_SEED"
)

// The bounded run, the same for everyone.
const (
	sets      = 8
	firstSeed = 110
)

func TestARealAPIServerAgreesWithTheReferenceOnRandomSetsAndPods(t *testing.T) {
	n, seed := number(t, setsVariable, sets), number(t, seedVariable, firstSeed)
	s := stacktest.Start(t, stack.Options{Kyverno: true})
	if _, err := s.Back.Apply(t.Context(), cacheKind()); err != nil {
		t.Fatal(err)
	}
	if err := stack.Until(t.Context(), "ImageCaches", time.Minute, s.Established); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"kubernetes", "kyverno-cel", "kyverno"} {
		t.Run(target, func(t *testing.T) {
			total, began := &counts{}, time.Now()
			for i := range n {
				repeat := fmt.Sprintf("%s, %s=%d %s=1", target, seedVariable, seed+i, setsVariable)
				differences, err := round(t.Context(), s, target, seed+i, total)
				if err != nil {
					t.Fatalf("%s: %v", repeat, err)
				}
				t.Logf("seed %d: %d requests and %d differences so far, after %s", seed+i, total.requests, total.differences, time.Since(began).Round(time.Second))
				for _, difference := range differences {
					t.Errorf("%s: %s", repeat, difference)
				}
			}
			t.Logf("%s, seeds %d to %d: %v in %s", target, seed, seed+n-1, total, time.Since(began).Round(time.Second))
			// A few sets alone, as to repeat a failure, need not hold everything.
			if lacks := total.lacks(); len(lacks) > 0 && n >= sets {
				t.Errorf("nothing was %s: the agreement is empty", strings.Join(lacks, ", nothing was "))
			}
			// One in hundreds is Kyverno's watch; more would be something else.
			if total.late*100 > total.requests {
				t.Errorf("%d of %d requests are answered as wanted only when they are asked again", total.late, total.requests)
			}
			if total.unsubmittable*20 > total.requests {
				t.Errorf("%d requests are taken from nobody, beside %d that are judged: the Pods are not what they were", total.unsubmittable, total.requests)
			}
		})
	}
}

// number reads a variable; unset reads as the default.
func number(t *testing.T, variable string, unset int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return unset
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: must be a number from 1 on", variable, text)
	}
	return n
}
