package migrate

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// scopeKey tells scopes apart.
func scopeKey(s spec.Scope) string {
	s = normal(s)
	// A scope is made of strings, which always marshal.
	key, _ := json.Marshal(s)
	return string(key)
}

// normal is a scope with its lists sorted, each entry once, and without those that
// are the default.
func normal(s spec.Scope) spec.Scope {
	if !s.IncludeSystemNamespaces {
		s.ExcludeNamespaces = slices.DeleteFunc(slices.Clone(s.ExcludeNamespaces), func(name string) bool {
			return slices.Contains(spec.SystemNamespaces(), name)
		})
	}
	s.ExcludeNamespaces = slices.Compact(slices.Sorted(slices.Values(s.ExcludeNamespaces)))
	if len(s.ExcludeNamespaces) == 0 {
		s.ExcludeNamespaces = nil
	}
	return s
}

var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// plainNames reports names of namespaces without wildcards or variables.
func plainNames(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !namePattern.MatchString(name) || len(name) > 63 })
}

// workloads are the kinds whose templates a policy may rewrite in a Pod's place.
var workloads = []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}

// podKind reads a kind of a match: group/version/kind, or the kind alone.
func podKind(kind string) (pod, workload bool) {
	kind = strings.TrimSuffix(kind, "/ephemeralcontainers")
	kind = strings.TrimSuffix(kind, ".ephemeralcontainers")
	kind = kind[strings.LastIndexByte(kind, '/')+1:]
	return kind == "Pod" || kind == "*", slices.Contains(workloads, kind)
}

// match reads a rule's match and exclude as a scope. It is false where the rule is
// about less than a scope can say: as a whole it would rewrite too much.
func (r *reader) match(rule field, home []string) (scope spec.Scope, ok bool) {
	ok = true
	if home != nil {
		ok = r.selectNamespaces(&scope, home, rule.place)
	}
	match := rule.get("match")
	blocks := match.get("any").items()
	blocks = append(blocks, match.get("all").items()...)
	if len(blocks) == 0 {
		blocks = []field{match}
	}
	if len(match.get("all").items()) > 1 {
		r.leave(match.get("all").place, "", "several blocks that all have to match are not read here, so that what the rule does is not carried over")
		return scope, false
	}
	var about []field
	pods, templates := false, false
	var kinds []string
	for _, block := range blocks {
		resources := block.get("resources")
		isPod, isWorkload := false, false
		for _, kind := range resources.get("kinds").texts() {
			pod, workload := podKind(kind)
			isPod, isWorkload = isPod || pod, isWorkload || workload
			if workload {
				kinds = append(kinds, kind)
			}
		}
		pods, templates = pods || isPod, templates || isWorkload
		if isPod || isWorkload {
			about = append(about, block)
		}
	}
	if len(about) == 0 {
		r.leave(match.place, "", "is about no Pod and no workload, so that what the rule does is not carried over")
		return scope, false
	}
	if !pods && templates {
		r.note(match.place, strings.Join(kinds, ", "), "rewrites the templates of such workloads; a MirrorSet rewrites Pods, whatever made them, and the templates keep what is written in Git")
	}
	union := unionOf(about)
	for i, block := range about {
		if i > 0 && (len(union) > 0 || sameMatch(block, about[0])) {
			continue
		}
		if i > 0 {
			r.leave(block.place, "", "is one of several matches with limits of their own, which are not read here: what the rule does beyond the first is not carried over")
			continue
		}
		ok = r.matchBlock(block, union, &scope) && ok
	}
	return scope, r.exclude(rule.get("exclude"), pods, &scope) && ok
}

// unionOf are the namespaces of blocks that differ in them alone; nil where they
// do not, or where one is about all.
func unionOf(blocks []field) (union []string) {
	for _, block := range blocks {
		resources, first := block.get("resources"), blocks[0].get("resources")
		names := resources.get("namespaces").texts()
		if len(names) == 0 || len(block.others("resources")) > 0 ||
			!equal(resources.without("kinds", "operations", "namespaces"), first.without("kinds", "operations", "namespaces")) {
			return nil
		}
		union = append(union, names...)
	}
	return union
}

// sameMatch reports blocks that differ in their kinds alone.
func sameMatch(a, b field) bool {
	return len(a.others("resources"))+len(b.others("resources")) == 0 &&
		equal(a.get("resources").without("kinds", "operations"), b.get("resources").without("kinds", "operations"))
}

// matchBlock reads the limits of a match; union are the namespaces of all blocks.
func (r *reader) matchBlock(block field, union []string, scope *spec.Scope) (ok bool) {
	ok = true
	refuse := func(f field, why string) {
		r.leave(f.place, f.text(), why+", so that what the rule does is not carried over: a MirrorSet would do it everywhere")
		ok = false
	}
	for _, e := range block.others("resources") {
		refuse(e.value, "limits the rule in a way that a MirrorSet has no word for")
	}
	resources := block.get("resources")
	if operations := resources.get("operations"); operations.written() && !slices.Contains(operations.texts(), "CREATE") {
		refuse(operations, "is not about the creation of Pods")
	}
	for _, e := range resources.others("kinds", "operations", "namespaces", "namespaceSelector", "selector") {
		refuse(e.value, "limits the rule in a way that a MirrorSet has no word for")
	}
	if names := resources.get("namespaces"); names.written() {
		if len(union) == 0 {
			union = names.texts()
		}
		ok = r.selectNamespaces(scope, union, names.place) && ok
	}
	if selector := resources.get("namespaceSelector"); selector.written() {
		s, why := readSelector(selector)
		switch {
		case why != "":
			refuse(selector, why)
		case scope.NamespaceSelector != nil:
			scope.NamespaceSelector.MatchExpressions = append(scope.NamespaceSelector.MatchExpressions, s.MatchExpressions...)
			scope.NamespaceSelector.MatchLabels = s.MatchLabels
		default:
			scope.NamespaceSelector = s
		}
	}
	if selector := resources.get("selector"); selector.written() {
		s, why := readSelector(selector)
		if why != "" {
			refuse(selector, why)
		} else {
			scope.PodSelector = s
		}
	}
	return ok
}

// selectNamespaces limits a scope to namespaces by their names.
func (r *reader) selectNamespaces(scope *spec.Scope, names []string, at place) bool {
	if slices.Contains(names, "*") {
		return true
	}
	if !plainNames(names) {
		r.leave(at, strings.Join(names, ", "), "names namespaces by a wildcard or a variable, which engines read differently, so that what the rule does is not carried over; list them, or label them and use scope.namespaceSelector")
		return false
	}
	if scope.NamespaceSelector == nil {
		scope.NamespaceSelector = &spec.Selector{}
	}
	scope.NamespaceSelector.MatchExpressions = append(scope.NamespaceSelector.MatchExpressions,
		spec.Requirement{Key: spec.NamespaceNameLabel, Operator: "In", Values: slices.Compact(slices.Sorted(slices.Values(names)))})
	return true
}
