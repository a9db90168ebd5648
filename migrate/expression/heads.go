package expression

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// maxHeads bounds how many beginnings are told of one pattern.
const maxHeads = 200

// Heads are the texts with which a match of a regular expression can begin, as far
// as they are written out, sorted: those of ^(docker\.io|quay\.io)/(.*)$ are
// "docker.io/" and "quay.io/". A dot that stands alone counts as itself, since it
// seldom means anything else in the name of a host.
func Heads(pattern string) []string {
	if len(pattern) > maxRegexp {
		return nil
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var texts []string
	for _, h := range headsOf(re.Simplify()) {
		if h.text != "" {
			texts = append(texts, h.text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// A head is what a match begins with; whole says that it is all of the match.
type head struct {
	text  string
	whole bool
}

func headsOf(re *syntax.Regexp) []head {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpBeginLine, syntax.OpEndText, syntax.OpEndLine, syntax.OpWordBoundary:
		return []head{{"", true}}
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		return []head{{text, true}}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []head{{".", true}}
	case syntax.OpCharClass:
		if len(re.Rune) == 2 && re.Rune[0] == re.Rune[1] {
			return []head{{string(re.Rune[0]), true}}
		}
	case syntax.OpCapture:
		return headsOf(re.Sub[0])
	case syntax.OpQuest:
		return append([]head{{"", true}}, headsOf(re.Sub[0])...)
	case syntax.OpAlternate:
		var all []head
		for _, sub := range re.Sub {
			if all = append(all, headsOf(sub)...); len(all) > maxHeads {
				return []head{{"", false}}
			}
		}
		return all
	case syntax.OpConcat:
		return concatenated(re.Sub)
	}
	return []head{{"", false}}
}

func concatenated(parts []*syntax.Regexp) []head {
	all := []head{{"", true}}
	for _, part := range parts {
		var longer []head
		more := headsOf(part)
		for _, h := range all {
			if !h.whole {
				longer = append(longer, h)
				continue
			}
			for _, next := range more {
				if longer = append(longer, head{h.text + next.text, next.whole}); len(longer) > maxHeads {
					return all
				}
			}
		}
		all = longer
	}
	return all
}

// Pieces are the texts that are written out anywhere in a regular expression,
// sorted: those of ^quay\.io/.*-debug$ are "-debug" and "quay.io/".
func Pieces(pattern string) []string {
	if len(pattern) > maxRegexp {
		return nil
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var texts []string
	var walk func(re *syntax.Regexp)
	walk = func(re *syntax.Regexp) {
		if re.Op == syntax.OpLiteral && len(texts) < maxHeads {
			texts = append(texts, string(re.Rune))
		}
		for _, sub := range re.Sub {
			walk(sub)
		}
	}
	walk(re)
	slices.Sort(texts)
	return slices.Compact(texts)
}
