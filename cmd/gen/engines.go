package main

import (
	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
	"mirrorgen.dev/gen/harness/engine/reference"
	"mirrorgen.dev/gen/harness/testcase"
)

// kyvernoProgram is the engine program that runs Kyverno; it is a program of
// its own because Kyverno's module cannot share a build with the rest.
const kyvernoProgram = "gen-engine-kyverno"

// An engineFlag is --engine-path.
type engineFlag struct{ path string }

func (f *engineFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.path, "engine-path", "", "the "+kyvernoProgram+" to use (default: beside gen, then in $PATH)")
}

// factories makes every engine that this program knows.
func (f *engineFlag) factories() map[string]testcase.Factory {
	return map[string]testcase.Factory{
		"reference": func(plans []*mirror.Plan) (engine.Engine, error) { return reference.New(plans...), nil },
		"rego":      func([]*mirror.Plan) (engine.Engine, error) { return opa.NewRego(), nil },
		"gatekeeper": func([]*mirror.Plan) (engine.Engine, error) {
			return opa.NewGatekeeper(), nil
		},
		"kyverno": func([]*mirror.Plan) (engine.Engine, error) { return f.kyverno(), nil },
	}
}

// kyverno is started when it is first asked to load something.
func (f *engineFlag) kyverno() *engine.Process {
	return engine.NewProcess(engine.ProcessConfig{Name: "kyverno", Program: kyvernoProgram, Path: f.path})
}
