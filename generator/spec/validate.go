package spec

import "fmt"

// validate finds what only several values together show, and fills defaults
// that are derived. Values that were refused are empty and passed over.
func (d *decoder) validate(set *MirrorSet) {
	v := &validator{set: set}
	v.names()
	for i := range set.Spec.Mirrors {
		v.mirror(&set.Spec.Mirrors[i], index("spec.mirrors", i))
	}
	v.registries()
	v.transports()
	v.selector(set.Spec.Scope.NamespaceSelector, "spec.scope.namespaceSelector")
	v.selector(set.Spec.Scope.PodSelector, "spec.scope.podSelector")
	d.problems = append(d.problems, v.problems...)
}

// A validator gathers problems of one set, and its warnings.
type validator struct {
	set      *MirrorSet
	problems Problems
}

func (v *validator) problem(path, format string, args ...any) {
	v.problems = append(v.problems, Problem{Position: v.set.Position(path), Path: path, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) warn(path, format string, args ...any) {
	v.set.Warnings = append(v.set.Warnings, Problem{Position: v.set.Position(path), Path: path, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) registries() {
	first := map[string]int{}
	for i, r := range v.set.Spec.Registries {
		v.caFile(r.CAFile, r.Transport, index("spec.registries", i)+".caFile")
		if r.Host == "" {
			continue
		}
		if before, ok := first[r.Host]; ok {
			v.problem(index("spec.registries", i)+".host", "%s: is declared twice, first as spec.registries[%d]; remove one", show(r.Host), before)
		} else {
			first[r.Host] = i
		}
	}
}

// caFile judges a file of certificates by the transport beside it.
func (v *validator) caFile(name, transport, path string) {
	switch {
	case name == "":
	case transport == "http":
		v.problem(path, "%s: plain http uses no certificates; remove it, or set transport: https", show(name))
	case transport == "https-skip-verify":
		v.warn(path, "%s: is not used, since https-skip-verify checks no certificate; set transport: https, or remove it", show(name))
	}
}

func (v *validator) selector(s *Selector, path string) {
	if s == nil {
		return
	}
	for i, r := range s.MatchExpressions {
		at := index(path+".matchExpressions", i)
		_, written := v.set.Positions[at+".values"]
		switch r.Operator {
		case "In", "NotIn":
			if len(r.Values) == 0 {
				v.problem(at+".values", "operator %s needs values; list at least one", r.Operator)
			}
		case "Exists", "DoesNotExist":
			if written {
				v.problem(at+".values", "operator %s takes no values; remove them", r.Operator)
			}
		}
	}
}
