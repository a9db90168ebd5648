package report

import (
	"fmt"
	"io"
	"strings"

	"mirrorgen.dev/gen/generator/terminal"
)

// Console writes what a person looks for: each failed or broken result with its
// reasons and diff, what was skipped and why, findings of the whole run, rules
// that did nothing, and one line that sums up.
//
// Text from cases and engines stands behind a margin, so that no line of it can
// begin with what a CI runner takes for a command.
func Console(w io.Writer, r *Report, options Options) error {
	c := console{color: options.Color}
	for _, result := range r.Results {
		switch result.Status {
		case Passed, NotApplicable, Skipped:
		default:
			c.block(result)
		}
	}
	for _, result := range r.Results {
		if result.Status == Skipped {
			reason := strings.Join(result.Messages, "; ")
			c.printf("%s %s\n", c.paint(yellow, "SKIP"), heading(result)+": "+terminal.EscapeLine(reason))
		}
	}
	for _, finding := range r.Findings {
		c.printf("%s %s\n", c.paint(red, "FINDING"), terminal.EscapeLine(finding))
	}
	matched, fired := r.provenRoles()
	c.rules("rules that matched nothing:", r.Rules, func(count RuleCount) bool { return !matched[count.roleKey()] })
	c.rules("rules that matched and never fired:", r.Rules, func(count RuleCount) bool {
		return matched[count.roleKey()] && !fired[count.roleKey()]
	})
	if text := c.text.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		c.printf("\n")
	}
	c.printf("%s\n", summaryLine(r))
	_, err := io.WriteString(w, c.text.String())
	return err
}

type console struct {
	text  strings.Builder
	color bool
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (c *console) printf(format string, values ...any) { fmt.Fprintf(&c.text, format, values...) }

// paint colours text where that is wanted; an empty color leaves it plain.
func (c *console) paint(color, text string) string {
	if !c.color || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (c *console) block(result Result) {
	word := "FAIL"
	if result.Status != Failed {
		word = "BROKEN"
	}
	c.printf("%s %s\n", c.paint(red, word), heading(result))
	if result.Why != "" {
		c.printf("  why: %s\n", terminal.EscapeLine(result.Why))
	}
	if place := place(result); place != "" {
		c.printf("  at: %s\n", place)
	}
	for _, message := range result.Messages {
		for i, line := range strings.Split(strings.TrimRight(terminal.EscapeText(message), "\n"), "\n") {
			margin := "  * "
			if i > 0 {
				margin = "  | "
			}
			c.printf("%s%s\n", margin, line)
		}
	}
	if result.Diff != "" {
		for _, line := range strings.Split(strings.TrimRight(terminal.EscapeText(result.Diff), "\n"), "\n") {
			c.printf("  | %s\n", c.paint(diffColor(line), line))
		}
	}
	c.printf("\n")
}

// diffColor is the colour of a line of a unified diff; empty: none.
func diffColor(line string) string {
	switch {
	case strings.HasPrefix(line, "@@"):
		return cyan
	case strings.HasPrefix(line, "+"):
		return green
	case strings.HasPrefix(line, "-"):
		return red
	}
	return ""
}

func (c *console) rules(title string, counts []RuleCount, chosen func(RuleCount) bool) {
	first := true
	for _, count := range counts {
		if !chosen(count) {
			continue
		}
		if first {
			c.printf("%s\n", c.paint(yellow, title))
			first = false
		}
		c.printf("  - %s\n", terminal.EscapeLine(ruleName(count)))
	}
}

// ruleName names a rule and where it was made from: kyverno cn-rewrite/images (policies/mirrors.yaml).
func ruleName(count RuleCount) string {
	name := strings.TrimSpace(count.Engine + " " + count.Rule)
	if count.Policies == "" {
		return name
	}
	return name + " (" + count.Policies + ")"
}

// heading is the case and, where it ran in one, the pipeline.
func heading(result Result) string {
	text := terminal.EscapeLine(caseName(result))
	if result.Pipeline != "" {
		text += "  " + terminal.EscapeLine(result.Pipeline)
	}
	return text
}

// place is file:line, the file alone, or nothing.
func place(result Result) string {
	if result.File == "" {
		return ""
	}
	if result.Line > 0 {
		return fmt.Sprintf("%s:%d", terminal.EscapeLine(result.File), result.Line)
	}
	return terminal.EscapeLine(result.File)
}

// countsLine is the verdicts counted, without anything that differs from run to run.
func countsLine(r *Report) string {
	s := r.Summary()
	return fmt.Sprintf("passed %d  failed %d  broken %d  skipped %d  not applicable %d",
		s.Passed, s.Failed, s.Broken, s.Skipped, s.NotApplicable)
}

// summaryLine is the last line of the console and the notice of a forge.
func summaryLine(r *Report) string {
	return fmt.Sprintf("%s  (%s, %s, %.1fs)", countsLine(r),
		count(casesOf(r), "case"), count(len(r.Pipelines), "pipeline"), r.Duration.Seconds())
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
