package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

// defaultCases is the folder that gen test reads where none is named.
const defaultCases = "testcases"

func newTest() *cobra.Command {
	var engines engineFlag
	var names, formats []string
	var policies, run, color string
	var workers int
	var update, coverage, allowRemote, watch bool
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "run test cases offline, on every engine",
		Long: `test runs cases: folders with a case.yaml, the objects submitted, and what is
wanted of them. Every case runs in every pipeline: one engine mutates, one
judges the mutated object, as in a cluster. A run that proves nothing fails: no
case, an engine that is absent, policies that do not load, a case that no policy
looked at.`,
		Example: `  gen test
  gen test testcases/digest-survives-rewrite --engine reference
  gen test --engine kyverno@1.18,kyverno@1.19
  gen test --policies overlays/prod
  gen test -o console -o junit=report.xml`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				if _, err := os.Stat(defaultCases); errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("%s: does not exist; name a folder of test cases, or write a first one with gen init", defaultCases)
				}
				paths = []string{defaultCases}
			}
			useCPUs()
			options := testcase.Options{Workers: workers, Update: update, Coverage: coverage, Restricted: len(names) > 0}
			var err error
			if options.Pipelines, err = testcase.Select(names); err != nil {
				return err
			}
			if policies != "" && len(names) == 0 {
				// What is shipped together is run together, whatever it holds.
				options.Pipelines = testcase.Pipelines()
			}
			options.Engines = engines.factories(testcase.Engines(options.Pipelines)...)
			if run != "" {
				if options.Name, err = regexp.Compile(run); err != nil {
					return fmt.Errorf("--run: %w", err)
				}
			}
			if update && os.Getenv("CI") == "true" {
				return errors.New("--update: refused under CI=true; a wanted outcome is written by a person")
			}
			outputs, err := parseFormats(formats)
			if err != nil {
				return err
			}
			colored, err := useColor(color, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			if policies != "" && update {
				return errors.New("--update with --policies: wants are written from a case's own spec")
			}
			if watch && update {
				return errors.New("--watch with --update: each run would write what starts the next")
			}
			once := func(ctx context.Context) error {
				if policies != "" {
					built, err := builtPolicies(policies, allowRemote)
					if err != nil {
						return err
					}
					options.Policies = built
				}
				return runCases(ctx, cmd, paths, options, outputs, colored)
			}
			if watch {
				folders := append(append([]string(nil), paths...), "policies", ".")
				if policies != "" {
					folders = append(folders, policies)
				}
				var written []string
				for _, output := range outputs {
					if output.File != "" {
						written = append(written, filepath.Clean(output.File))
					}
				}
				return watchFolders(cmd.Context(), cmd.ErrOrStderr(), folders, written, once)
			}
			return once(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&names, "engine", nil, "pipelines to run, by name or by the engines they are made of, either with a version as in kyverno@1.18, comma-separated (default all)")
	flags.StringVar(&policies, "policies", "", "run the cases on what this folder or kustomization holds")
	flags.StringVar(&run, "run", "", "run only the cases whose folder matches this regular expression")
	flags.IntVarP(&workers, "jobs", "j", runtime.NumCPU(), "how many cases run at once")
	flags.BoolVar(&update, "update", false, "write the wanted outcomes from what the first pipeline says")
	flags.BoolVar(&coverage, "coverage", false, "fail where a generated rule never fired")
	flags.BoolVar(&watch, "watch", false, "run again whenever a file changes, until interrupted")
	flags.StringArrayVarP(&formats, "output", "o", []string{"console"}, "console, table, markdown, json, junit or github, each optionally =FILE; may be repeated")
	flags.StringVar(&color, "color", "auto", "auto, always or never")
	flags.BoolVar(&allowRemote, "allow-remote", false, "let a kustomization fetch remote resources")
	engines.register(cmd)
	return cmd
}

// runCases runs what is below paths once, and writes the reports.
func runCases(ctx context.Context, cmd *cobra.Command, paths []string, options testcase.Options, outputs []report.Format, colored bool) error {
	folders, err := findCases(paths)
	if err != nil {
		return err
	}
	progress := newProgress(cmd.ErrOrStderr(), len(folders)*len(options.Pipelines))
	options.Done = progress.step
	found, err := testcase.Run(ctx, folders, options)
	progress.clear()
	if err != nil {
		return err
	}
	if err := report.Write(outputs, cmd.OutOrStdout(), found, report.Options{Color: colored}); err != nil {
		return err
	}
	switch found.ExitCode() {
	case exitFine:
		return nil
	case exitFindings:
		return errFindings
	}
	if s := found.Summary(); s.Broken == 0 {
		return nothingRan(found)
	}
	return errReported
}

// nothingRan says why a run proved nothing although nothing is wrong with a case.
func nothingRan(found *report.Report) error {
	for _, result := range found.Results {
		if len(result.Messages) > 0 {
			return fmt.Errorf("no case ran in %s, so nothing was tested; %s: %s",
				strings.Join(found.Pipelines, ", "), result.Folder, strings.Join(result.Messages, "; "))
		}
	}
	return fmt.Errorf("no case ran in %s, so nothing was tested", strings.Join(found.Pipelines, ", "))
}

// findCases is testcase.Find with a sentence for each path that is not there;
// what is wrong with the other paths comes with it.
func findCases(paths []string) ([]string, error) {
	var there []string
	var problems []error
	for _, path := range paths {
		if _, err := look(path, "name a test case or a folder of test cases"); err != nil {
			problems = append(problems, err)
			continue
		}
		there = append(there, path)
	}
	folders, err := testcase.Find(there)
	return folders, errors.Join(append(problems, err)...)
}

func parseFormats(texts []string) ([]report.Format, error) {
	var formats []report.Format
	var problems []error
	for _, text := range texts {
		format, err := report.ParseFormat(text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if format.File != "" {
			// Before the cases run, so that a long run is not lost to a mistyped flag.
			if info, err := os.Stat(filepath.Dir(format.File)); err != nil || !info.IsDir() {
				problems = append(problems, fmt.Errorf("-o %s: %s is no folder", text, filepath.Dir(format.File)))
				continue
			}
		}
		formats = append(formats, format)
	}
	return formats, errors.Join(append(problems, report.CheckFormats(formats))...)
}

// A progress line is shown on a terminal once a run takes longer than a second.
type progress struct {
	w     io.Writer
	total int
	done  atomic.Int64
	start time.Time
	shown atomic.Bool
}

func newProgress(w io.Writer, total int) *progress {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		w = nil
	}
	return &progress{w: w, total: total, start: time.Now()}
}

func (p *progress) step() {
	done := p.done.Add(1)
	if p.w == nil || time.Since(p.start) < time.Second {
		return
	}
	p.shown.Store(true)
	fmt.Fprintf(p.w, "\r%d/%d ", done, p.total)
}

func (p *progress) clear() {
	if p.shown.Load() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
