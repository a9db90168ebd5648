package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mirrorgen.dev/gen/diagnosis"
	"mirrorgen.dev/gen/diagnosis/probe"
	"mirrorgen.dev/gen/generator/spec"
)

func newProbe() *cobra.Command {
	var from specFlag
	var manifests, realms []string
	var config, format, lang string
	var options probe.Options
	cmd := &cobra.Command{
		Use:   "probe [IMAGE...]",
		Short: "ask the mirrors themselves: DNS, TCP, TLS, /v2/, credentials, manifests",
		Long: `probe asks each mirror of a MirrorSet, its fallbacks in their order and its
registries, from the machine that it runs on: DNS, TCP, TLS, GET /v2/, the login;
and for each image HEAD of its manifest at the mirror that serves it. Nothing is
pulled. Each failure has the causes and remedies of gen diagnose.

Credentials come from --docker-config alone. They go to a mirror's own host and to
a token service on the same host or listed with --realm, over TLS, never along a
redirect; credential helpers are not run. Link-local and metadata addresses are
not connected to, nor is this machine unless the MirrorSet names it.

exit status: 0 all fine; 1 a failure, or images that no mirror serves;
2 could not be done`,
		Example: `  gen probe
  gen probe -f mirrors.yaml nginx:1.27 quay.io/prometheus/node-exporter:v1.8.2
  gen probe --manifests deploy/ --docker-config pull.json --digest
  kubectl get pods -A -o jsonpath='{..image}' | tr ' ' '\n' | gen probe -o json -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, images []string) error {
			if format != "console" && format != "json" {
				return fmt.Errorf("-o %q: must be console or json", format)
			}
			if options.Timeout <= 0 || options.Parallel <= 0 {
				return errors.New("--timeout and --parallel: must be more than 0")
			}
			if options.Parallel > probe.MaxParallel {
				return fmt.Errorf("--parallel %d: must be at most %d", options.Parallel, probe.MaxParallel)
			}
			if err := checkProbeFlags(&from, images, manifests, realms); err != nil {
				return err
			}
			options.Realms = realms
			var err error
			if options.Language, err = languageOf(lang); err != nil {
				return err
			}
			// net/http logs what servers send out of turn. Nothing that a server
			// sends is repeated.
			log.SetOutput(io.Discard)
			sets, plans, err := from.compiled(cmd)
			if err != nil {
				return err
			}
			warnOfCAs(cmd.ErrOrStderr(), sets)
			if options.Images, err = probedImages(images, manifests, cmd.InOrStdin(), from.allowRemote); err != nil {
				return err
			}
			if config != "" {
				if _, err := look(config, "name a docker config.json with --docker-config"); err != nil {
					return err
				}
				if options.Config, err = probe.ReadDockerConfig(config); err != nil {
					return err
				}
			}
			var end func()
			options.Progress, end = progressLine(cmd.ErrOrStderr())
			report, err := probe.Run(cmd.Context(), sets, plans, options)
			end()
			if err != nil {
				return err
			}
			if err := writeProbe(cmd.OutOrStdout(), report, format, options.Language); err != nil {
				return err
			}
			if report.Failed() {
				return errFindings
			}
			return nil
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&manifests, "manifests", nil, "file, folder, kustomization, or - for stdin, whose images are asked for; may be repeated")
	flags.StringVar(&config, "docker-config", "", "docker config.json, or the decoded .dockerconfigjson of a Secret (default: no credentials)")
	flags.StringArrayVar(&realms, "realm", nil, "host or host:port of a token service that may be given a mirror's credential; may be repeated (default: the mirror's own host)")
	flags.BoolVar(&options.Digest, "digest", false, "hold each image against the registry that it comes from")
	flags.DurationVar(&options.Timeout, "timeout", probe.DefaultTimeout, "how long each step may take")
	flags.IntVarP(&options.Parallel, "parallel", "j", probe.DefaultParallel, fmt.Sprintf("how many questions are under way at once, at most %d", probe.MaxParallel))
	flags.BoolVar(&options.Timings, "timings", false, "say how long the steps took")
	flags.StringVarP(&format, "output", "o", "console", "console, or json: one line per address, then one per image")
	flags.StringVar(&lang, "lang", "", "en or zh (default: that of the locale)")
	return cmd
}

// checkProbeFlags refuses what cannot be meant.
func checkProbeFlags(from *specFlag, images, manifests, realms []string) error {
	stdins := 0
	for _, name := range slices.Concat(from.paths, images, manifests) {
		if name == "-" {
			stdins++
		}
	}
	if stdins > 1 {
		return errors.New("- stands for stdin more than once: stdin can be read once")
	}
	for _, realm := range realms {
		if realm == "" || strings.ContainsAny(realm, "/@ ") {
			return errors.New("--realm: must be host or host:port, without a scheme, a path or a user")
		}
	}
	return nil
}

// languageOf reads --lang; the locale decides where it is not given.
func languageOf(lang string) (diagnosis.Language, error) {
	switch lang {
	case "":
		return diagnosis.LanguageOf(os.Getenv), nil
	case "en", "zh":
		return diagnosis.Language(lang), nil
	}
	return "", fmt.Errorf("--lang %q: must be en or zh", lang)
}

// warnOfCAs says where a CA is named and was not read, as the system's trust alone
// then judges the mirror.
func warnOfCAs(stderr io.Writer, sets []*spec.MirrorSet) {
	for _, set := range sets {
		for _, m := range set.Spec.Mirrors {
			if m.CAFile != "" && m.CA == nil {
				fmt.Fprintf(stderr, "warning: mirror %s of MirrorSet %s: caFile is read only for a MirrorSet that -f names as a file; the system's trust is used\n", m.Name, set.Name)
			}
		}
		for _, r := range set.Spec.Registries {
			if r.CAFile != "" && r.CA == nil {
				fmt.Fprintf(stderr, "warning: registry %s of MirrorSet %s: caFile is read only for a MirrorSet that -f names as a file; the system's trust is used\n", r.Host, set.Name)
			}
		}
	}
}

// progressLine is one line on a terminal that is written over and over, and gone
// at the end; elsewhere nothing is written.
func progressLine(stderr io.Writer) (progress func(done, total int), end func()) {
	file, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	return progressTo(stderr)
}

func progressTo(terminal io.Writer) (progress func(done, total int), end func()) {
	return func(done, total int) { fmt.Fprintf(terminal, "\r\x1b[Kasked %d of %d", done, total) },
		func() { fmt.Fprint(terminal, "\r\x1b[K") }
}

func writeProbe(stdout io.Writer, report *probe.Report, format string, lang diagnosis.Language) error {
	if format == "json" {
		out := bufio.NewWriter(stdout)
		return errors.Join(probe.WriteJSON(out, report), out.Flush())
	}
	var text strings.Builder
	if err := probe.WriteConsole(&text, report, lang); err != nil {
		return err
	}
	_, err := io.WriteString(stdout, printable(text.String()))
	return err
}
