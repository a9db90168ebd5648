package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/migrate"
)

func newMigrate() *cobra.Command {
	var options migrate.Options
	var out string
	var verify verifyFlags
	cmd := &cobra.Command{
		Use:   "migrate INPUT...",
		Short: "read what clusters and nodes use today, and write the MirrorSet that means the same",
		Long: `migrate reads policies and node configuration that redirect images and writes the
MirrorSet that means the same to stdout. Above each mirror stands where it was
read. What a MirrorSet has no word for is named on stderr with its place, and is
a finding; where the old policy is wrong by rule, the MirrorSet says what was
meant, and a note says so. Credentials are neither read nor repeated.

inputs, each a file, a folder, or - for stdin:
  policy       ClusterPolicy, Policy, MutatingPolicy and MutatingAdmissionPolicy
               that replace the registry of images
  k3s          registries.yaml of k3s and RKE2
  containerd   hosts.toml below certs.d, and the mirrors of config.toml
  openshift    ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy

With --verify the old policies and the MirrorSet are run on the same Pods: stdout
then has a line for each image on which they differ, with which is right and why,
and the MirrorSet goes to --out.`,
		Example: `  kubectl get clusterpolicies -o yaml | gen migrate - > mirrors.yaml
  gen migrate /etc/containerd/certs.d --out mirrors.yaml
  gen migrate policy.yaml --verify pods/ --out mirrors.yaml`,
		Args: atLeastOne("an INPUT: a file, a folder, or - for stdin"),
		RunE: func(cmd *cobra.Command, inputs []string) error {
			if err := verify.check(inputs); err != nil {
				return err
			}
			files, err := readMigrated(inputs, cmd.InOrStdin())
			if err != nil {
				return err
			}
			result, err := migrate.Read(files, options)
			if err != nil {
				return err
			}
			sayMigrated(cmd.ErrOrStderr(), result)
			if result.Text == nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "nothing could be carried over: no MirrorSet is written")
			}
			differs := false
			if verify.asked() {
				if differs, err = verify.run(cmd, result); err != nil {
					return err
				}
			}
			if err := writeMigrated(cmd.OutOrStdout(), result.Text, out, verify.asked()); err != nil {
				return err
			}
			if differs || len(result.LeftOut) > 0 {
				return errFindings
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "-", "file to write the MirrorSet to, or - for stdout")
	flags.StringVar(&options.Name, "name", migrate.DefaultName, "name of the MirrorSet")
	flags.StringVar(&options.From, "from", "", "format of the inputs: "+strings.Join(migrate.Formats(), ", ")+" (default: what each one's content says)")
	flags.StringSliceVar(&options.Sources, "sources", nil, "registries that you use, for rules about every registry (default docker.io)")
	verify.register(cmd)
	return cmd
}

// writeMigrated writes the MirrorSet where it is wanted: with a comparison on
// stdout it needs a file.
func writeMigrated(stdout io.Writer, text []byte, out string, compared bool) error {
	switch {
	case text == nil, out == "-" && compared:
		return nil
	case out == "-":
		_, err := stdout.Write(text)
		return err
	}
	if before, err := os.ReadFile(out); err == nil && !bytes.HasPrefix(before, text[:bytes.IndexByte(text, '\n')+1]) {
		return fmt.Errorf("%s: is there already, and was not written by gen migrate; name another file with --out", out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return artifact.WriteFile(out, text)
}

// sayMigrated says what was left out, what differs on purpose, and what holds
// nothing of this.
func sayMigrated(w io.Writer, result *migrate.Result) {
	sayProblems(w, "passed over", result.PassedOver)
	sayProblems(w, "note", result.Notes)
	sayProblems(w, "left out", result.LeftOut)
}

// migratedFiles are the names of files that a folder is searched for.
var migratedFiles = []string{".yaml", ".yml", ".json", ".toml"}

// mostMigratedFiles bounds a folder, such as / by mistake.
const mostMigratedFiles = 10_000

func readMigrated(inputs []string, stdin io.Reader) ([]migrate.File, error) {
	var files []migrate.File
	var problems []error
	for _, input := range inputs {
		names := []string{input}
		if input == "-" {
			data, err := io.ReadAll(io.LimitReader(stdin, migrate.MaxFile+1))
			if err != nil {
				return nil, err
			}
			files = append(files, migrate.File{Name: "stdin", Data: data})
			continue
		}
		info, err := look(input, "name a file, a folder, or - for stdin")
		if err == nil && info.IsDir() {
			names, err = filesBelow(input)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, name := range names {
			file, err := readMigratedFile(name)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			files = append(files, file)
		}
	}
	return files, errors.Join(problems...)
}

// filesBelow lists the files of a folder that may be of use, sorted.
func filesBelow(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains(migratedFiles, strings.ToLower(filepath.Ext(name))) {
			return err
		}
		if len(names) == mostMigratedFiles {
			return fmt.Errorf("%s: holds more than %d files; name a folder with fewer", dir, mostMigratedFiles)
		}
		names = append(names, name)
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: holds no .yaml, .json or .toml file", dir)
	}
	slices.Sort(names)
	return names, err
}

// readMigratedFile reads a regular file, and no more of it than migrate.Read takes.
func readMigratedFile(name string) (migrate.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return migrate.File{}, err
	}
	if !info.Mode().IsRegular() {
		return migrate.File{}, fmt.Errorf("%s: is no regular file", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return migrate.File{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, migrate.MaxFile+1))
	if err != nil {
		return migrate.File{}, err
	}
	full, err := filepath.Abs(name)
	return migrate.File{Name: filepath.ToSlash(name), Folder: filepath.Base(filepath.Dir(full)), Data: data}, err
}
