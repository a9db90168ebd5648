// Package pages writes the generated parts of the documentation, or says which of
// them are not what they should be.
package pages

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A Page is a file and the text that it should hold.
type Page struct{ Name, Text string }

// Marks are the lines between which a generated part of a page stands.
type Marks struct {
	Begin, End string
	// Of is what the part is, for errors: the table of providers.
	Of string
}

// Insert is the page of that name with the text between the marks replaced.
func (m Marks) Insert(name, text string) (Page, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Page{}, err
	}
	before, rest, ok := strings.Cut(string(data), m.Begin)
	_, after, closed := strings.Cut(rest, m.End)
	if !ok || !closed {
		return Page{}, fmt.Errorf("%s: has no marks for %s", name, m.Of)
	}
	return Page{name, before + m.Begin + text + m.End + after}, nil
}

// Write writes the pages that differ from their files. check: it writes nothing,
// and a page that differs is an error; command is the one that writes it.
func Write(all []Page, check bool, command string) error {
	var problems []error
	for _, page := range all {
		have, _ := os.ReadFile(page.Name)
		switch {
		case string(have) == page.Text:
		case check:
			problems = append(problems, fmt.Errorf("%s: differs from what the run shows; run: %s", page.Name, command))
		default:
			if err := os.WriteFile(page.Name, []byte(page.Text), 0o644); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

// Cell keeps a text within a cell of a table.
func Cell(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }
