package main

import (
	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/spec"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "print the JSON Schema (draft-07) of a MirrorSet",
		Example: `  gen schema > mirrors.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := spec.Schema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
