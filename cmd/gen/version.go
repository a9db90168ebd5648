package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
)

func newVersion() *cobra.Command {
	var format string
	var engines engineFlag
	cmd := &cobra.Command{
		Use:   "version",
		Short: "print the version; with -o json, the engines' versions too",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("the program carries no build information")
			}
			switch format {
			case "text":
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "gen", info.Main.Version)
				return err
			case "json":
			default:
				return fmt.Errorf("-o %q: must be text or json", format)
			}
			versions, err := engines.versions(cmd.Context())
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(struct {
				Version string            `json:"version"`
				Go      string            `json:"go"`
				Engines map[string]string `json:"engines"`
			}{info.Main.Version, info.GoVersion, versions})
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	engines.register(cmd)
	return cmd
}

// versions asks each program that is there for its engine's version. A program of
// one version is listed as --engine names it: kyverno@1.18.
func (f *engineFlag) versions(ctx context.Context) (map[string]string, error) {
	found := map[string]string{"opa": opa.Version()}
	var problems []error
	ask := func(name string, process *engine.Process, mayBeAbsent bool) {
		version, err := process.Version(ctx)
		err = errors.Join(err, process.Close())
		if mayBeAbsent && errors.Is(err, engine.ErrAbsent) {
			version, err = "not installed", nil
		}
		found[name] = version
		problems = append(problems, err)
	}
	// A path that is given is one to Kyverno.
	ask("kyverno", f.kyverno(), f.path == "")
	ask("kubernetes", f.kubernetes(), true)
	for _, of := range []struct{ name, engine, program string }{
		{"kyverno", "kyverno", kyvernoProgram}, {"kubernetes", "kubernetes", kubernetesProgram}, {"opa", opa.RegoName, opaProgram},
	} {
		for _, version := range engine.Versions(of.program, f.path) {
			if process, ok := f.ofVersion(engine.Ref{Name: of.engine, Version: version})().(*engine.Process); ok {
				ask(engine.Ref{Name: of.name, Version: version}.String(), process, false)
			}
		}
	}
	return found, errors.Join(problems...)
}
