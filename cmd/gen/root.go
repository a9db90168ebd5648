package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mirrorgen.dev/gen/generator/terminal"
)

// The exit status of every command.
const (
	exitFine     = 0 // the job is done and nothing was found
	exitFindings = 1 // drift, a failed or vacuous case, a denied object
	exitCannot   = 2 // usage, a bad spec, an unreadable file, an engine that broke
)

// errFindings ends a command with exitFindings; what was found is printed already.
var errFindings = errors.New("findings")

// errReported ends a command with exitCannot; what is wrong is printed already.
var errReported = errors.New("reported")

// run is the whole program as a function of its input.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitFindings
	case !errors.Is(err, errReported):
		fmt.Fprintln(stderr, printable(err.Error()))
	}
	return exitCannot
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "gen",
		Short: "one MirrorSet in, image-mirroring policies out, proven offline",
		Long: `gen reads a MirrorSet, the one file that says which registries are served by
which mirror, and writes the policies that rewrite every Pod's images (Kyverno's,
or Kubernetes' own), the constraints that refuse what slips past, and what nodes
need. It runs the real engines offline on fixture Pods, so that policies are proven
before a cluster sees them.

exit status: 0 fine; 1 findings (drift, a failed case, a denied object);
2 could not do the job (usage, a bad spec, an engine that broke)`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newInit(), newPolicies(), newNodes(), newMigrate(), newTest(), newAdmit(), newExplain(), newDiagnose(), newProbe(), newSchema(), newVersion())
	return root
}

// atLeastOne refuses a command line without arguments, in words that say what is missing.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("name %s; see %s --help", what, cmd.CommandPath())
		}
		return nil
	}
}

// printable replaces control characters and those that reorder or hide text, which only ever come from a user's
// files or objects, so that they cannot drive the terminal.
func printable(text string) string {
	return terminal.MaskText(text)
}

// useColor decides by --color, then NO_COLOR, then FORCE_COLOR, then whether
// stdout is a terminal.
func useColor(when string, stdout io.Writer) (bool, error) {
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
	default:
		return false, fmt.Errorf("--color %q: must be auto, always or never", when)
	}
	if os.Getenv("NO_COLOR") != "" {
		return false, nil
	}
	if force, set := os.LookupEnv("FORCE_COLOR"); set {
		return force != "0", nil
	}
	file, ok := stdout.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())), nil
}
