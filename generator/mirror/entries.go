package mirror

import (
	"fmt"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// CheckEntries refuses entries of only and except that can match nothing,
// because a longer source of the same set serves all that lies below them.
func CheckEntries(set *spec.MirrorSet) spec.Problems {
	p := Compile(set)
	bySource := rulesOf(p.Mirrors)
	var prefixes []string
	for prefix := range breakpointsOf(bySource) {
		prefixes = append(prefixes, prefix)
	}
	sort.Strings(prefixes)

	var problems spec.Problems
	for i, m := range set.Spec.Mirrors {
		for k, entries := range [][]string{m.Only, m.Except} {
			for j, entry := range entries {
				if by := shadowed(bySource, prefixes, p.Mirrors[m.Name], entry); by != "" {
					path := fmt.Sprintf("%s.%s[%d]", mirrorPath(i), []string{"only", "except"}[k], j)
					problems = append(problems, spec.Problem{Position: set.Position(path), Path: path, Message: fmt.Sprintf(
						"%q: can match nothing, as mirror %q serves all that lies below it; remove the entry", entry, by)})
				}
			}
		}
	}
	return problems
}

// shadowed names the mirror that serves all that lies below the entry in the
// mirror's place; empty where an image can reach the entry.
func shadowed(bySource map[string]rule, prefixes []string, m Mirror, entry string) (by string) {
	for _, source := range append([]string{m.Source}, m.Aliases...) {
		prefix := source + "/" + entry
		// All answers below the entry are those at one of these prefixes.
		candidates := []string{prefix}
		for k := sort.SearchStrings(prefixes, prefix+"/"); k < len(prefixes) && strings.HasPrefix(prefixes[k], prefix+"/"); k++ {
			candidates = append(candidates, prefixes[k])
		}
		for _, candidate := range candidates {
			reached := true
			for above := candidate; len(above) > len(source); above = parent(above) {
				if r, ok := bySource[above]; ok {
					if held, _ := r.holds(candidate); held {
						reached, by = false, r.mirror
						break
					}
				}
			}
			if reached {
				return ""
			}
		}
	}
	return by
}
