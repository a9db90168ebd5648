package migrate

import (
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
)

// readSelector reads a label selector; why says what a MirrorSet cannot take of it.
func readSelector(f field) (s *spec.Selector, why string) {
	s = &spec.Selector{}
	for _, e := range f.get("matchLabels").entries() {
		if strings.ContainsAny(e.name+e.value.text(), "*?{") {
			return nil, "selects by a wildcard or a variable, which a MirrorSet does not take"
		}
		if s.MatchLabels == nil {
			s.MatchLabels = map[string]string{}
		}
		s.MatchLabels[e.name] = e.value.text()
	}
	for _, e := range f.get("matchExpressions").items() {
		requirement := spec.Requirement{Key: e.get("key").text(), Operator: e.get("operator").text()}
		if values := e.get("values"); values.Node != nil && values.Kind == document.List {
			requirement.Values = values.texts()
		}
		if strings.ContainsAny(requirement.Key+strings.Join(requirement.Values, ""), "*?{") {
			return nil, "selects by a wildcard or a variable, which a MirrorSet does not take"
		}
		s.MatchExpressions = append(s.MatchExpressions, requirement)
	}
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil, "is no selector that is read here"
	}
	return s, ""
}

// negated is a selector for what another does not select; only one condition can
// be turned round.
func negated(s *spec.Selector) (*spec.Selector, string) {
	if len(s.MatchLabels)+len(s.MatchExpressions) != 1 {
		return nil, "selects by several labels at once, and a MirrorSet cannot leave out what has them all"
	}
	for key, value := range s.MatchLabels {
		return &spec.Selector{MatchExpressions: []spec.Requirement{{Key: key, Operator: "NotIn", Values: []string{value}}}}, ""
	}
	turned := s.MatchExpressions[0]
	switch turned.Operator {
	case "In":
		turned.Operator = "NotIn"
	case "NotIn":
		// What lacks the label is not selected by In, but was not left out either.
		return nil, "leaves out whatever lacks a label or has another value, for which a MirrorSet has no word"
	case "Exists":
		turned.Operator = "DoesNotExist"
	case "DoesNotExist":
		turned.Operator = "Exists"
	default:
		return nil, "is no selector that is read here"
	}
	return &spec.Selector{MatchExpressions: []spec.Requirement{turned}}, ""
}
