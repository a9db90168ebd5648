package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/harness/engine"
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
			versions := map[string]string{"opa": moduleVersion(info, "github.com/open-policy-agent/opa")}
			process := engines.kyverno()
			kyverno, err := process.Version(cmd.Context())
			err = errors.Join(err, process.Close())
			switch {
			case errors.Is(err, engine.ErrAbsent) && engines.path == "":
				versions["kyverno"] = "not installed"
			case err != nil:
				return err
			default:
				versions["kyverno"] = kyverno
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

func moduleVersion(info *debug.BuildInfo, path string) string {
	for _, module := range info.Deps {
		if module.Path == path {
			if module.Replace != nil {
				return module.Replace.Version
			}
			return module.Version
		}
	}
	return "not linked"
}
