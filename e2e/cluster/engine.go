// Package cluster is a real API server as an engine of the harness: what is
// loaded is applied as a user applies it, and what is judged is submitted.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/stack"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/harness/engine"
)

// An Engine applies policies to one cluster, one set of them at a time.
type Engine struct {
	name     string
	stack    *stack.Stack
	canaries []Canary

	mu      sync.Mutex
	problem error
}

// New makes an engine. name is that of the harness's engine which runs the same
// files. The canaries show when the policies are in force, and when they are gone.
func New(name string, s *stack.Stack, canaries []Canary) *Engine {
	return &Engine{name: name, stack: s, canaries: canaries}
}

// Name implements engine.Engine.
func (e *Engine) Name() string { return e.name }

// Close implements engine.Engine; the cluster is its owner's to stop.
func (e *Engine) Close() error { return nil }

// Problem is what went wrong where the harness does not look: when policies were
// taken back.
func (e *Engine) Problem() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.problem
}

// Load applies the policies in the order in which they stand, and returns when
// they are in force.
func (e *Engine) Load(ctx context.Context, files []artifact.File) (engine.Session, error) {
	objects, err := Parse(files)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, file := range files {
		text.Write(file.Data)
	}
	prefix := fmt.Sprintf("case-%s-%d", strings.ReplaceAll(e.name, ".", "-"), time.Now().UnixNano()%1e9)
	s := &session{engine: e, stack: e.stack, places: newPlaces(e.stack.Back, prefix, text.String()), policies: objects, canaries: e.canaries}
	// What is to stand in the cluster before the policies is put there now, so that
	// every watcher has long seen it when it matters.
	for _, canary := range e.canaries {
		if _, err := s.places.at(ctx, canary.Request); err != nil && !errors.Is(err, engine.ErrUnsubmittable) {
			return nil, err
		}
	}
	if err := s.apply(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// A session is a set of policies in force.
type session struct {
	engine   *Engine
	stack    *stack.Stack
	places   *places
	policies []map[string]any
	canaries []Canary
	applied  []map[string]any
}

// Rules implements engine.Session: an API server does not tell which policies
// looked at an object.
func (s *session) Rules() []string { return nil }

// Admit submits the object as a dry run, past the policies and then to them. What
// the server refuses of itself is engine.ErrUnsubmittable. A server runs every phase;
// only what is recorded is not looked for where the request asks for no verdict.
func (s *session) Admit(ctx context.Context, request engine.Request) (engine.Outcome, error) {
	switch {
	case request.Phases != nil && !request.Runs(engine.Mutate) && !request.Runs(engine.Validate), request.Operation == engine.Existing:
		return engine.Outcome{}, fmt.Errorf("%w: what controllers do after admission is a test of its own", engine.ErrUnsubmittable)
	case request.RegistryImages != nil:
		return engine.Outcome{}, fmt.Errorf("%w: the policy asks a registry, and there is none on loopback", engine.ErrUnsubmittable)
	}
	if err := request.Validate(); err != nil {
		return engine.Outcome{}, err
	}
	at, err := s.places.at(ctx, request)
	if err != nil {
		return engine.Outcome{}, err
	}
	bare, err := s.submit(ctx, s.stack.Back, at, request)
	if err != nil {
		return engine.Outcome{}, err
	}
	if request.Operation != engine.Connect {
		if err := refused(bare); err != nil {
			return engine.Outcome{}, err
		}
	}
	var got *kubeapi.Answer
	var problem error
	err = stack.Until(ctx, "namespace "+at.namespace, forcePatience, func(ctx context.Context) error {
		if got, problem = s.submit(ctx, s.stack.API, at, request); problem == nil && at.unseen(got.Message()) {
			return errors.New(got.Message())
		}
		return nil
	})
	if err = errors.Join(err, problem); err != nil {
		return engine.Outcome{}, err
	}
	return s.outcome(ctx, at, request, bare, got)
}

func (s *session) submit(ctx context.Context, client *kubeapi.Client, at *place, request engine.Request) (*kubeapi.Answer, error) {
	submission, err := at.submission(ctx, client, request)
	if err != nil {
		return nil, err
	}
	return client.Do(ctx, submission)
}

// outcome is what policies made of a request: the difference between the answer
// without them and the answer with them.
func (s *session) outcome(ctx context.Context, at *place, request engine.Request, bare, got *kubeapi.Answer) (engine.Outcome, error) {
	out := engine.Outcome{Allowed: true}
	for _, text := range got.Warnings {
		if !slices.Contains(bare.Warnings, text) {
			out.Warnings = append(out.Warnings, warning(text)...)
		}
	}
	// A shell into a Pod that runs nowhere is refused alike on both sides, after admission.
	alike := request.Operation == engine.Connect && got.Code == bare.Code && got.Message() == bare.Message()
	if !got.OK() && !alike {
		words, err := denial(got.Message())
		if err != nil {
			return engine.Outcome{}, err
		}
		out.Allowed, out.Messages = false, words
		return out, nil
	}
	if request.Runs(engine.Validate) {
		recorded, err := s.recorded(ctx, at, request, got)
		if err != nil {
			return engine.Outcome{}, err
		}
		out.Recorded = recorded
	}
	switch request.Operation {
	case engine.Delete:
	case engine.Connect:
		out.Object = request.Object
	default:
		sent := at.sent(request.Object)
		if request.SubResource == "binding" {
			// Its answer is a Status.
			out.Object = request.Object
			break
		}
		settle(sent, bare.Body, got.Body)
		out.Object = carry(request.Object, bare.Body, got.Body).(map[string]any)
	}
	return out, nil
}
