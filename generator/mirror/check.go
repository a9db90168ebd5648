package mirror

import (
	"fmt"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// Check refuses, over all plans given together, what would make admission
// depend on order or on how often it runs: a source served twice, a rule
// whose output a rule can match again, and secrets and transports that one set
// knows of and another's mirrors need.
func Check(plans []*Plan) spec.Problems {
	problems := checkSources(plans)
	if len(problems) == 0 {
		// Loops are only defined over sources that are unambiguous.
		problems = append(problems, checkLoops(plans)...)
	}
	return append(problems, checkNeeds(plans)...)
}

// A claim is one source of one mirror.
type claim struct {
	set, mirror string
	at          spec.Position
	path        string
}

func (c claim) String() string {
	name := fmt.Sprintf("mirror %q of MirrorSet %q", c.mirror, c.set)
	if c.at.Line > 0 {
		name += fmt.Sprintf(" (%s:%d)", c.at.File, c.at.Line)
	}
	return name
}

// checkSources refuses a source that two mirrors claim, and sources of
// different sets that are nested: within a set the longest source wins, across
// sets nothing orders the policies.
func checkSources(plans []*Plan) spec.Problems {
	var problems spec.Problems
	claims := map[string]claim{}
	for _, p := range plans {
		for _, name := range p.MirrorNames() {
			m := p.Mirrors[name]
			c := claim{p.Name, name, m.At, m.SourcePath}
			for i, source := range append([]string{m.Source}, m.Aliases...) {
				here := c
				if i > 0 {
					here.path = strings.TrimSuffix(m.SourcePath, "source") + "aliases"
				}
				if first, taken := claims[source]; taken {
					problems = append(problems, spec.Problem{Position: here.at, Path: here.path, Message: fmt.Sprintf(
						"%q: is served by %s already; a source has one mirror: remove one, or narrow it by a path", source, first)})
					continue
				}
				claims[source] = here
			}
		}
	}
	sources := make([]string, 0, len(claims))
	for source := range claims {
		sources = append(sources, source)
	}
	sort.Strings(sources)
	for _, source := range sources {
		c := claims[source]
		for above := parent(source); above != ""; above = parent(above) {
			if outer, ok := claims[above]; ok && outer.set != c.set {
				problems = append(problems, spec.Problem{Position: c.at, Path: c.path, Message: fmt.Sprintf(
					"%q: lies below %q of %s; the longest source wins only within one MirrorSet: write both in one", source, above, outer)})
				break
			}
		}
	}
	return problems
}

func parent(prefix string) string {
	cut := strings.LastIndexByte(prefix, '/')
	if cut < 0 {
		return ""
	}
	return prefix[:cut]
}

// checkLoops refuses a rule whose output some rule rewrites again. Each row is
// tried at every prefix at which any table changes its mind, below the row's
// prefix or below its target; between two such prefixes all answers are alike,
// so what is found is exact, "only" and "except" counted.
func checkLoops(plans []*Plan) spec.Problems {
	all := Table{}
	for _, p := range plans {
		for prefix, row := range p.Table {
			all[prefix] = row
		}
	}
	prefixes := all.Prefixes()

	var problems spec.Problems
	for _, p := range plans {
		reported := map[string]bool{}
		for _, prefix := range p.Table.Prefixes() {
			row := p.Table[prefix]
			if row.To == "" || reported[row.Mirror] {
				continue
			}
			for _, rest := range rests(prefixes, prefix, row.To) {
				if !rewrites(p.Table, prefix, rest) {
					continue
				}
				name := row.To + rest
				at, again := matchAgain(all, name)
				if !again || checkName(name) != nil {
					continue
				}
				m := p.Mirrors[row.Mirror]
				problems = append(problems, spec.Problem{Position: m.At, Path: m.AddressPath, Message: fmt.Sprintf(
					"%q: what is rewritten to %q would be rewritten again, as it lies below %q; admission may run twice: serve it elsewhere, or leave it out with except",
					m.Address, name, at)})
				reported[row.Mirror] = true
				break
			}
		}
	}
	return problems
}

// matchAgain reports whether an image of that name would be rewritten, or be
// refused by the constraint as the same registry with its default port written
// out, and by which row.
func matchAgain(t Table, name string) (at string, again bool) {
	at, row, ok := t.Lookup(name)
	if !ok {
		host, rest, _ := strings.Cut(name, "/")
		if usual, other := usualPort(host); other {
			at, row, ok = t.Lookup(nameAt(usual, rest))
		}
	}
	return at, ok && row.To != ""
}

// fresh is a component that no table holds, for the images that lie below a
// prefix and below no longer one. The grammar allows it; its length makes a
// collision with a written one next to impossible, and the worst of a collision
// would be an answer for that one image.
const fresh = "/mirrorgen--any"

// rests lists what may follow prefix so as to meet every change of mind below
// prefix and below to: nothing, something, and each deeper prefix of either.
func rests(prefixes []string, prefix, to string) []string {
	rests := []string{"", fresh}
	for _, base := range []string{prefix, to} {
		for i := sort.SearchStrings(prefixes, base+"/"); i < len(prefixes) && strings.HasPrefix(prefixes[i], base+"/"); i++ {
			rest := prefixes[i][len(base):]
			rests = append(rests, rest, rest+fresh)
		}
	}
	return rests
}

// rewrites reports whether the row at prefix is the one that decides prefix+rest.
func rewrites(t Table, prefix, rest string) bool {
	at, _, ok := t.Lookup(prefix + rest)
	return ok && at == prefix
}
