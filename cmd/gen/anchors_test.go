package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// anchored is a Markdown link with an anchor, to its own page or to another.
var anchored = regexp.MustCompile(`\]\(([^)#:]*)#([^)]+)\)`)

func TestEveryAnchorOfTheDocsIsAHeading(t *testing.T) {
	found := 0
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range anchored.FindAllStringSubmatch(string(data), -1) {
			found++
			target := page
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(link[1]))
			}
			if !headings(t, target)[link[2]] {
				t.Errorf("%s: links to %s#%s, and there is no such heading", page, link[1], link[2])
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d links to a heading: the test does not see them", found)
	}
}

func TestAnchorsAreThoseOfAForge(t *testing.T) {
	for _, row := range []struct{ heading, want, why string }{
		{"Static-Pod mirrors", "static-pod-mirrors", "lower case, a hyphen for a blank"},
		{"What `gen nodes` makes: all of it", "what-gen-nodes-makes-all-of-it", "signs go"},
		{"6. The constraint", "6-the-constraint", "digits stay"},
		{"拉取凭证 (pull)", "拉取凭证-pull", "letters of any script stay"},
		{"a_b", "a_b", "so does an underscore"},
	} {
		if got := anchor(row.heading); got != row.want {
			t.Errorf("%s: %q has the anchor %q, want %q", row.why, row.heading, got, row.want)
		}
	}
}

// headings are the anchors of a page.
func headings(t *testing.T, page string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Errorf("a link leads nowhere: %v", err)
		return nil
	}
	anchors, fenced := map[string]bool{}, false
	for _, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if title := strings.TrimLeft(line, "#"); !fenced && title != line && strings.HasPrefix(title, " ") {
			anchors[anchor(strings.TrimSpace(title))] = true
		}
	}
	return anchors
}

// anchor is what forges make of a heading: its letters and digits in lower case,
// underscores and hyphens, and a hyphen for each blank.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
