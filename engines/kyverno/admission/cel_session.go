package admission

import (
	"cmp"
	"slices"
)

// prepareCEL sorts the CEL policies. A cluster keeps them in a Go map and runs those
// of a registration in whatever order that gives; see prepare.
func (s *Session) prepareCEL() {
	slices.SortFunc(s.mutating, func(a, b *mutatingPolicy) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(s.mutatingExisting, func(a, b *mutatingPolicy) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(s.validating, func(a, b *validatingPolicy) int { return cmp.Compare(a.name, b.name) })
	for _, p := range slices.Concat(s.mutating, s.mutatingExisting) {
		s.rules = append(s.rules, p.name)
	}
	for _, p := range s.validating {
		s.rules = append(s.rules, p.name)
	}
	slices.SortFunc(s.generating, func(a, b *generatingPolicy) int { return cmp.Compare(a.name, b.name) })
	for _, p := range s.generating {
		s.rules = append(s.rules, p.name)
	}
	s.register()
}
