package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/harness/testcase"
)

// The engine programs: programs of their own because Kyverno's module cannot
// share a build with the rest, and the API server's would double its size.
const (
	kyvernoProgram    = "gen-engine-kyverno"
	kubernetesProgram = "gen-engine-kubernetes"
	// opaProgram is the one of another OPA than gen's own, and is built for versions alone.
	opaProgram = "gen-engine-opa"
)

// An engineFlag is --engine-path.
type engineFlag struct{ path string }

func (f *engineFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.path, "engine-path", "", "folder of the engine programs, or the "+kyvernoProgram+" in it (default: beside gen, then in $PATH)")
}

// factories makes every engine that this program knows, and those of the versions
// that are wanted of them.
func (f *engineFlag) factories(wanted ...engine.Ref) map[string]testcase.Factory {
	all := map[string]testcase.Factory{
		"reference": func(plans []*mirror.Plan) (engine.Engine, error) { return reference.New(plans...), nil },
		"rego":      func([]*mirror.Plan) (engine.Engine, error) { return opa.NewRego(), nil },
		"gatekeeper": func([]*mirror.Plan) (engine.Engine, error) {
			return opa.NewGatekeeper(), nil
		},
		"kyverno": func([]*mirror.Plan) (engine.Engine, error) { return f.kyverno(), nil },
		// The same program in a process of its own, with policies of other kinds.
		"kyverno-cel": func([]*mirror.Plan) (engine.Engine, error) { return f.kyverno(), nil },
		"kubernetes":  func([]*mirror.Plan) (engine.Engine, error) { return f.kubernetes(), nil },
	}
	for _, ref := range wanted {
		if process := f.ofVersion(ref); process != nil {
			all[ref.String()] = func([]*mirror.Plan) (engine.Engine, error) { return process(), nil }
		}
	}
	return all
}

// kyverno is started when it is first asked to load something.
func (f *engineFlag) kyverno() *engine.Process {
	return engine.NewProcess(engine.ProcessConfig{Name: "kyverno", Program: kyvernoProgram, Path: f.kyvernoPath()})
}

// kubernetes likewise.
func (f *engineFlag) kubernetes() *engine.Process {
	return engine.NewProcess(engine.ProcessConfig{Name: "kubernetes", Program: kubernetesProgram, Path: f.folder()})
}

// ofVersion makes an engine of the version that is wanted; nil where none is, or
// where the engine has no versions.
func (f *engineFlag) ofVersion(ref engine.Ref) func() engine.Engine {
	config := engine.ProcessConfig{Path: f.folder()}
	switch {
	case ref.Version == "":
		return nil
	case ref.Name == "kyverno", ref.Name == "kyverno-cel":
		config.Name, config.Program, config.Path = engine.Ref{Name: "kyverno", Version: ref.Version}.String(), kyvernoProgram, f.kyvernoPath()
	case ref.Name == "kubernetes":
		config.Name, config.Program = ref.String(), kubernetesProgram
	case ref.Name == opa.RegoName && ref.Version == engine.Minor(opa.Version()):
		return opa.NewRego
	case ref.Name == opa.GatekeeperName && ref.Version == engine.Minor(opa.Version()):
		return opa.NewGatekeeper
	case ref.Name == opa.RegoName, ref.Name == opa.GatekeeperName:
		config.Name, config.Program, config.Arguments = ref.String(), opaProgram, []string{ref.Name}
	default:
		return nil
	}
	return func() engine.Engine { return engine.NewProcess(config) }
}

// kyvernoPath is --engine-path; where that is another engine's program, the folder.
func (f *engineFlag) kyvernoPath() string {
	switch strings.TrimSuffix(filepath.Base(f.path), ".exe") {
	case kubernetesProgram, opaProgram, "gen":
		return f.folder()
	}
	return f.path
}

// folder is --engine-path without the name of the program that it may end with: the
// other programs lie where that one does.
func (f *engineFlag) folder() string {
	if info, err := os.Stat(f.path); err == nil && !info.IsDir() {
		return filepath.Dir(f.path)
	}
	return f.path
}
