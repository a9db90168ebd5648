package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/process"
)

// Options say what is run beside etcd and the API server.
type Options struct {
	Binaries Binaries
	// Kyverno runs Kyverno's admission controller; Background its background
	// controller too.
	Kyverno, Background bool
	// NoReports keeps Kyverno from writing a report on every Pod.
	NoReports bool
	// Ports are those to listen on; the zero value picks free ones.
	Ports Ports
}

// Ports are ports of 127.0.0.1, one for each listener; 0: a free one is picked.
type Ports struct{ etcd, etcdPeer, api, back, webhooks int }

// A Stack is a running control plane.
type Stack struct {
	// API is the API server, with every admission that is in force.
	API *kubeapi.Client
	// Back is a second API server on the same store in which policies and webhooks
	// take no part: for what stands in the cluster already, and for what an object
	// becomes without policies.
	Back *kubeapi.Client

	binaries Binaries
	folder   *process.Folder
	identity *identity
	ports    Ports
	kubeconf map[string]string // account -> kubeconfig file
	// background: Kyverno's background controller runs.
	background bool
	noReports  bool

	mu        sync.Mutex
	processes []named // in the order of their start
	stopped   bool
	signals   chan os.Signal
}

type named struct {
	name string
	*process.Process
}

// Start runs a stack and returns when it is ready. It ends with Stop, with an
// interrupt of this process, or with this process.
func Start(ctx context.Context, o Options) (*Stack, error) {
	// A port that was free may be taken before it is used.
	for try := 1; ; try++ {
		s, err := start(ctx, o)
		if err == nil || try == 3 || o.Ports != (Ports{}) || !strings.Contains(err.Error(), "address already in use") {
			return s, err
		}
	}
}

func start(ctx context.Context, o Options) (*Stack, error) {
	ports, err := o.Ports.pick()
	if err != nil {
		return nil, err
	}
	folder, err := process.NewFolder("mirrorgen-e2e-")
	if err != nil {
		return nil, err
	}
	s := &Stack{binaries: o.Binaries, folder: folder, ports: ports, noReports: o.NoReports, kubeconf: map[string]string{}, signals: make(chan os.Signal, 1)}
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	go s.watch()
	if err := s.startAll(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) startAll(ctx context.Context, o Options) error {
	var err error
	if s.identity, err = newIdentity(s.folder.Path); err != nil {
		return err
	}
	if s.API, err = kubeapi.New(process.Address(s.ports.api), s.identity.admin, s.identity.authority); err != nil {
		return err
	}
	if s.Back, err = kubeapi.New(process.Address(s.ports.back), s.identity.admin, s.identity.authority); err != nil {
		return err
	}
	if err := s.startEtcd(ctx); err != nil {
		return err
	}
	if err := s.startAPIServers(ctx); err != nil {
		return err
	}
	if !o.Kyverno && !o.Background {
		return nil
	}
	if err := s.installKyverno(ctx); err != nil {
		return err
	}
	if o.Kyverno {
		if err := s.StartKyverno(ctx); err != nil {
			return err
		}
	}
	if o.Background {
		return s.startBackground(ctx)
	}
	return nil
}

// pick fills in free ports, and refuses ports that are taken.
func (p Ports) pick() (Ports, error) {
	fields := []struct {
		name string
		port *int
	}{{"etcd", &p.etcd}, {"etcd's peers", &p.etcdPeer}, {"kube-apiserver", &p.api}, {"kube-apiserver without policies", &p.back}, {"kyverno", &p.webhooks}}
	free, err := process.FreePorts(len(fields))
	if err != nil {
		return p, err
	}
	var problems []error
	for i, field := range fields {
		if *field.port == 0 {
			*field.port = free[i]
			continue
		}
		problems = append(problems, process.CheckFree(field.name, *field.port))
	}
	return p, errors.Join(problems...)
}

// start runs one program of the stack.
func (s *Stack) start(name, path string, env []string, args ...string) (*process.Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil, fmt.Errorf("%s: is not started, as the stack was stopped", name)
	}
	log := filepath.Join(s.folder.Path, strings.ReplaceAll(name, " ", "-")+".log")
	p, err := process.Start(process.Config{Name: name, Path: path, Args: args, Env: env, Log: log})
	if err == nil {
		s.processes = append(s.processes, named{name, p})
	}
	return p, err
}

// watch ends the stack when this process is interrupted, then lets the interrupt
// do what it does.
func (s *Stack) watch() {
	interrupt, ok := <-s.signals
	if !ok {
		return
	}
	_ = s.Stop()
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	_ = syscall.Kill(os.Getpid(), interrupt.(syscall.Signal))
}

// Stop ends every process, the last started first, and removes what they wrote.
// Stopping again does nothing.
func (s *Stack) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	for i := len(s.processes) - 1; i >= 0; i-- {
		// The data are thrown away, so nothing is lost by not asking.
		s.processes[i].Kill()
	}
	signal.Stop(s.signals)
	close(s.signals)
	return s.folder.Remove()
}

// IDs are the ids of the processes that run, in the order of their start.
func (s *Stack) IDs() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int
	for _, p := range s.processes {
		if p.Err() == nil {
			ids = append(ids, p.ID())
		}
	}
	return ids
}

// Versions are those of what runs, for people.
func (s *Stack) Versions(ctx context.Context) (string, error) {
	answer, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/version"})
	if err != nil {
		return "", err
	}
	etcd, err := exec.CommandContext(ctx, s.binaries.Etcd, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("etcd --version: %w", err)
	}
	first, _, _ := strings.Cut(string(etcd), "\n")
	// The manifest lies in the folder of Kyverno's Go module, whose name ends with
	// the version.
	_, kyverno, _ := strings.Cut(filepath.Base(filepath.Dir(filepath.Dir(s.binaries.Manifest))), "@")
	return fmt.Sprintf("kube-apiserver %v, %s, Kyverno %s", answer.Body["gitVersion"], strings.ToLower(first), kyverno), nil
}

// Folder is where the processes keep what they write.
func (s *Stack) Folder() string { return s.folder.Path }

// AuditLog is the API server's audit log, a JSON event a line.
func (s *Stack) AuditLog() string { return filepath.Join(s.folder.Path, "audit.log") }

// Log is the end of what a program printed, for errors.
func (s *Stack) Log(name string) string {
	return process.Tail(filepath.Join(s.folder.Path, strings.ReplaceAll(name, " ", "-")+".log"), 20)
}
