package report

import (
	"bufio"
	"io"
	"strings"

	"mirrorgen.dev/gen/generator/terminal"
)

// Markdown writes the rows of Table for a forge's comment or step summary, and
// the counts below it. Like Table it has no durations.
func Markdown(w io.Writer, r *Report, _ Options) error {
	out := bufio.NewWriter(w)
	for i, row := range tableRows(r) {
		for j, cell := range row {
			// The first three columns hold text of the cases, the rest words of ours.
			if i > 0 && j < 3 && cell != "-" && cell != "unchanged" {
				cell = codeSpan(cell)
			} else {
				cell = escapeMarkdown(cell)
			}
			out.WriteString("| " + cell + " ")
		}
		out.WriteString("|\n")
		if i == 0 {
			out.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	for i, finding := range r.Findings {
		if i == 0 {
			out.WriteString("\n")
		}
		out.WriteString("- " + codeSpan(terminal.EscapeLine(finding)) + "\n")
	}
	out.WriteString("\n" + strings.ReplaceAll(countsLine(r), "  ", ", ") + "\n")
	return out.Flush()
}

// codeSpan quotes text so that nothing in it is markup: a fence longer than any
// run of backticks inside, and the pipe, which ends a cell even in code, as
// GitHub's tables want it escaped.
func codeSpan(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

// escapeMarkdown is for the headings, whose arrows are no HTML.
func escapeMarkdown(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`).Replace(text)
}
