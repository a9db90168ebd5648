package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/overlay"
	"mirrorgen.dev/gen/generator/spec"
)

// defaultSpec is what -f reads as where it is not given: the file that gen init writes.
const defaultSpec = "mirrors.yaml"

// maxStdin bounds what is read from stdin; it is more than spec.Parse accepts,
// so that a longer stream is refused there, in its words.
const maxStdin = 8 << 20

// A specFlag is -f with what goes with it.
type specFlag struct {
	paths       []string
	allowRemote bool
	// warnings are what building kustomizations had to say.
	warnings []string
}

func (f *specFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.paths, "file", "f", nil,
		"MirrorSet file, kustomization folder that yields MirrorSets, or - for stdin; may be repeated (default "+defaultSpec+")")
	cmd.Flags().BoolVar(&f.allowRemote, "allow-remote", false, "let a kustomization fetch remote resources")
}

// orDefault is the paths as given, or the default.
func (f *specFlag) orDefault() []string {
	if len(f.paths) == 0 {
		return []string{defaultSpec}
	}
	return f.paths
}

// sets reads every MirrorSet. Problems of all files come together.
func (f *specFlag) sets(stdin io.Reader) ([]*spec.MirrorSet, error) {
	var sets []*spec.MirrorSet
	var problems []error
	for _, name := range f.orDefault() {
		found, err := f.read(name, stdin)
		if err != nil {
			problems = append(problems, err)
		}
		sets = append(sets, found...)
	}
	return sets, errors.Join(problems...)
}

func (f *specFlag) read(name string, stdin io.Reader) ([]*spec.MirrorSet, error) {
	if name == "-" {
		data, err := io.ReadAll(io.LimitReader(stdin, maxStdin))
		if err != nil {
			return nil, err
		}
		return spec.Parse("stdin", data)
	}
	info, err := look(name, "name a MirrorSet with -f, or write one with gen init")
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return f.build(name)
	case overlay.IsKustomization(name):
		return f.build(filepath.Dir(name))
	}
	return spec.ParseFile(name)
}

// build takes the MirrorSets that a kustomization yields.
func (f *specFlag) build(dir string) ([]*spec.MirrorSet, error) {
	if !overlay.IsKustomization(dir) {
		return nil, fmt.Errorf("%s: is a folder without a kustomization.yaml; name a MirrorSet file or a kustomization", dir)
	}
	objects, warnings, err := overlay.MirrorSets(dir, overlay.Options{AllowRemote: f.allowRemote})
	if err != nil {
		return nil, err
	}
	f.warnings = append(f.warnings, warnings...)
	var sets []*spec.MirrorSet
	var problems []error
	for _, object := range objects {
		set, err := spec.FromObject(dir, object)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		sets = append(sets, set)
	}
	return sets, errors.Join(problems...)
}

// plans reads the MirrorSets and compiles them; warnings go to stderr.
func (f *specFlag) plans(cmd *cobra.Command) ([]*mirror.Plan, error) {
	_, plans, err := f.compiled(cmd)
	return plans, err
}

// checked reads the MirrorSets, which do not work against each other; warnings
// go to stderr.
func (f *specFlag) checked(cmd *cobra.Command) ([]*spec.MirrorSet, error) {
	sets, _, err := f.compiled(cmd)
	return sets, err
}

func (f *specFlag) compiled(cmd *cobra.Command) ([]*spec.MirrorSet, []*mirror.Plan, error) {
	sets, err := f.sets(cmd.InOrStdin())
	if err != nil {
		return nil, nil, err
	}
	for _, warning := range f.warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", printable(warning))
	}
	for _, set := range sets {
		for _, warning := range set.Warnings {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", printable(warning.String()))
		}
	}
	plans, err := generator.Plans(sets)
	return sets, plans, err
}

// look is os.Stat for what a user named. Where nothing has that name, the error
// says so in a sentence, with the remedy.
func look(name, remedy string) (fs.FileInfo, error) {
	info, err := os.Stat(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	if leadsTo, linkErr := os.Readlink(name); linkErr == nil {
		return nil, fmt.Errorf("%s: is a symbolic link to %s, which does not exist; %s", name, leadsTo, remedy)
	}
	return nil, fmt.Errorf("%s: does not exist; %s", name, remedy)
}
