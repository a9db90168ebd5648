package diagnosis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// shownMessage is how many characters of a message the console repeats.
const shownMessage = 600

// WriteJSON prints the report as one line. Characters that drive a terminal are
// escaped, as JSON allows for every character.
func (r Report) WriteJSON(w io.Writer) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := w.Write(escapeHidden(line.Bytes()))
	return err
}

// escapeHidden writes the control characters that JSON leaves as they are as
// escapes; all of them lie within strings, but for the line's end.
func escapeHidden(line []byte) []byte {
	clean := true
	for _, c := range line[:len(line)-1] {
		if c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return line
	}
	var b bytes.Buffer
	for _, r := range string(line[:len(line)-1]) {
		switch {
		case !Hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// WriteConsole prints the report for people, a blank line behind it.
func (r Report) WriteConsole(w io.Writer, language Language) error {
	var text strings.Builder
	fmt.Fprint(&text, r.Cause)
	if r.Object != "" {
		fmt.Fprintf(&text, "  %s", Visible(r.Object))
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
	row(Text{En: "host", Zh: "主机"}, Visible(r.Host))
	row(Text{En: "image", Zh: "镜像"}, Visible(r.Image))
	row(Text{En: "inner", Zh: "内层原因"}, r.Inner)
	row(Text{En: "message", Zh: "原文"}, Visible(shorten(strings.TrimSpace(r.Message))))
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
		where = fmt.Sprintf("%s:%d: %s", Visible(c.File), c.Line, c.Path)
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
