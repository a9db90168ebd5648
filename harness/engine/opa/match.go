package opa

import (
	"errors"
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// The sources of an object: as submitted, or made by an ExpansionTemplate.
const (
	original  = "Original"
	generated = "Generated"
	all       = "All"
)

// A match says which objects a constraint sees. It follows Gatekeeper's
// pkg/mutation/match.
type match struct {
	source             string
	kinds              []kinds
	scope              string
	namespaces         []string
	excludedNamespaces []string
	labelSelector      *spec.Selector
	namespaceSelector  *spec.Selector
	name               string
}

// kinds is one entry of match.kinds; an empty list or "*" stands for all.
type kinds struct{ groups, kinds []string }

// newMatch reads spec.match; nil matches everything.
func newMatch(from any) (*match, error) {
	m := &match{source: all}
	fields, ok := from.(map[string]any)
	if !ok {
		if from != nil {
			return nil, errors.New("spec.match is not an object")
		}
		return m, nil
	}
	err := onlyFields(fields, "spec.match", "source", "kinds", "scope", "namespaces", "excludedNamespaces", "labelSelector", "namespaceSelector", "name")
	if err != nil {
		return nil, err
	}
	if m.source, err = oneOf(fields, "source", all, original, generated); err != nil {
		return nil, err
	}
	if m.scope, err = oneOf(fields, "scope", "*", "Cluster", "Namespaced"); err != nil {
		return nil, err
	}
	if m.kinds, err = readKinds(fields["kinds"]); err != nil {
		return nil, err
	}
	if m.namespaces, err = texts(fields["namespaces"], "spec.match.namespaces"); err != nil {
		return nil, err
	}
	if m.excludedNamespaces, err = texts(fields["excludedNamespaces"], "spec.match.excludedNamespaces"); err != nil {
		return nil, err
	}
	if m.labelSelector, err = readSelector(fields["labelSelector"], "spec.match.labelSelector"); err != nil {
		return nil, err
	}
	if m.namespaceSelector, err = readSelector(fields["namespaceSelector"], "spec.match.namespaceSelector"); err != nil {
		return nil, err
	}
	if value, given := fields["name"]; given {
		if m.name, ok = value.(string); !ok {
			return nil, errors.New("spec.match.name is not a string")
		}
	}
	return m, nil
}

// oneOf reads an enumerated field; the first value is what unset reads as.
func oneOf(fields map[string]any, key string, values ...string) (string, error) {
	given, ok := fields[key]
	if !ok || given == "" {
		return values[0], nil
	}
	for _, value := range values {
		if given == value {
			return value, nil
		}
	}
	return "", fmt.Errorf("spec.match.%s: %v: must be one of %s", key, given, strings.Join(values, ", "))
}

func readKinds(from any) ([]kinds, error) {
	items, ok := from.([]any)
	if !ok && from != nil {
		return nil, errors.New("spec.match.kinds is not a list")
	}
	var out []kinds
	for i, item := range items {
		at := fmt.Sprintf("spec.match.kinds[%d]", i)
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is not an object", at)
		}
		if err := onlyFields(fields, at, "apiGroups", "kinds"); err != nil {
			return nil, err
		}
		groups, err := texts(fields["apiGroups"], at+".apiGroups")
		if err != nil {
			return nil, err
		}
		names, err := texts(fields["kinds"], at+".kinds")
		if err != nil {
			return nil, err
		}
		out = append(out, kinds{groups, names})
	}
	return out, nil
}

func texts(from any, at string) ([]string, error) {
	items, ok := from.([]any)
	if !ok && from != nil {
		return nil, fmt.Errorf("%s is not a list", at)
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], ok = item.(string); !ok {
			return nil, fmt.Errorf("%s[%d] is not a string", at, i)
		}
	}
	return out, nil
}

func readSelector(from any, at string) (*spec.Selector, error) {
	if from == nil {
		return nil, nil
	}
	fields, ok := from.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", at)
	}
	if err := onlyFields(fields, at, "matchLabels", "matchExpressions"); err != nil {
		return nil, err
	}
	selector := &spec.Selector{}
	wanted, ok := fields["matchLabels"].(map[string]any)
	if !ok && fields["matchLabels"] != nil {
		return nil, fmt.Errorf("%s.matchLabels is not an object", at)
	}
	for _, key := range sortedFields(wanted) {
		value, ok := wanted[key].(string)
		if !ok {
			return nil, fmt.Errorf("%s.matchLabels[%q] is not a string", at, key)
		}
		if selector.MatchLabels == nil {
			selector.MatchLabels = map[string]string{}
		}
		selector.MatchLabels[key] = value
	}
	items, ok := fields["matchExpressions"].([]any)
	if !ok && fields["matchExpressions"] != nil {
		return nil, fmt.Errorf("%s.matchExpressions is not a list", at)
	}
	for i, item := range items {
		requirement, err := readRequirement(item, fmt.Sprintf("%s.matchExpressions[%d]", at, i))
		if err != nil {
			return nil, err
		}
		selector.MatchExpressions = append(selector.MatchExpressions, requirement)
	}
	return selector, nil
}

func readRequirement(from any, at string) (spec.Requirement, error) {
	fields, _ := from.(map[string]any)
	if err := onlyFields(fields, at, "key", "operator", "values"); err != nil {
		return spec.Requirement{}, err
	}
	values, err := texts(fields["values"], at+".values")
	if err != nil {
		return spec.Requirement{}, err
	}
	r := spec.Requirement{Key: text(fields, "key"), Operator: text(fields, "operator"), Values: values}
	switch {
	case r.Key == "":
		return r, fmt.Errorf("%s.key is missing", at)
	case (r.Operator == "In" || r.Operator == "NotIn") && len(values) > 0:
	case (r.Operator == "Exists" || r.Operator == "DoesNotExist") && len(values) == 0:
	default:
		return r, fmt.Errorf("%s: the operator is In or NotIn with values, or Exists or DoesNotExist without", at)
	}
	return r, nil
}

// A subject is an object as a match sees it.
type subject struct {
	group, kind     string
	name, generated string
	source          string
	// namespace is empty for what lies in none.
	namespace string
	labels    map[string]string
}

// covers reports whether the match covers the subject, the namespace's labels aside.
func (m *match) covers(s *subject) bool {
	return (m.source == all || m.source == s.source) &&
		m.coversKind(s) && m.coversScope(s) && m.coversNamespace(s) &&
		(m.labelSelector == nil || m.labelSelector.Matches(s.labels)) &&
		(m.name == "" || glob(m.name, s.name) || globGenerated(m.name, s.generated))
}

func (m *match) coversKind(s *subject) bool {
	if len(m.kinds) == 0 {
		return true
	}
	for _, k := range m.kinds {
		if among(k.kinds, s.kind) && among(k.groups, s.group) {
			return true
		}
	}
	return false
}

func among(values []string, value string) bool {
	if len(values) == 0 {
		return true
	}
	for _, v := range values {
		if v == "*" || v == value {
			return true
		}
	}
	return false
}

func (m *match) coversScope(s *subject) bool {
	isNamespace := s.isNamespace()
	switch m.scope {
	case "Cluster":
		return isNamespace || s.namespace == ""
	case "Namespaced":
		return !isNamespace && s.namespace != ""
	}
	return true
}

// coversNamespace: an object in no namespace is not disqualified.
func (m *match) coversNamespace(s *subject) bool {
	namespace := s.namespace
	if s.isNamespace() {
		namespace = s.name
	}
	if namespace == "" {
		return true
	}
	for _, pattern := range m.excludedNamespaces {
		if glob(pattern, namespace) {
			return false
		}
	}
	if len(m.namespaces) == 0 {
		return true
	}
	for _, pattern := range m.namespaces {
		if glob(pattern, namespace) {
			return true
		}
	}
	return false
}

// selects reports whether the match's namespaceSelector takes the subject's
// namespace; known is false where that needs labels that are not known (nil).
func (m *match) selects(s *subject, namespaceLabels map[string]string) (selected, known bool) {
	switch {
	case s.isNamespace():
		return m.namespaceSelector.Matches(s.labels), true
	case s.namespace == "":
		return true, true
	}
	return m.namespaceSelector.MatchesNamespace(s.namespace, namespaceLabels)
}

func (s *subject) isNamespace() bool { return s.group == "" && s.kind == "Namespace" }

// glob matches a pattern with "*" at its start, its end, or both.
func glob(pattern, value string) bool {
	rest, leading := strings.CutPrefix(pattern, "*")
	rest, trailing := strings.CutSuffix(rest, "*")
	switch {
	case pattern == "*":
		return true
	case leading && trailing:
		return strings.Contains(value, rest)
	case leading:
		return strings.HasSuffix(value, rest)
	case trailing:
		return strings.HasPrefix(value, rest)
	}
	return pattern == value
}

// globGenerated matches a generateName, of which only the start is known.
func globGenerated(pattern, value string) bool {
	return strings.HasSuffix(pattern, "*") && glob(pattern, value)
}
