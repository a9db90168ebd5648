package agreement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"mirrorgen.dev/gen/harness/engine"
)

// atOnce is how many requests are submitted at the same time.
const atOnce = 8

// An arena is one set in force on a cluster and in the reference.
type arena struct {
	target    string
	session   engine.Session
	reference engine.Session
	// selects: the set's scope is of namespaces with certain labels.
	selects bool
}

// A difference is a request that a cluster answers otherwise.
type difference struct {
	request engine.Request
	what    string
}

// submit asks a cluster and the reference, several requests at a time, and returns
// where they differ, in the order of the requests.
func (a *arena) submit(ctx context.Context, requests []engine.Request, total *counts) []difference {
	found := make([]difference, len(requests))
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, request := range requests {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			want, again, what := a.ask(ctx, request)
			late := false
			if what != "" && what != unsubmittable && a.mayLag(request) {
				if _, _, then := a.ask(ctx, request); then == "" {
					late, what = true, ""
				}
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case what == unsubmittable:
				total.unsubmittable++
			case what != "":
				total.differences++
				found[i] = difference{request, what}
			default:
				if late {
					total.late++
				}
				total.add(request, want)
				if again {
					total.second++
				}
			}
		})
	}
	group.Wait()
	var all []difference
	for _, f := range found {
		if f.what != "" {
			all = append(all, f)
		}
	}
	return all
}

// mayLag reports whether Kyverno may not know yet what the request's namespace is
// labelled: it is made a moment before, and Kyverno holds namespaceSelectors against
// what its watch brought. Such a request is asked again, and counted.
func (a *arena) mayLag(request engine.Request) bool {
	return a.target != "kubernetes" && a.selects && len(request.NamespaceLabels) > 0
}

// unsubmittable is what is said of a request that the API server takes from nobody.
const unsubmittable = "unsubmittable"

// ask submits one request, and what came back once more.
func (a *arena) ask(ctx context.Context, request engine.Request) (want engine.Outcome, again bool, what string) {
	want, err := a.reference.Admit(ctx, request)
	if err != nil {
		return want, false, "the reference: " + err.Error()
	}
	asked := request
	if a.target != "kubernetes" && !slices.ContainsFunc(want.Matched, func(rule string) bool { return strings.HasSuffix(rule, "/constraint") }) {
		// Kyverno reports nothing of what a policy does not look at, and so there is
		// no telling when it has done so.
		asked.Phases = []engine.Phase{engine.Mutate}
	}
	got, err := a.session.Admit(ctx, asked)
	switch {
	case errors.Is(err, engine.ErrUnsubmittable):
		return want, false, unsubmittable
	case err != nil:
		return want, false, err.Error()
	}
	if what := differs(a.target, request, want, got); what != "" || !got.Allowed || got.Object == nil {
		return want, false, what
	}
	second := request
	second.Object, second.Phases = got.Object, []engine.Phase{engine.Mutate}
	twice, err := a.session.Admit(ctx, second)
	switch {
	case err != nil:
		return want, true, "a second pass: " + err.Error()
	case !twice.Allowed || show(twice.Object) != show(got.Object):
		return want, true, fmt.Sprintf("a second pass: allowed is %t, messages %q, and makes of\n%s\nthis:\n%s", twice.Allowed, twice.Messages, show(got.Object), show(twice.Object))
	}
	return want, true, ""
}

// explain is a difference with the least request that shows it.
func (a *arena) explain(ctx context.Context, d difference) string {
	least := shrink(d.request, func(smaller engine.Request) bool {
		_, _, what := a.ask(ctx, smaller)
		return what != "" && what != unsubmittable
	})
	_, _, what := a.ask(ctx, least)
	if what == "" {
		least, what = d.request, "once, and not again: "+d.what
	}
	return fmt.Sprintf("%s %s, namespace labels %v\n%s\nstored before\n%s\n%s", least.Operation, least.SubResource, least.NamespaceLabels, show(least.Object), show(least.OldObject), what)
}
