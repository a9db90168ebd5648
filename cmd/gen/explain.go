package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/terminal"
)

func newExplain() *cobra.Command {
	var from specFlag
	var format string
	cmd := &cobra.Command{
		Use:   "explain IMAGE...",
		Short: "show the route of an image: which mirror serves it, and why",
		Example: `  gen explain nginx
  gen explain -f mirrors.yaml -o json quay.io/prometheus/node-exporter:v1.8.2
  kubectl get pods -A -o jsonpath='{..image}' | tr ' ' '\n' | gen explain -`,
		Args: atLeastOne("an IMAGE, or - for one a line on stdin"),
		RunE: func(cmd *cobra.Command, images []string) error {
			if format != "console" && format != "json" {
				return fmt.Errorf("-o %q: must be console or json", format)
			}
			for _, name := range from.paths {
				if name == "-" && slices.Contains(images, "-") {
					return fmt.Errorf("-f - and IMAGE -: stdin can be read once")
				}
			}
			plans, err := from.plans(cmd)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			refused, answered := false, 0
			explain := func(text string) error {
				answered++
				e := explanationOf(plans, text)
				refused = refused || !e.Allowed || e.Error != ""
				if format == "json" {
					return e.writeJSON(out)
				}
				return e.writeConsole(out)
			}
			if err := eachImage(images, cmd.InOrStdin(), explain); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
			if answered == 0 {
				return errors.New("stdin holds no image; nothing was explained")
			}
			if refused && format == "console" {
				return errFindings
			}
			return nil
		},
	}
	from.register(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "console", "console, or json: one line per image")
	return cmd
}

// eachImage calls do for every image; "-" stands for the lines of stdin, blank
// ones skipped.
func eachImage(images []string, stdin io.Reader, do func(string) error) error {
	for _, text := range images {
		if text != "-" {
			if err := do(text); err != nil {
				return err
			}
			continue
		}
		lines := bufio.NewReader(stdin)
		for {
			line, err := lines.ReadString('\n')
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if strings.TrimSpace(line) != "" {
				if err := do(line); err != nil {
					return err
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// An explanation is the route of one image.
type explanation struct {
	Image      string `json:"image"`
	Error      string `json:"error,omitempty"`
	Canonical  string `json:"canonical"`
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	// Mirror is empty where none serves the image; Rewritten is then Image.
	Mirror    string `json:"mirror"`
	Rewritten string `json:"rewritten"`
	Allowed   bool   `json:"allowed"`

	set      string
	decision mirror.Decision
	plan     *mirror.Plan
	findings []mirror.Finding
}

// explanationOf asks every plan; sources do not overlap across plans, so that at
// most one rewrites.
func explanationOf(plans []*mirror.Plan, text string) explanation {
	e := explanation{Image: text, Rewritten: text, Allowed: true}
	for i, p := range plans {
		d := p.Rewrite(text)
		if i == 0 || e.decision.Status == mirror.Unmatched && d.Status != mirror.Unmatched {
			e.decision, e.plan, e.set = d, p, p.Name
		}
	}
	d := e.decision
	e.Rewritten = d.Image
	if d.Status == mirror.Invalid {
		e.Error = "invalid reference: " + d.Err.Error()
	} else {
		e.Canonical = d.Reference.String()
		e.Registry, e.Repository = d.Reference.Registry, d.Reference.Repository
		e.Tag, e.Digest = d.Reference.EffectiveTag(), d.Reference.Digest
	}
	if d.Status == mirror.Rewritten {
		e.Mirror = d.Mirror
	}
	for _, p := range plans {
		finding, found := p.Judge(e.Rewritten, mirror.AsAdmitted)
		if !found {
			continue
		}
		e.findings = append(e.findings, finding)
		if !finding.Warning && p.Enforcement == "deny" {
			e.Allowed = false
		}
	}
	return e
}

func (e explanation) writeJSON(w io.Writer) error {
	if e.Error != "" {
		return terminal.WriteJSON(w, struct {
			Image     string `json:"image"`
			Error     string `json:"error"`
			Rewritten string `json:"rewritten"`
			Allowed   bool   `json:"allowed"`
		}{e.Image, e.Error, e.Rewritten, e.Allowed})
	}
	return terminal.WriteJSON(w, e)
}

func (e explanation) writeConsole(w io.Writer) error {
	var text strings.Builder
	row := func(name, value string) { fmt.Fprintf(&text, "  %-10s %s\n", name, printable(value)) }
	fmt.Fprintln(&text, printable(mirror.Show(e.Image)))
	if e.Error != "" {
		row("error", e.Error)
	} else {
		row("canonical", e.Canonical)
		row("route", e.route())
		if e.Rewritten != e.Image {
			row("rewritten", e.Rewritten)
		}
	}
	verdict := "allowed"
	if !e.Allowed {
		verdict = "denied"
	}
	for _, finding := range e.findings {
		verdict += "; " + finding.Message
	}
	row("constraint", verdict)
	_, err := io.WriteString(w, text.String())
	return err
}

// route says in words why the image goes where it goes.
func (e explanation) route() string {
	d := e.decision
	switch d.Status {
	case mirror.Rewritten:
		m := e.plan.Mirrors[d.Mirror]
		at := ""
		if m.At.Line > 0 {
			at = fmt.Sprintf(" (%s:%d)", m.At.File, m.At.Line)
		}
		return fmt.Sprintf("mirror %s of MirrorSet %s%s: the longest matching prefix is %s", d.Mirror, e.set, at, d.Prefix)
	case mirror.Kept:
		return fmt.Sprintf("left alone: except of MirrorSet %s covers %s", e.set, d.Prefix)
	case mirror.NotHeld:
		return fmt.Sprintf("left alone: mirror %s of MirrorSet %s does not hold it; it holds %s",
			d.Mirror, e.set, strings.Join(e.plan.Mirrors[d.Mirror].Only, ", "))
	case mirror.Unrewritable:
		return fmt.Sprintf("left alone: mirror %s cannot serve it: %v", d.Mirror, d.Err)
	}
	return "left alone: no source covers it"
}
