package migrate

import (
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/migrate/expression"
)

// ors is a default behind a path, such as || `[]`.
const ors = `\s*(?:\|\|\s*(?:` + "`[^`]*`" + `|'[^']*'|\[\])\s*)?`

// lengthGuard asks whether a list is there at all, which says nothing of images.
var lengthGuard = regexp.MustCompile(`^\{\{\s*(?:request\.object\.spec\.[A-Za-z.]+(?:\[\])?` + ors + `\|\s*length\(@\)|length\(\s*request\.object\.spec\.[A-Za-z.]+(?:\[\])?` + ors + `\))\s*\}\}$`)

// operationGuard asks for the operation.
var operationGuard = regexp.MustCompile(`^\{\{\s*request\.operation` + ors + `\}\}$`)

// namespaceGuard asks for the namespace.
var namespaceGuard = regexp.MustCompile(`^\{\{\s*request\.(?:namespace|object\.metadata\.namespace)` + ors + `\}\}$`)

// podGuard asks for all images of a list at once: their parts, or as they are.
var podGuard = regexp.MustCompile(`^\{\{\s*(?:images\.(\w+)\.\*\.(\w+)|request\.object\.spec\.(\w+)\[\*?\]\.image)` + ors + `\}\}$`)

// A guard is a precondition of a rule as it is understood here.
type guard struct {
	// namespaces are those that it is about, or leaves out.
	namespaces []string
	leavesOut  bool
	// when is what it asks of the images of list.
	when condition
	list string
}

// guards reads the preconditions of a rule: that a list is there, which operation
// it is, which namespace, and which images the Pod has. Conditions on images are
// given back by their lists. It is false where the rule is not carried over.
func (r *reader) guards(rule field, scope *spec.Scope) (when map[string][]condition, ok bool) {
	when, ok = map[string][]condition{}, true
	of := rule.get("preconditions")
	all := of.get("all").items()
	if of.Node != nil && of.Kind == document.List {
		all = of.items()
	}
	for _, c := range all {
		g, fine := r.guard(c)
		ok = fine && r.apply(g, c, scope, when) && ok
	}
	some := of.get("any").items()
	if slices.ContainsFunc(some, alwaysHolds) {
		return when, ok
	}
	var either anyOf
	list := ""
	for i, c := range some {
		g, fine := r.guard(c)
		switch {
		case !fine:
			return when, false
		case len(some) == 1:
			return when, r.apply(g, c, scope, when) && ok
		case g.when == nil || i > 0 && g.list != list:
			r.leave(of.get("any").place, "", "one of several conditions of a rule is not read here, so that what the rule does is not carried over")
			return when, false
		}
		either, list = append(either, g.when), g.list
	}
	if len(either) > 0 {
		when[list] = append(when[list], either)
	}
	return when, ok
}

// apply puts a guard into the scope or among the conditions.
func (r *reader) apply(g guard, c field, scope *spec.Scope, when map[string][]condition) bool {
	switch {
	case g.when != nil:
		when[g.list] = append(when[g.list], g.when)
	case g.leavesOut:
		scope.ExcludeNamespaces = append(scope.ExcludeNamespaces, g.namespaces...)
	case len(g.namespaces) > 0:
		return r.selectNamespaces(scope, g.namespaces, c.get("value").place)
	}
	return true
}

// guard reads one precondition of a rule.
func (r *reader) guard(c field) (guard, bool) {
	key, value := c.get("key").text(), c.get("value")
	operator := strings.ToLower(c.get("operator").text())
	switch {
	case alwaysHolds(c):
		return guard{}, true
	case namespaceGuard.MatchString(key) && plainNames(value.texts()):
		return guard{namespaces: value.texts(), leavesOut: strings.Contains(operator, "not")}, true
	}
	if found := podGuard.FindStringSubmatch(key); found != nil {
		list, part := found[1]+found[3], expression.Image()
		if found[2] != "" {
			part = expression.SubmittedPart(found[2])
		}
		when := comparison{key: expression.Listed(part), operator: operator}
		if _, known := listOf("request.object.spec." + list); known && slices.Contains(operators, operator) && when.readValue(value, expression.Context{}) == nil {
			r.note(c.place, key, "asks for all images of a Pod at once, so that one image decides for another; a MirrorSet looks at each by itself")
			return guard{when: when, list: list}, true
		}
	}
	r.leave(c.place, key, "is a condition of the rule that is not read here, so that what the rule does is not carried over")
	return guard{}, false
}

// alwaysHolds reports a precondition that holds wherever a MirrorSet has something to
// do: at the creation of Pods, for lists that are there.
func alwaysHolds(c field) bool {
	key := c.get("key").text()
	return lengthGuard.MatchString(key) && holdsForAnyLength(c) ||
		operationGuard.MatchString(key) && heldAgainst(c, expression.Constant("CREATE"))
}

// heldAgainst reports a comparison that holds with another key than the written one.
func heldAgainst(c field, key expression.Expr) bool {
	of := comparison{key: key, operator: c.get("operator").text()}
	if !slices.Contains(operators, strings.ToLower(of.operator)) || of.readValue(c.get("value"), expression.Context{}) != nil {
		return false
	}
	held, err := of.holds(expression.Env{})
	return err == nil && held
}

// holdsForAnyLength reports a comparison that any list with an item in it meets.
func holdsForAnyLength(c field) bool {
	value := c.get("value").text()
	switch strings.ToLower(c.get("operator").text()) {
	case "greaterthan":
		return value == "0"
	case "greaterthanorequals":
		return value == "0" || value == "1"
	case "notequals", "notequal":
		return value == "0"
	}
	return false
}
