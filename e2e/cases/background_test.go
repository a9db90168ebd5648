package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/generated"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/harness/testcase"
)

// The controllers run as the ServiceAccounts that they have in a cluster, so that
// what they do is what the roles allow that are generated beside the policies.
func TestWhatKyvernoDoesAfterAdmissionIsWhatTheCasesSay(t *testing.T) {
	s := startStack(t, stack.Options{Kyverno: true, Background: true})
	folders, err := testcase.Find([]string{"testcases"})
	if err != nil {
		t.Fatal(err)
	}
	only, err := regexp.Compile(os.Getenv(runVariable))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, target := range []string{"kyverno-cel", "kyverno"} {
		for _, folder := range folders {
			c, err := testcase.Load(folder, false)
			if err != nil {
				t.Fatal(err)
			}
			if c.Cluster == nil {
				continue
			}
			count++
			if !only.MatchString(folder) {
				continue
			}
			t.Run(target+"/"+c.Name, func(t *testing.T) { background(t, s, c, target, count) })
		}
	}
	if count == 0 {
		t.Error("no case has a cluster")
	}
}

func background(t *testing.T, s *stack.Stack, c *testcase.Case, target string, number int) {
	ctx := t.Context()
	set, err := generated.Policies(c.Spec, target)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{stack: s, c: c, suffix: fmt.Sprintf("-%d", number), fixed: []string{"kube-system"}}
	for _, plan := range set.Plans {
		for _, m := range plan.Mirrors {
			if m.PullSecret != nil {
				w.fixed = append(w.fixed, m.PullSecret.Namespace)
			}
		}
	}
	t.Cleanup(func() {
		if err := w.clear(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if reachesSystem(set) {
		restore, err := reachSystem(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := restore(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		})
	}
	if err := w.build(ctx); err != nil {
		t.Fatal(err)
	}
	session, err := cluster.New(target, s, nil).Load(ctx, set.Files[target])
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := w.submit(ctx); err != nil {
		t.Fatal(err)
	}
	wait := func(what string, ready func(context.Context) error) {
		if err := stack.Until(ctx, what, time.Minute, ready); err != nil {
			t.Fatalf("%v\n%s", err, s.Log("kyverno-background"))
		}
	}
	wait("what is wanted of "+c.Name, w.differs)
	ready, err := w.sentinel(ctx, set.Plans)
	if err != nil {
		t.Fatal(err)
	}
	wait("the sentinel", ready)
	if err := s.Quiet(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	// And it stays so.
	if err := w.differs(ctx); err != nil {
		t.Error(errors.New("once all was done: " + err.Error()))
	}
}
