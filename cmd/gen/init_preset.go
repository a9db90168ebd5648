package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/preset"
)

// presetFlags are what gen init takes for presets.
type presetFlags struct {
	name, host string
	list       bool
}

func (f *presetFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "preset", "", "write the MirrorSet of a known proxy; --presets lists them")
	flags.StringVar(&f.host, "host", "", "with --preset: the proxy's address, host[:port][/path] (default an example below .example, to be replaced)")
	flags.BoolVar(&f.list, "presets", false, "list the presets and write nothing")
	complete := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, p := range preset.All() {
			names = append(names, cobra.CompletionWithDesc(p.Name, p.Doc))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("preset", complete); err != nil {
		// Only a flag that is not there, or that completes already, gives one.
		panic(err)
	}
}

// printList is gen init --presets, which stands alone.
func (f *presetFlags) printList(cmd *cobra.Command, args []string) error {
	flags := cmd.Flags()
	if len(args) > 0 || flags.Changed("preset") || flags.Changed("host") || flags.Changed("force") {
		return errors.New("--presets: lists and writes nothing; give it alone")
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), preset.List())
	return err
}

// files are what is written, sorted by path: the starter's, or with --preset the
// preset's in the place of the starter's MirrorSet and cases. next is what is to
// be done with them first.
func (f *presetFlags) files(cmd *cobra.Command, starter []artifact.File) (files []artifact.File, next string, err error) {
	flags := cmd.Flags()
	if !flags.Changed("preset") {
		if flags.Changed("host") {
			return nil, "", errors.New("--host: is the address of a preset's proxy; name the preset with --preset")
		}
		return starter, "name your mirrors in " + defaultSpec, nil
	}
	p, err := preset.Named(f.name)
	if err != nil {
		return nil, "", fmt.Errorf("--preset: %w", err)
	}
	address := p.Address
	next = "read the comments of " + defaultSpec
	switch {
	case flags.Changed("host"):
		address = f.host
	case !p.Public:
		next = "write your proxy's address for " + p.Address + " in " + defaultSpec + ", or run this again with --force and --host ADDRESS"
	}
	made, err := p.Files(address)
	if err != nil {
		return nil, "", errors.New("--host: " + strings.ReplaceAll(err.Error(), "\n", "\n--host: "))
	}
	for _, file := range starter {
		if folder, _, _ := strings.Cut(file.Path, "/"); file.Path != defaultSpec && folder != defaultCases {
			files = append(files, file)
		}
	}
	files = append(files, made...)
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	return files, next, nil
}
