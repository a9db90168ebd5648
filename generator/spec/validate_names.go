package spec

import "strings"

// names fills the names that mirrors do not have, and checks that those of
// generated objects are told apart and not too long.
func (v *validator) names() {
	set := v.set
	longest := maxObjectName - len("mirrorgen-") - len(set.Name) - len("-")
	first := map[string]int{}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		path := index("spec.mirrors", i)
		derived := false
		if _, written := set.Positions[path+".name"]; !written && m.Source != "" {
			m.Name = derivedName(m.Source, min(longest, maxMirrorName))
			derived = true
			if m.Name == "" {
				v.problem(path, "no name can be derived from %s; give the mirror a name", show(m.Source))
			}
		}
		if m.Name == "" {
			continue
		}
		if len(m.Name) > longest {
			v.problem(path+".name", "%s: %s would have %d characters, at most %d are possible; shorten it, or the set's name",
				show(m.Name), show("mirrorgen-"+set.Name+"-"+m.Name), maxObjectName-longest+len(m.Name), maxObjectName)
		}
		before, taken := first[m.Name]
		if !taken {
			first[m.Name] = i
			continue
		}
		if derived {
			v.problem(path+".source", "%s: %s and %s would both be called %s; give each a name", show(m.Source), index("spec.mirrors", before), path, show(m.Name))
			continue
		}
		how := ""
		if _, written := set.Positions[index("spec.mirrors", before)+".name"]; !written {
			how = ", derived from its source"
		}
		v.problem(path+".name", "%s: spec.mirrors[%d] has the same name%s; name one otherwise", show(m.Name), before, how)
	}
}

// derivedName is the source with a dash for whatever a DNS label does not take,
// one dash at a time and none at an end: quay.io/acme becomes quay-io-acme.
func derivedName(source string, longest int) string {
	var b strings.Builder
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case isLower(c):
			b.WriteByte(c)
		case b.Len() > 0 && b.String()[b.Len()-1] != '-':
			b.WriteByte('-')
		}
	}
	name := b.String()
	return strings.TrimRight(name[:min(len(name), max(longest, 0))], "-")
}
