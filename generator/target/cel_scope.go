package target

import (
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// notStatic leaves out the pictures of static Pods: the node has pulled already.
const notStatic = "!(has(object.metadata.annotations) && type(object.metadata.annotations) == map && 'kubernetes.io/config.mirror' in object.metadata.annotations)"

// A celScope is what a policy looks at: the match constraints and conditions.
type celScope struct {
	// resources are the rules, one flow mapping each.
	resources []string
	// namespaces selects by the labels of the namespace; nil: every one.
	namespaces *spec.Selector
	// conditions are expressions that have to hold, with their names.
	conditions []celVariable
}

// celPodScope is the scope of Pods and their ephemeral containers. The Pod
// selector is a parameter, because the constraint honours it only on request;
// and a condition, because an objectSelector would match the stored object, too.
func celPodScope(scope mirror.Scope, podSelector *spec.Selector) celScope {
	s := celScope{
		resources:  []string{`{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods, pods/ephemeralcontainers]}`},
		namespaces: celNamespaces(scope),
		conditions: []celVariable{{"not-a-static-pod", notStatic}},
	}
	if podSelector != nil {
		s.conditions = append(s.conditions, celVariable{"selected-pod", celSelector("object.metadata.labels", *podSelector)})
	}
	return s
}

// celNamespaces is the selector of a scope's namespaces, those left out by name
// among them; nil where every namespace is in scope.
func celNamespaces(scope mirror.Scope) *spec.Selector {
	if scope.NamespaceSelector == nil && len(scope.ExcludeNamespaces) == 0 {
		return nil
	}
	var selector spec.Selector
	if scope.NamespaceSelector != nil {
		selector.MatchLabels = scope.NamespaceSelector.MatchLabels
		selector.MatchExpressions = slices.Clone(scope.NamespaceSelector.MatchExpressions)
	}
	if len(scope.ExcludeNamespaces) > 0 {
		selector.MatchExpressions = append(selector.MatchExpressions, spec.Requirement{Key: spec.NamespaceNameLabel, Operator: "NotIn", Values: scope.ExcludeNamespaces})
	}
	return &selector
}

// celSelector is a label selector as an expression over a field that may be absent.
func celSelector(field string, selector spec.Selector) string {
	var all []string
	add := func(key, operator string, values ...string) {
		present := "has(" + field + ") && type(" + field + ") == map && " + celString(key) + " in " + field
		value := field + "[" + celString(key) + "]"
		switch operator {
		case "Exists":
			all = append(all, present)
		case "DoesNotExist":
			all = append(all, "!("+present+")")
		case "In":
			all = append(all, present+" && "+value+" in "+celStrings(values))
		case "NotIn":
			all = append(all, "!("+present+" && "+value+" in "+celStrings(values)+")")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		add(key, "In", selector.MatchLabels[key])
	}
	for _, r := range selector.MatchExpressions {
		add(r.Key, r.Operator, r.Values...)
	}
	if len(all) == 0 {
		return "true"
	}
	return strings.Join(all, "\n&& ")
}

// render is the scope's text below spec.
func (s celScope) render(kyverno bool) (string, error) {
	var out strings.Builder
	out.WriteString("  matchConstraints:\n")
	if !kyverno {
		// The default, written so that no tool sees a difference to what the server stores.
		out.WriteString("    matchPolicy: Equivalent\n")
	}
	if s.namespaces != nil {
		text, err := quote(s.namespaces)
		if err != nil {
			return "", err
		}
		out.WriteString("    namespaceSelector: " + text + "\n")
	}
	out.WriteString("    resourceRules:\n")
	for _, rule := range s.resources {
		out.WriteString("    - " + rule + "\n")
	}
	if len(s.conditions) > 0 {
		out.WriteString("  matchConditions:\n")
	}
	for _, c := range s.conditions {
		out.WriteString("  - name: " + c.Name + "\n    expression: |-\n" + indent(6, c.Expression) + "\n")
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
