package migrate

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// exclude reads what a rule leaves out. What a scope has no word for is named, and
// would be rewritten from now on. It is false where the rule leaves out every Pod;
// pods says that it is about Pods, rather than about workloads.
func (r *reader) exclude(of field, pods bool, scope *spec.Scope) (ok bool) {
	blocks := of.get("any").items()
	if all := of.get("all").items(); len(all) == 1 {
		blocks = append(blocks, all...)
	} else if len(all) > 1 {
		r.leave(of.get("all").place, "", "several blocks that all have to match are not read here; what they leave out would be rewritten: say it in scope")
	}
	if of.get("resources").written() || of.get("subjects").written() || of.get("roles").written() || of.get("clusterRoles").written() {
		blocks = append(blocks, of)
	}
	ok = true
	for _, block := range blocks {
		ok = r.excludeBlock(block, pods, scope) && ok
	}
	return ok
}

func (r *reader) excludeBlock(block field, pods bool, scope *spec.Scope) (ok bool) {
	const widens = "; what it leaves out would be rewritten: say it in scope"
	resources := block.get("resources")
	// Conditions of one block all have to hold, so that only one alone can be told.
	var limits []entry
	limits = append(limits, block.others("resources")...)
	limits = append(limits, resources.others("kinds", "operations")...)
	kinds, operations := resources.get("kinds"), resources.get("operations")
	aboutPods := len(kinds.texts()) == 0 || slices.ContainsFunc(kinds.texts(), func(kind string) bool { pod, _ := podKind(kind); return pod })
	switch {
	case pods && !aboutPods:
		r.leave(kinds.place, strings.Join(kinds.texts(), ", "), "leaves out objects that are no Pods, but not the Pods that come of them; their Pods are rewritten as before")
		return true
	case operations.written() && !slices.Contains(operations.texts(), "CREATE"):
		// What becomes of an object at its creation is not left out.
		return true
	case len(limits) == 0 && aboutPods:
		r.leave(block.place, "", "leaves out every Pod, so that the rule does nothing")
		return false
	case len(limits) != 1:
		if len(limits) > 1 {
			r.leave(block.place, "", "leaves out by several conditions at once, for which a MirrorSet has no word"+widens)
		}
		return true
	}
	limit := limits[0]
	switch limit.name {
	case "namespaces":
		var plainOnes, wild []string
		for _, name := range limit.value.texts() {
			if plainNames([]string{name}) {
				plainOnes = append(plainOnes, name)
			} else {
				wild = append(wild, name)
			}
		}
		scope.ExcludeNamespaces = append(scope.ExcludeNamespaces, plainOnes...)
		if len(wild) > 0 {
			r.leave(limit.value.place, strings.Join(wild, ", "), "leaves out namespaces by a wildcard, which engines read differently"+widens+" (excludeNamespaces, or a namespaceSelector)")
		}
	case "namespaceSelector", "selector":
		s, why := readSelector(limit.value)
		if why == "" {
			s, why = negated(s)
		}
		if why != "" {
			r.leave(limit.value.place, "", why+widens)
			return true
		}
		into := &scope.NamespaceSelector
		if limit.name == "selector" {
			into = &scope.PodSelector
		}
		if *into == nil {
			*into = &spec.Selector{}
		}
		(*into).MatchExpressions = append((*into).MatchExpressions, s.MatchExpressions...)
	default:
		r.leave(limit.key, "", "leaves out in a way that a MirrorSet has no word for"+widens)
	}
	return true
}
