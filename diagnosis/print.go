package diagnosis

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/terminal"
)

// shownMessage is how many characters of a message the console repeats.
const shownMessage = 600

// WriteJSON prints the report as one line. Characters that drive a terminal are
// escaped, as JSON allows for every character.
func (r Report) WriteJSON(w io.Writer) error {
	return terminal.WriteJSON(w, r)
}

// WriteConsole prints the report for people, a blank line behind it.
func (r Report) WriteConsole(w io.Writer, language Language) error {
	var text strings.Builder
	fmt.Fprint(&text, r.Cause)
	if r.Object != "" {
		fmt.Fprintf(&text, "  %s", terminal.EscapeLine(r.Object))
	}
	if r.Count > 1 {
		fmt.Fprintf(&text, "  (%d×)", r.Count)
	}
	fmt.Fprintln(&text)
	row := func(name Text, value string) {
		if value == "" {
			return
		}
		label := name.In(language)
		fmt.Fprintf(&text, "  %s%s%s\n", label, strings.Repeat(" ", max(1, 9-width(label))), value)
	}
	row(Text{En: "summary", Zh: "说明"}, r.Summary)
	row(Text{En: "host", Zh: "主机"}, terminal.EscapeLine(r.Host))
	row(Text{En: "image", Zh: "镜像"}, terminal.EscapeLine(r.Image))
	row(Text{En: "inner", Zh: "内层原因"}, r.Inner)
	row(Text{En: "message", Zh: "原文"}, terminal.EscapeLine(shorten(strings.TrimSpace(r.Message))))
	row(Text{En: "note", Zh: "注意"}, r.Note)
	row(Text{En: "remedy", Zh: "处理"}, numbered(r.Remedy))
	for _, c := range r.Change {
		row(Text{En: "change", Zh: "修改"}, c.text())
	}
	fmt.Fprintln(&text)
	_, err := io.WriteString(w, text.String())
	return err
}

// numbered is a list with numbers, each entry on its own line.
func numbered(steps []string) string {
	var b strings.Builder
	for i, step := range steps {
		if i > 0 {
			b.WriteString("\n           ")
		}
		fmt.Fprintf(&b, "%d. %s", i+1, step)
	}
	return b.String()
}

// text is a change on a few lines: where, what, why.
func (c Change) text() string {
	where := c.Path
	if c.File != "" && c.Line > 0 {
		where = fmt.Sprintf("%s:%d: %s", terminal.EscapeLine(c.File), c.Line, c.Path)
	}
	if c.YAML != "" {
		where += "\n             " + c.YAML
	}
	return where + "\n           " + c.Why
}

// shorten keeps the beginning and the end of a long text: the end names the reason.
func shorten(text string) string {
	if utf8.RuneCountInString(text) <= shownMessage {
		return text
	}
	runes := []rune(cutText(text, 64<<10))
	tail := []rune(text[max(0, len(text)-2*shownMessage):])
	half := shownMessage / 2
	return string(runes[:half]) + " … " + string(tail[max(0, len(tail)-half):])
}

// width is how many columns a label takes; a Chinese character takes two.
func width(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}
