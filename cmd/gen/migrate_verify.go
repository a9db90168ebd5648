package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/terminal"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/testcase"
	"mirrorgen.dev/gen/migrate"
	"mirrorgen.dev/gen/migrate/verify"
)

// verifyFlags are --verify with what goes with it.
type verifyFlags struct {
	fixtures   []string
	namespaces string
	through    string
	format     string
	from       specFlag
	engines    engineFlag
}

func (v *verifyFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&v.fixtures, "verify", nil, "Pods or workloads (file, folder, kustomization, or - for stdin) to run old and new on; may be repeated")
	flags.StringVar(&v.namespaces, "namespaces", "", "with --verify: YAML stream of Namespaces, whose labels namespace selectors are held against")
	flags.StringVar(&v.through, "engine", "reference", "with --verify: the engine that runs the MirrorSet")
	flags.StringVarP(&v.format, "output", "o", "console", "with --verify: console, or json: one line for each difference, then one of counts")
	v.from.register(cmd)
	cmd.Flag("file").Usage = "with --verify: the MirrorSet to compare with, in place of what is written; may be repeated"
	v.engines.register(cmd)
}

func (v *verifyFlags) asked() bool { return len(v.fixtures) > 0 }

func (v *verifyFlags) check(inputs []string) error {
	if v.format != "console" && v.format != "json" {
		return fmt.Errorf("-o %q: must be console or json", v.format)
	}
	if !v.asked() {
		if len(v.from.paths) > 0 || v.namespaces != "" || v.through != "reference" || v.format != "console" {
			return errors.New("-f, -o, --engine and --namespaces are about a comparison: name Pods with --verify")
		}
		return nil
	}
	stdin := 0
	for _, name := range slices.Concat(inputs, v.fixtures, v.from.paths) {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return errors.New("-: stdin can be read once")
	}
	return nil
}

// run compares, prints the differences, and says whether there are any.
func (v *verifyFlags) run(cmd *cobra.Command, result *migrate.Result) (differs bool, err error) {
	plans, err := v.plans(cmd, result)
	if err != nil {
		return false, err
	}
	fixtures, err := v.read(cmd.InOrStdin())
	if err != nil {
		return false, err
	}
	labels, err := readNamespaces(v.namespaces)
	if err != nil {
		return false, err
	}
	session, closeNew, err := v.load(cmd.Context(), plans)
	if err != nil {
		return false, err
	}
	comparison := &verify.Comparison{
		Policies: result.Policies, Nodes: result.Nodes, Plans: plans, New: session, NamespaceLabels: labels,
		Engine: func(name string) (engine.Engine, error) { return v.engines.factories()[name](nil) },
	}
	report, err := comparison.Run(cmd.Context(), fixtures)
	if err := errors.Join(err, closeNew()); err != nil {
		return false, inOurFlags(err)
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	if v.format == "json" {
		err = writeVerifyJSON(out, report)
	} else {
		writeVerifyConsole(out, cmd.ErrOrStderr(), report)
	}
	return len(report.Lines) > 0, errors.Join(err, out.Flush())
}

// plans are those of -f, or of what was migrated.
func (v *verifyFlags) plans(cmd *cobra.Command, result *migrate.Result) ([]*mirror.Plan, error) {
	switch {
	case len(v.from.paths) > 0:
		return v.from.plans(cmd)
	case len(result.Sets) == 0:
		return nil, errors.New("--verify: nothing was carried over that could be compared; write the MirrorSet by hand and name it with -f")
	}
	return generator.Plans(result.Sets)
}

// load loads the MirrorSet into its engine.
func (v *verifyFlags) load(ctx context.Context, plans []*mirror.Plan) (engine.Session, func() error, error) {
	set, err := testcase.FromPlans("the MirrorSet", plans)
	if err != nil {
		return nil, nil, err
	}
	factory, known := v.engines.factories()[v.through]
	if !known || v.through == "rego" || v.through == "gatekeeper" {
		return nil, nil, fmt.Errorf("--engine %q: must be an engine that rewrites: reference, kyverno, kyverno-cel or kubernetes", v.through)
	}
	e, err := factory(plans)
	if err != nil {
		return nil, nil, err
	}
	session, err := e.Load(ctx, set.Files[v.through])
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", v.through, err), e.Close())
	}
	return session, func() error { return errors.Join(session.Close(), e.Close()) }, nil
}

// read reads the fixtures. What is no object is an error: a comparison that left
// it out would say less than it seems to.
func (v *verifyFlags) read(stdin io.Reader) ([]verify.Fixture, error) {
	var fixtures []verify.Fixture
	var problems []error
	err := readInputs(v.fixtures, stdin, v.from.allowRemote, func(j *job) bool {
		object, err := j.object, j.err
		if err == nil && object == nil {
			object, err = j.doc.Object()
		}
		if err != nil {
			problems = append(problems, err)
			return true
		}
		for _, item := range flattened(object) {
			fixtures = append(fixtures, verify.Fixture{Where: who(j.doc, item), Object: item})
		}
		return true
	})
	return fixtures, errors.Join(append(problems, err)...)
}

// flattened is an object, or the items of a list.
func flattened(object map[string]any) []map[string]any {
	kind, _ := object["kind"].(string)
	version, _ := object["apiVersion"].(string)
	items, isArray := object["items"].([]any)
	if !isArray || !strings.HasSuffix(kind, "List") {
		return []map[string]any{object}
	}
	var all []map[string]any
	for _, item := range items {
		if of, ok := item.(map[string]any); ok {
			all = append(all, flattened(typed(of, version, kind))...)
		}
	}
	return all
}

func writeVerifyConsole(w, talk io.Writer, report *verify.Report) {
	for _, line := range report.Lines {
		old := mirror.Show(line.Old)
		if line.Old == "" {
			old = "none"
		}
		verdict := line.Right + " is right"
		switch line.Right {
		case migrate.Undecided.String():
			verdict = "undecided"
		case migrate.Neither.String():
			verdict = "neither is right"
		}
		fmt.Fprintln(w, printable(fmt.Sprintf("%s: %s: %s: old %s; new %s: %s (%s)", line.Where, line.Place, mirror.Show(line.Image), old, mirror.Show(line.New), verdict, line.Why)))
	}
	fmt.Fprintf(talk, "%d images in %d Pods: %d equal, %d differ: new is right for %d, old for %d, neither for %d, undecided %d\n",
		report.Images, report.Pods, report.Same, len(report.Lines),
		report.Count(migrate.New), report.Count(migrate.Old), report.Count(migrate.Neither), report.Count(migrate.Undecided))
}

func writeVerifyJSON(w io.Writer, report *verify.Report) error {
	for _, line := range report.Lines {
		if err := terminal.WriteJSON(w, line); err != nil {
			return err
		}
	}
	return terminal.WriteJSON(w, map[string]int{"pods": report.Pods, "images": report.Images, "equal": report.Same, "different": len(report.Lines)})
}
