// Bench-admission measures what policies cost where it counts: how long a real API
// server takes to make a Pod, with none, with what people start from, and with what
// each target generates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mirrorgen.dev/gen/e2e/cluster"
	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
)

// options are the flags.
type options struct {
	spec, only           string
	reports              bool
	rounds, dry, creates int
	warm                 int
}

func main() {
	var o options
	flag.StringVar(&o.spec, "f", "../policies/mirrors.yaml", "the MirrorSet")
	flag.StringVar(&o.only, "only", "", "setups to measure, by their names, comma-separated; empty: all")
	flag.IntVar(&o.rounds, "rounds", 6, "how often each setup has its turn")
	flag.IntVar(&o.dry, "dry", 300, "pairs of dry runs of a setup in a round")
	flag.IntVar(&o.creates, "creates", 60, "pairs of Pods that a setup makes in a round")
	flag.IntVar(&o.warm, "warm", 100, "pairs of dry runs that are not counted before that")
	flag.BoolVar(&o.reports, "reports", false, "let Kyverno write a report on every Pod, as it does by default: on one machine that slows everything else down")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(2)
	}
}

func run(ctx context.Context, o options, out, talk io.Writer) (err error) {
	rows, err := setups(o.spec, o.only)
	if err != nil {
		return err
	}
	binaries, err := stack.FromEnvironment()
	if err != nil {
		return err
	}
	fmt.Fprintln(talk, "starting etcd, kube-apiserver and Kyverno")
	s, err := stack.Start(ctx, stack.Options{Binaries: binaries, Kyverno: true, NoReports: !o.reports})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()

	results := make([]result, len(rows))
	for round := range o.rounds {
		for turn := range rows {
			// Whatever else the machine does meanwhile meets every setup alike.
			at := (turn + round) % len(rows)
			fmt.Fprintf(talk, "round %d of %d: %s\n", round+1, o.rounds, rows[at].name)
			if err := measure(ctx, s, o, round, rows[at], &results[at]); err != nil {
				return fmt.Errorf("%s: %w", rows[at].name, err)
			}
		}
	}
	versions, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	return print(out, versions, o, rows, results)
}

// outOfScope is a namespace that no generated policy looks at and that Kyverno's own
// settings keep from its webhooks.
const outOfScope = "kube-system"

// A result is what was measured of a setup.
type result struct{ dry, create pairs }

// measure gives a setup one turn. Every Pod is made twice, in the policies' scope and
// out of it: a machine that is twice as slow a second later, as shared ones are,
// slows both.
func measure(ctx context.Context, s *stack.Stack, o options, round int, row setup, into *result) (err error) {
	if row.engine != "" {
		session, loadErr := cluster.New(row.engine, s, row.canaries()).Load(ctx, row.files)
		if loadErr != nil {
			return loadErr
		}
		defer func() { err = errors.Join(err, session.Close()) }()
	}
	namespace := fmt.Sprintf("bench-%d-%d", round, time.Now().UnixNano())
	if _, err := s.Back.Create(ctx, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}); err != nil {
		return err
	}
	call := func(name, where string, dry bool) (time.Duration, error) {
		request := kubeapi.Request{Method: http.MethodPost, Path: "/api/v1/namespaces/" + where + "/pods", Body: pod(name, where)}
		if dry {
			request.Query = url.Values{"dryRun": {"All"}}
		}
		start := time.Now()
		answer, err := s.API.Must(ctx, request)
		took := time.Since(start)
		if err != nil {
			return 0, err
		}
		return took, check(answer.Body, row.engine != "" && where != outOfScope)
	}
	pair := func(turn int, name string, dry bool) (p pair, err error) {
		places := []struct {
			namespace string
			took      *time.Duration
		}{{namespace, &p.in}, {outOfScope, &p.out}}
		// Neither always finds the machine as the other left it.
		if turn%2 == 1 {
			places[0], places[1] = places[1], places[0]
		}
		for _, place := range places {
			if *place.took, err = call(name, place.namespace, dry); err != nil {
				return p, err
			}
		}
		return p, nil
	}
	// Policies of Kubernetes' own kind act for up to a second after their end.
	err = stack.Until(ctx, "the end of the policies before", 30*time.Second, func(context.Context) error {
		_, err := call("dry", namespace, true)
		return err
	})
	if err != nil {
		return err
	}
	for i := range o.warm + o.dry {
		p, err := pair(i, "dry", true)
		if err != nil {
			return err
		}
		if i >= o.warm {
			into.dry = append(into.dry, p)
		}
	}
	for i := range o.creates {
		// The namespace out of scope is every setup's.
		p, err := pair(i, fmt.Sprintf("%s-%d", namespace, i), false)
		if err != nil {
			return err
		}
		into.create = append(into.create, p)
	}
	return nil
}

// check demands that the Pod was rewritten where that is the point, and nowhere
// else: what does nothing is quick.
func check(pod map[string]any, want bool) error {
	spec, _ := pod["spec"].(map[string]any)
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := spec[list].([]any)
		for _, item := range containers {
			container, _ := item.(map[string]any)
			image, _ := container["image"].(string)
			if rewritten := len(image) > 7 && image[:7] == "mirror."; rewritten != want {
				return fmt.Errorf("image %q: was it rewritten: %t", image, rewritten)
			}
		}
	}
	return nil
}
