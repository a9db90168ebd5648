package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"mirrorgen.dev/gen/engines/protocol"
	"mirrorgen.dev/gen/generator/artifact"
)

// Defaults of ProcessConfig.
const (
	DefaultRequestTimeout = 30 * time.Second
	DefaultLoadTimeout    = 120 * time.Second
	DefaultHelloTimeout   = 20 * time.Second
)

// A ProcessConfig says which program is an engine and how it is run.
type ProcessConfig struct {
	// Name is the engine's, as its hello must say: kyverno; or with the minor version
	// that its hello must say as well: kyverno@1.18.
	Name string
	// Program is the executable's name: gen-engine-kyverno. Where a version is wanted,
	// one whose name ends with it is looked for first: gen-engine-kyverno-1.18.
	Program string
	// Path is --engine-path: the program, or the folder that holds it. Unset: the
	// folder of gen's own executable, then $PATH.
	Path string
	// Arguments are given to the program; Environment is added to gen's own.
	Arguments   []string
	Environment []string
	// Workers is the number of processes among which Admit spreads; each is started
	// when it is first needed. Below 1 reads as 1: an engine may use several cores
	// by itself.
	Workers int
	// RequestTimeout is how long an Admit may take, LoadTimeout a Load or the start
	// of the program. Unset: 30 s and 120 s. An engine that takes longer is broken.
	RequestTimeout time.Duration
	LoadTimeout    time.Duration
	// HelloTimeout is how long the program may take to say what it is; a program
	// that says nothing is another one. Unset: 20 s, or LoadTimeout where that is less.
	HelloTimeout time.Duration
	// MaxLine is the longest line in bytes; unset: protocol.MaxLine.
	MaxLine int
}

// A Process is an engine that runs in programs of its own, over package protocol.
// Once it broke it stays broken: every later call returns the same error, so that
// no verdict ever comes from an engine in an unknown state.
type Process struct {
	config ProcessConfig
	slots  []*slot

	mutex  sync.Mutex
	closed bool
	broken error
}

var (
	_ Engine  = (*Process)(nil)
	_ Session = (*ProcessSession)(nil)
)

// A slot is the place of a worker; empty until it is needed.
type slot struct {
	// starting is held, by sending, while the worker is started. It is no mutex so
	// that waiting for it ends with the context.
	starting chan struct{}
	worker   *worker // guarded by Process.mutex
	busy     int     // requests under way; guarded by Process.mutex
}

// NewProcess prepares an engine. Nothing is looked for or started before Load.
func NewProcess(config ProcessConfig) *Process {
	config.Workers = max(config.Workers, 1)
	if config.RequestTimeout <= 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	if config.LoadTimeout <= 0 {
		config.LoadTimeout = DefaultLoadTimeout
	}
	if config.HelloTimeout <= 0 {
		config.HelloTimeout = min(DefaultHelloTimeout, config.LoadTimeout)
	}
	if config.MaxLine <= 0 {
		config.MaxLine = protocol.MaxLine
	}
	config.Arguments = slices.Clone(config.Arguments)
	config.Environment = slices.Clone(config.Environment)
	p := &Process{config: config}
	for range config.Workers {
		p.slots = append(p.slots, &slot{starting: make(chan struct{}, 1)})
	}
	return p
}

// Name is the configured name.
func (p *Process) Name() string { return p.config.Name }

// Version starts the engine if need be and returns what its hello says: v1.19.1.
func (p *Process) Version(ctx context.Context) (string, error) {
	w, err := p.worker(ctx, p.slots[0])
	if err != nil {
		return "", err
	}
	return w.hello.Version, nil
}

// Load has the engine compile the policies. The session is a *ProcessSession.
func (p *Process) Load(ctx context.Context, files []artifact.File) (Session, error) {
	load := &protocol.Load{Files: make([]protocol.File, 0, len(files))}
	for _, file := range files {
		load.Files = append(load.Files, protocol.File{Path: file.Path, Data: string(file.Data)})
	}
	s := &ProcessSession{process: p, load: load, loads: make([]*loaded, len(p.slots))}
	for i := range s.loads {
		s.loads[i] = &loaded{loading: make(chan struct{}, 1)}
	}
	// Only the first worker learns of them now, so that bad policies are reported
	// here; the others when they get work.
	if _, _, err := s.on(ctx, 0); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends the programs: they see the end of their input and have two seconds
// to go by themselves. Calls under way fail.
func (p *Process) Close() error {
	p.mutex.Lock()
	p.closed = true
	var workers []*worker
	for _, slot := range p.slots {
		if slot.worker != nil {
			workers = append(workers, slot.worker)
		}
	}
	p.mutex.Unlock()
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(w.close)
	}
	group.Wait()
	return nil
}

var errClosed = errors.New("the engine is closed")

// usable is nil while calls may be made.
func (p *Process) usable() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.broken != nil {
		return p.broken
	}
	if p.closed {
		return fmt.Errorf("%s: %w", p.config.Name, errClosed)
	}
	return nil
}

// fail makes the whole engine broken and ends its other programs.
func (p *Process) fail(err error) {
	p.mutex.Lock()
	first := p.broken == nil && !p.closed
	if first {
		p.broken = err
	}
	var workers []*worker
	for _, slot := range p.slots {
		if slot.worker != nil {
			workers = append(workers, slot.worker)
		}
	}
	p.mutex.Unlock()
	if first {
		for _, w := range workers {
			w.stop(errors.New("ended because another process of the engine broke"))
		}
	}
}

// worker is the slot's program, started if need be.
func (p *Process) worker(ctx context.Context, at *slot) (*worker, error) {
	select {
	case at.starting <- struct{}{}:
		defer func() { <-at.starting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := p.usable(); err != nil {
		return nil, err
	}
	p.mutex.Lock()
	running := at.worker
	p.mutex.Unlock()
	if running != nil {
		return running, nil
	}
	path, err := p.find()
	if err != nil {
		return nil, err
	}
	w, err := startWorker(p.config, path, p.fail)
	if err != nil {
		return nil, err
	}
	p.mutex.Lock()
	closed := p.closed || p.broken != nil
	if !closed {
		at.worker = w
	}
	p.mutex.Unlock()
	if closed {
		w.stop(errClosed)
		return nil, p.usable()
	}
	if err := w.greet(ctx, p.config.HelloTimeout); err != nil {
		if ctx.Err() != nil {
			// Nobody waits for it any more, and half a start is of no use.
			p.mutex.Lock()
			at.worker = nil
			p.mutex.Unlock()
			w.abandon()
		}
		return nil, err
	}
	if err := p.checkVersion(path, w.hello.Version); err != nil {
		p.fail(err)
		w.abandon()
		return nil, err
	}
	return w, nil
}

// idlest picks a worker: the one with the least to do, the first among equals, so
// that no second program is started for a caller that asks one thing at a time.
func (p *Process) idlest() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	best := 0
	for i, slot := range p.slots {
		if slot.busy < p.slots[best].busy {
			best = i
		}
	}
	p.slots[best].busy++
	return best
}

func (p *Process) done(i int) {
	p.mutex.Lock()
	p.slots[i].busy--
	p.mutex.Unlock()
}

// A ProcessSession is a set of policies that an engine program has loaded.
type ProcessSession struct {
	process *Process
	load    *protocol.Load
	loads   []*loaded // by worker

	mutex    sync.Mutex
	closed   bool
	rules    []string
	warnings []string
}

// loaded is a session on one worker.
type loaded struct {
	loading chan struct{} // held, by sending, while the worker loads
	id      int64         // 0: not loaded; guarded by ProcessSession.mutex
}

// Rules lists what the engine may report, sorted.
func (s *ProcessSession) Rules() []string { return slices.Clone(s.rules) }

// Warnings are what a cluster would print when the policies are applied.
func (s *ProcessSession) Warnings() []string { return slices.Clone(s.warnings) }

// on is the worker and the session's id there, loaded if need be.
func (s *ProcessSession) on(ctx context.Context, i int) (*worker, int64, error) {
	w, err := s.process.worker(ctx, s.process.slots[i])
	if err != nil {
		return nil, 0, err
	}
	at := s.loads[i]
	select {
	case at.loading <- struct{}{}:
		defer func() { <-at.loading }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	s.mutex.Lock()
	id, closed := at.id, s.closed
	s.mutex.Unlock()
	if closed {
		return nil, 0, errors.New("the session is closed")
	}
	if id != 0 {
		return w, id, nil
	}
	response, err := w.ask(ctx, &protocol.Request{Load: s.load}, s.process.config.LoadTimeout)
	if err != nil {
		return nil, 0, err
	}
	if response.Load == nil || response.Load.Session == 0 {
		return nil, 0, w.broke(errors.New("answered a load without a session"))
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	at.id = response.Load.Session
	if i == 0 {
		s.rules, s.warnings = response.Load.Rules, response.Load.Warnings
	} else if !slices.Equal(s.rules, response.Load.Rules) {
		return nil, 0, w.broke(errors.New("two of its processes read the same policies differently"))
	}
	return w, at.id, nil
}

// Admit has the engine judge one object. Numbers in the outcome's object and
// cluster are int64 where they are whole, else float64.
func (s *ProcessSession) Admit(ctx context.Context, request Request) (Outcome, error) {
	if err := request.Validate(); err != nil {
		return Outcome{}, err
	}
	admit := &protocol.Admit{
		Object:          request.Object,
		OldObject:       request.OldObject,
		Operation:       string(request.Operation),
		SubResource:     request.SubResource,
		NamespaceLabels: maps.Clone(request.NamespaceLabels),
		RegistryImages:  request.RegistryImages,
		Cluster:         request.Cluster,
	}
	if request.Operation == "" {
		admit.Operation = string(Create)
	}
	for _, phase := range []Phase{Mutate, Validate, Background} {
		if request.Runs(phase) {
			admit.Phases = append(admit.Phases, string(phase))
		}
	}
	i := s.process.idlest()
	defer s.process.done(i)
	w, id, err := s.on(ctx, i)
	if err != nil {
		return Outcome{}, err
	}
	// A phase that the engine does not have is not run: that is what asking for
	// every phase means.
	admit.Phases = slices.DeleteFunc(admit.Phases, func(phase string) bool { return !slices.Contains(w.hello.Phases, phase) })
	if len(admit.Phases) == 0 {
		return Outcome{}, fmt.Errorf("%s: runs none of the phases asked for; it has %v", s.process.config.Name, w.hello.Phases)
	}
	admit.Session = id
	response, err := w.ask(ctx, &protocol.Request{Admit: admit}, s.process.config.RequestTimeout)
	if err != nil {
		return Outcome{}, err
	}
	if response.Admit == nil {
		return Outcome{}, w.broke(errors.New("answered an admission without an outcome"))
	}
	outcome := Outcome{
		Allowed:  response.Admit.Allowed,
		Object:   response.Admit.Object,
		Messages: response.Admit.Messages,
		Warnings: response.Admit.Warnings,
		Recorded: response.Admit.Recorded,
		Cluster:  response.Admit.Cluster,
		Matched:  response.Admit.Matched,
		Fired:    response.Admit.Fired,
	}
	if outcome.Object == nil && request.Operation != Delete {
		outcome.Object = request.Object
	}
	return outcome, nil
}

// Close has the engine forget the policies. Closing twice is harmless.
func (s *ProcessSession) Close() error {
	s.mutex.Lock()
	if s.closed {
		s.mutex.Unlock()
		return nil
	}
	s.closed = true
	ids := make([]int64, len(s.loads))
	for i, at := range s.loads {
		ids[i] = at.id
	}
	s.mutex.Unlock()
	for i, id := range ids {
		s.process.mutex.Lock()
		w := s.process.slots[i].worker
		s.process.mutex.Unlock()
		if id == 0 || w == nil || s.process.usable() != nil {
			continue
		}
		if _, err := w.ask(context.Background(), &protocol.Request{Unload: &protocol.Unload{Session: id}}, s.process.config.RequestTimeout); err != nil {
			return err
		}
	}
	return nil
}
