package testcase

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/harness/engine"
)

// A PolicySet is what a case is run against: the files for each engine, and the
// plans they mean, if any.
type PolicySet struct {
	// Name is the MirrorSet's path, or that of the policies.
	Name string
	// Plans is empty for hand-written policies.
	Plans []*mirror.Plan
	// Files maps an engine's name to what it loads. An engine without an entry
	// has nothing to do with the set.
	Files map[string][]artifact.File
	// Limits maps an engine's name to why its policies were not made: the set is more
	// than it takes. Nothing can be asked of it; the other engines run.
	Limits map[string]error
	// OnlyRewrites are the engines whose policies judge nothing while Gatekeeper is
	// there, as in the whole generated folder; they are then asked for no verdict.
	OnlyRewrites map[string]bool

	// generated: built policies in CEL were all written by this program, and join
	// findings; those of plans do so in any case.
	generated bool
	// labelled are the MirrorSets that the policies say they are of, sorted; empty for
	// policies that say none.
	labelled []string
	// parameters are the plans that were read back, by MirrorSet.
	parameters map[string]carried
}

// Generated renders a MirrorSet file for every engine.
func Generated(name string) (*PolicySet, error) {
	sets, err := spec.ParseFile(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	plans, err := generator.Plans(sets)
	if err != nil {
		return nil, err
	}
	return FromPlans(name, plans)
}

// FromPlans renders plans for every engine that takes them.
func FromPlans(name string, plans []*mirror.Plan) (*PolicySet, error) {
	set := &PolicySet{Name: name, Plans: plans, Files: map[string][]artifact.File{}, Limits: map[string]error{}}
	var files []artifact.File
	for _, t := range target.All() {
		made, err := generator.Generate(plans, []target.Target{t})
		var limit *target.LimitError
		if errors.As(err, &limit) {
			set.Files[t.Name], set.Limits[t.Name] = nil, err
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, made...)
	}
	for _, file := range files {
		folder, rest, _ := strings.Cut(file.Path, "/")
		switch {
		case generator.ForKustomize(file.Path), strings.HasPrefix(rest, "tests/"):
		case strings.HasPrefix(folder, "kyverno") && strings.HasSuffix(rest, "-pull-secrets-rbac.yaml"):
			// What Kyverno's controllers may do; no engine here asks for permission.
		case slices.Contains([]string{"kyverno", "kyverno-cel", "kubernetes", "gatekeeper", "rego"}, folder):
			set.Files[folder] = append(set.Files[folder], file)
		}
	}
	// The reference reads no file, but has an entry: it takes part.
	set.Files["reference"] = nil
	return set, nil
}

// HandWritten reads policies from files, sorted into the engines by their kinds.
func HandWritten(paths []string) (*PolicySet, error) {
	var objects []map[string]any
	var places []string
	var problems []error
	for _, name := range paths {
		found, at, err := readPolicies(name)
		if err != nil {
			problems = append(problems, err)
		}
		objects, places = append(objects, found...), append(places, at...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return fromPlaced(strings.Join(paths, ", "), objects, places)
}

func readPolicies(name string) (objects []map[string]any, places []string, err error) {
	file, err := os.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	objects, places, err = readPlaced(name, file)
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("%s: holds no policy", name)
	}
	return objects, places, err
}

// role is a rule's name with the names of the MirrorSet and of its mirrors taken
// out, and the hash that a policy's name may carry, so that the same rule of two
// sets counts as one.
func (s *PolicySet) role(rule string) string {
	var of *mirror.Plan
	for _, plan := range s.Plans {
		rest, ok := strings.CutPrefix(rule, plan.Name)
		// Of "cn" and "cn-beijing" the longer name is meant.
		if ok && (rest == "" || rest[0] == '-' || rest[0] == '/') && (of == nil || len(plan.Name) > len(of.Name)) {
			of = plan
		}
	}
	if of == nil {
		return rule
	}
	policy, name, hasName := strings.Cut(strings.TrimPrefix(rule, of.Name), "/")
	policy = hashed.ReplaceAllString(policy, "$1")
	if !hasName {
		return "<set>" + policy
	}
	if prefix, ok := perMirror[policy]; ok {
		if _, ok := of.Mirrors[strings.TrimPrefix(name, prefix)]; ok && strings.HasPrefix(name, prefix) {
			name = prefix + "<mirror>"
		}
	}
	return "<set>" + policy + "/" + name
}

// hashed is the end of a policy's name that stands for what its rules say.
var hashed = regexp.MustCompile(`^(-pull-secrets)-[0-9a-f]{8}$`)

// perMirror are the policies with a rule for each mirror, and what the rules'
// names begin with.
var perMirror = map[string]string{
	"-pull-secrets":      "clone-",
	"-service-accounts":  "append-",
	"-existing-accounts": "append-existing-",
}

// sessions keeps what is loaded, so that each set is compiled once per engine.
type sessions struct {
	factories map[string]Factory
	mu        sync.Mutex
	sets      map[string]*lazySet
	loaded    map[string]*lazySession
	engines   map[string]engine.Engine
}

// A Factory makes an engine; plans are for the reference, which runs them.
type Factory func(plans []*mirror.Plan) (engine.Engine, error)

type lazySet struct {
	once sync.Once
	set  *PolicySet
	err  error
}

type lazySession struct {
	once    sync.Once
	session engine.Session
	err     error
}

func newSessions(factories map[string]Factory) *sessions {
	return &sessions{factories: factories, sets: map[string]*lazySet{}, loaded: map[string]*lazySession{}, engines: map[string]engine.Engine{}}
}

// set reads or renders what a case names, once.
func (s *sessions) set(c *Case) (*PolicySet, error) {
	key := "spec " + c.Spec
	if c.Spec == "" {
		key = "policies " + strings.Join(c.Policies, "\x00")
	}
	s.mu.Lock()
	lazy := s.sets[key]
	if lazy == nil {
		lazy = &lazySet{}
		s.sets[key] = lazy
	}
	s.mu.Unlock()
	lazy.once.Do(func() {
		if c.Spec != "" {
			lazy.set, lazy.err = Generated(c.Spec)
		} else {
			lazy.set, lazy.err = HandWritten(c.Policies)
		}
	})
	return lazy.set, lazy.err
}

// session loads a set into an engine, once.
func (s *sessions) session(ctx context.Context, of engine.Ref, set *PolicySet) (engine.Session, error) {
	if err := set.Limits[of.Name]; err != nil {
		return nil, err
	}
	key := of.String() + " " + set.Name
	s.mu.Lock()
	lazy := s.loaded[key]
	if lazy == nil {
		lazy = &lazySession{}
		s.loaded[key] = lazy
	}
	s.mu.Unlock()
	lazy.once.Do(func() {
		e, err := s.engine(of.String(), set)
		if err != nil {
			lazy.err = err
			return
		}
		lazy.session, lazy.err = e.Load(ctx, set.Files[of.Name])
		if lazy.err == nil && (set.generated || len(set.Plans) > 0) {
			lazy.session = Apart(of.Name, lazy.session)
		}
	})
	return lazy.session, lazy.err
}

// engine makes an engine once; the reference once per set, as it is its plans.
func (s *sessions) engine(name string, set *PolicySet) (engine.Engine, error) {
	key := name
	if name == "reference" {
		key += " " + set.Name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.engines[key]; ok {
		return e, nil
	}
	factory, ok := s.factories[name]
	if !ok {
		return nil, fmt.Errorf("engine %q: not known", name)
	}
	e, err := factory(set.Plans)
	if err == nil {
		s.engines[key] = e
	}
	return e, err
}

// close ends every session and engine.
func (s *sessions) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var problems []error
	for _, key := range sortedKeys(s.loaded) {
		if session := s.loaded[key].session; session != nil {
			problems = append(problems, session.Close())
		}
	}
	for _, key := range sortedKeys(s.engines) {
		problems = append(problems, s.engines[key].Close())
	}
	return errors.Join(problems...)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
