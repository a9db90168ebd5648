package migrate

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/migrate/expression"
)

// maxCandidates bounds how many prefixes of one policy are tried.
const maxCandidates = 400

// candidates are the prefixes that the policy names, and those that may be meant by
// a host that it names and a path.
func (w *rewriter) candidates() (found, guessed []string) {
	add := func(text string) {
		// The texts of conditions end in wildcards, those of patterns in a slash.
		text, _, _ = strings.Cut(text, "*")
		text, _, _ = strings.Cut(text, "$")
		text = strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
		text = strings.TrimRight(strings.TrimPrefix(text, "^"), "/:@.\\")
		if text != "" && len(found) < maxCandidates {
			found = append(found, text)
		}
	}
	read := func(literals []expression.Literal) {
		for _, l := range literals {
			if !l.Pattern {
				add(l.Text)
				continue
			}
			for _, head := range expression.Heads(l.Text) {
				add(head)
			}
		}
	}
	for _, s := range w.steps {
		for _, c := range s.when {
			read(c.literals())
		}
		read(expression.Literals(s.image))
		for _, x := range s.within {
			read(expression.Literals(x))
		}
	}
	// Whoever names no registry means Docker Hub, too, and a text that is no host may
	// be what stands behind one.
	found = append(found, image.DockerHub)
	for _, host := range found {
		for _, text := range found {
			if isHost(host) && !strings.Contains(host, "/") && !isHost(text) && len(found)+len(guessed) < maxCandidates {
				guessed = append(guessed, host+"/"+strings.Trim(text, "/"))
			}
		}
	}
	return found, guessed
}

// isHost reports a text that begins with what can only be a host.
func isHost(text string) bool {
	host, _, _ := strings.Cut(text, "/")
	return strings.ContainsAny(host, ".:") || host == "localhost"
}
