package probe

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteConsole writes the report for people: each address and each image with its
// steps, what is wrong and what to do, and one line that sums up.
func WriteConsole(w io.Writer, r *Report, lang language) error {
	c := console{lang: lang, told: map[string]bool{}}
	for _, a := range r.Addresses {
		c.line("%s", c.heading(a))
		c.steps("  ", a.Steps)
		c.finding("  ", a.Finding)
	}
	for _, i := range r.Images {
		c.image(i)
	}
	if len(r.Images) > 0 {
		c.line("")
	}
	if r.NoneServed() {
		c.line("%s", textNoneServed.in(lang))
	}
	c.line("%s", c.summary(r))
	_, err := io.WriteString(w, c.text.String())
	return err
}

type console struct {
	lang language
	text strings.Builder
	// told are the remedies that stand there already: many addresses share a host.
	told map[string]bool
}

func (c *console) line(format string, values ...any) { fmt.Fprintf(&c.text, format+"\n", values...) }

func (c *console) heading(a Address) string {
	switch a.Role {
	case roleMirror:
		return textOfMirror.in(c.lang, a.Mirror, a.Set, a.Address)
	case roleFallback:
		return textOfFallback.in(c.lang, a.Mirror, a.Set, a.Address)
	case roleRegistry:
		return textOfRegistry.in(c.lang, a.Set, a.Address)
	}
	return textOfUpstream.in(c.lang, a.Address)
}

func (c *console) steps(margin string, steps []Step) {
	for _, s := range steps {
		took := ""
		if s.Milliseconds != nil {
			took = " (" + strconv.FormatInt(*s.Milliseconds, 10) + " ms)"
		}
		c.line("%s%-11s %-7s %s%s", margin, s.Step, s.Status, s.Detail, took)
	}
}

func (c *console) finding(margin string, f Finding) {
	if f.Cause == "" {
		return
	}
	c.line("%s%s %s: %s", margin, textCause.in(c.lang), f.Cause, f.Summary)
	remedy := strings.Join(f.Remedy, "\n")
	if remedy != "" && c.told[remedy] {
		c.line("%s  %s", margin, textAsAbove.in(c.lang))
	} else {
		for i, step := range f.Remedy {
			c.line("%s  %d. %s", margin, i+1, step)
		}
	}
	c.told[remedy] = true
	for _, change := range f.Change {
		place := change.Path
		if change.File != "" && change.Line > 0 {
			place = fmt.Sprintf("%s:%d: %s", change.File, change.Line, change.Path)
		}
		c.line("%s%s %s", margin, textChange.in(c.lang), place)
		if change.YAML != "" {
			c.line("%s  %s", margin, change.YAML)
		}
		c.line("%s  %s", margin, change.Why)
	}
}

func (c *console) image(i Image) {
	c.line("%s", textOfImage.in(c.lang, strconv.Quote(i.Image)))
	if i.Detail != "" {
		c.line("  %-11s %-7s %s", "route", i.Status, i.Detail)
	}
	for _, a := range i.Asked {
		c.line("  %s %s", a.Role, a.Reference)
		c.steps("    ", a.Steps)
		c.finding("    ", a.Finding)
	}
}

// summary counts by status, statuses that do not occur left out.
func (c *console) summary(r *Report) string {
	addresses, images := map[Status]int{}, map[Status]int{}
	for _, a := range r.Addresses {
		addresses[a.Status]++
	}
	for _, i := range r.Images {
		images[i.Status]++
	}
	text := textAddresses.in(c.lang, counts(addresses))
	if len(r.Images) > 0 {
		text += "; " + textImages.in(c.lang, counts(images))
	}
	return text
}

func counts(of map[Status]int) string {
	var parts []string
	for _, status := range []Status{OK, Warning, Failed, Skipped} {
		if of[status] > 0 {
			parts = append(parts, strconv.Itoa(of[status])+" "+string(status))
		}
	}
	return strings.Join(parts, ", ")
}
