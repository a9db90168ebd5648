package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/target"
)

func newPolicies() *cobra.Command {
	var from specFlag
	var out string
	var targets []string
	var check bool
	cmd := &cobra.Command{
		Use:   "policies",
		Short: "generate policies from a MirrorSet",
		Long: `policies renders MirrorSets into a folder, one file per object. Files that an
earlier run generated and this one would not are deleted; a file without the
generated header is never touched.

targets:` + targetDocs(),
		Example: `  gen policies
  gen policies -f mirrors.yaml --out policies --target kyverno
  gen policies -f overlays/prod --out rendered/prod
  gen policies --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := target.Named(targets)
			if err != nil {
				return err
			}
			if check && out == "-" {
				return errors.New("--check compares with a folder; --out - has none")
			}
			plans, err := from.plans(cmd)
			if err != nil {
				return err
			}
			files, err := generator.Generate(plans, picked)
			if err != nil {
				return err
			}
			if out == "-" {
				return printObjects(cmd.OutOrStdout(), files)
			}
			if info, err := os.Stat(out); err == nil && !info.IsDir() {
				return fmt.Errorf("%s: is a file; --out names a folder, or - for stdout", out)
			}
			changes, err := artifact.Compare(out, files)
			if err != nil {
				return err
			}
			if check {
				return reportDrift(cmd, changes, from.orDefault(), out, targets)
			}
			sayNotices(cmd.ErrOrStderr(), plans, picked)
			if err := artifact.Write(out, changes); err != nil {
				return err
			}
			saySummary(cmd.ErrOrStderr(), out, files, changes)
			return nil
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&out, "out", "policies", "folder to write, or - for one YAML stream of the cluster's objects on stdout")
	cmd.Flags().StringSliceVar(&targets, "target", nil, "what to generate, comma-separated (default all)")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; print what would change and exit 1 if anything would")
	return cmd
}

func targetDocs() string {
	var text strings.Builder
	for _, t := range target.All() {
		fmt.Fprintf(&text, "\n  %-12s %s", t.Name, t.Doc)
	}
	return text.String()
}

// printObjects writes what a cluster takes as one stream; kustomizations, tests
// and plain Rego are files for a folder.
func printObjects(w io.Writer, files []artifact.File) error {
	first := true
	for _, file := range files {
		folder, rest, _ := strings.Cut(file.Path, "/")
		if folder == "rego" || strings.HasPrefix(rest, "tests/") || strings.HasSuffix(file.Path, "kustomization.yaml") {
			continue
		}
		if !first {
			if _, err := io.WriteString(w, "---\n"); err != nil {
				return err
			}
		}
		first = false
		if _, err := w.Write(file.Data); err != nil {
			return err
		}
	}
	if first {
		return errors.New("--out -: the targets hold no object of a cluster; write them to a folder with --out DIR")
	}
	return nil
}

func reportDrift(cmd *cobra.Command, changes []artifact.Change, specs []string, out string, targets []string) error {
	if len(changes) == 0 {
		return nil
	}
	for _, c := range changes {
		fmt.Fprint(cmd.OutOrStdout(), c.Diff())
	}
	for _, c := range changes {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", c.Path, c.Kind)
	}
	command := "gen policies"
	for _, name := range specs {
		command += " -f " + shellQuote(name)
	}
	command += " --out " + shellQuote(out)
	if len(targets) > 0 {
		command += " --target " + shellQuote(strings.Join(targets, ","))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s differs from its MirrorSet; run: %s\n", out, command)
	return errFindings
}

// shellQuote makes a word safe to paste into a shell.
func shellQuote(word string) string {
	safe := word != ""
	for _, r := range word {
		safe = safe && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:=@%+", r))
	}
	if safe {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func sayNotices(w io.Writer, plans []*mirror.Plan, targets []target.Target) {
	for _, t := range targets {
		if t.Notice != "" {
			fmt.Fprintf(w, "notice: target %s: %s\n", t.Name, t.Notice)
		}
	}
	for _, p := range plans {
		if len(p.Unrendered) > 0 {
			fmt.Fprintf(w, "notice: MirrorSet %s: checked, but not rendered by this version yet: %s\n", p.Name, strings.Join(p.Unrendered, ", "))
		}
	}
}

func saySummary(w io.Writer, out string, files []artifact.File, changes []artifact.Change) {
	counts := map[artifact.ChangeKind]int{}
	for _, c := range changes {
		counts[c.Kind]++
	}
	fmt.Fprintf(w, "%s: %d files: %d new, %d changed, %d deleted\n",
		out, len(files), counts[artifact.Missing], counts[artifact.Stale], counts[artifact.Orphaned])
}
