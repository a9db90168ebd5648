package overlay

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
)

// A reading recognizes one of kustomize's errors, wherever it is nested.
type reading struct {
	pattern *regexp.Regexp
	// say makes one sentence of the pattern's groups; by is the folder of the
	// kustomization that was being built.
	say func(p place, by string, groups []string) string
}

// readings are tried in turn. kustomize tries a path as a file and then as a
// folder and reports both failures, so what is only the first of two is not
// looked for except where nothing else could follow.
var readings = []reading{
	{regexp.MustCompile(`security; file '([^']+)' is not in or below '([^']+)'`), func(p place, _ string, groups []string) string {
		return fmt.Sprintf("%s is, or links to, a file outside %s; everything must lie in or below the kustomization's folder "+
			"(another folder is reached as a kustomization of its own: `resources: [../base]`)", p.show(groups[1]), p.show(groups[2]))
	}},
	{regexp.MustCompile(`cycle detected: candidate root '([^']+)' contains visited root '([^']+)'`), func(p place, by string, groups []string) string {
		return fmt.Sprintf("the kustomization in %s refers to %s, which is or holds a folder that is being built already; a kustomization cannot be built from itself",
			by, p.show(groups[1]))
	}},
	{regexp.MustCompile(`unable to find one of .* in directory '([^']+)'`), func(p place, by string, groups []string) string {
		return fmt.Sprintf("%s, named by the kustomization in %s, holds no kustomization; one of %s must lie in it",
			p.show(groups[1]), by, strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
	}},
	{regexp.MustCompile(`Found multiple kustomization files under: ([^\n]+)`), func(p place, _ string, groups []string) string {
		return fmt.Sprintf("%s holds several kustomization files; keep one of them", p.show(groups[1]))
	}},
	{regexp.MustCompile(`external plugins disabled; unable to load external plugin '([^']+)'`), func(_ place, by string, groups []string) string {
		return fmt.Sprintf("%s, named by the kustomization in %s, is a plugin or function, and none is run here; render its output to a file and list that under resources", groups[1], by)
	}},
	{regexp.MustCompile(`must specify --enable-helm`), func(_ place, by string, _ []string) string {
		return fmt.Sprintf("the kustomization in %s: %s", by, noHelm)
	}},
	{regexp.MustCompile(`evalsymlink failure on '([^']+)' : lstat [^\n]*: no such file or directory$`), func(p place, by string, groups []string) string {
		return fmt.Sprintf("%s, named by the kustomization in %s: no such file or folder", p.show(groups[1]), by)
	}},
}

const noHelm = "Helm charts are not rendered here; render the chart to a file and list that under resources"

var (
	recursed = regexp.MustCompile(`(?:recursed accumulation of|couldn't make target for) path '([^']+)': `)
	// triedAsFolder is what kustomize adds to the failure of anything that is a file.
	triedAsFolder = regexp.MustCompile(`(?s)^accumulation err='(.*)': must build at directory: '[^']+': file is not directory$`)
	// configuring repeats a whole patch.
	configuring = regexp.MustCompile("(?s)^trouble configuring builtin (\\S+) with config: `.*`: ")
	quotedPath  = regexp.MustCompile(`'(/[^']+)'`)
	leadingPath = regexp.MustCompile(`^'([^']+)': `)
)

// explain makes one sentence of an error of kustomize, the overlay's path first.
func (p place) explain(err error) error {
	text := strings.TrimSpace(err.Error())
	by, in, rest := p.shown, p.shown, text
	for _, at := range recursed.FindAllStringSubmatchIndex(text, -1) {
		in, rest = p.show(text[at[2]:at[3]]), text[at[1]:]
		if strings.HasPrefix(text[at[0]:], "recursed") {
			by = in
		}
	}
	for _, r := range readings {
		if groups := r.pattern.FindStringSubmatch(text); groups != nil {
			return fmt.Errorf("%s: %s", p.shown, r.say(p, by, groups))
		}
	}
	rest = strings.TrimPrefix(rest, "accumulating resources: ")
	if groups := triedAsFolder.FindStringSubmatch(rest); groups != nil {
		rest = groups[1]
	}
	rest = strings.TrimPrefix(rest, "accumulating resources from ")
	rest = configuring.ReplaceAllString(rest, "$1: ")
	rest = quotedPath.ReplaceAllStringFunc(rest, func(quoted string) string {
		return p.show(quoted[1 : len(quoted)-1])
	})
	rest = redact(strings.Join(strings.Fields(rest), " "))
	rest = leadingPath.ReplaceAllString(rest, "$1: ")
	if in != p.shown {
		rest = "in " + in + ": " + rest
	}
	return fmt.Errorf("%s: %s", p.shown, rest)
}
