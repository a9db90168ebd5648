package spec_test

import (
	"testing"

	"mirrorgen.dev/gen/generator/spec"
)

// TestANamespaceIsKnownByItsName: the name is a label that every namespace has, so
// that it is no guess; every other label is.
func TestANamespaceIsKnownByItsName(t *testing.T) {
	name := func(operator string, values ...string) spec.Requirement {
		return spec.Requirement{Key: spec.NamespaceNameLabel, Operator: operator, Values: values}
	}
	tier := spec.Requirement{Key: "tier", Operator: "Exists"}
	for _, row := range []struct {
		why            string
		selector       *spec.Selector
		labels         map[string]string
		matches, known bool
	}{
		{"no selector takes all", nil, nil, true, true},
		{"an empty one too", &spec.Selector{}, nil, true, true},
		{"the name alone, taken", &spec.Selector{MatchExpressions: []spec.Requirement{name("In", "shop", "web")}}, nil, true, true},
		{"the name alone, not taken", &spec.Selector{MatchExpressions: []spec.Requirement{name("NotIn", "shop")}}, nil, false, true},
		{"the name as a label", &spec.Selector{MatchLabels: map[string]string{spec.NamespaceNameLabel: "shop"}}, nil, true, true},
		{"another label", &spec.Selector{MatchLabels: map[string]string{"tier": "a"}}, nil, false, false},
		{"another expression", &spec.Selector{MatchExpressions: []spec.Requirement{tier}}, nil, false, false},
		{"the name does, and another label decides", &spec.Selector{MatchExpressions: []spec.Requirement{name("In", "shop"), tier}}, nil, false, false},
		{"the name does not, whatever the others are", &spec.Selector{MatchExpressions: []spec.Requirement{name("In", "web"), tier}}, nil, false, true},
		{"labels that are known", &spec.Selector{MatchExpressions: []spec.Requirement{name("In", "shop"), tier}}, map[string]string{"tier": ""}, true, true},
		{"no labels, which is known", &spec.Selector{MatchExpressions: []spec.Requirement{tier}}, map[string]string{}, false, true},
		{"labels that say another name are wrong", &spec.Selector{MatchExpressions: []spec.Requirement{name("In", "shop")}}, map[string]string{spec.NamespaceNameLabel: "web"}, true, true},
	} {
		matches, known := row.selector.MatchesNamespace("shop", row.labels)
		if matches != row.matches || known != row.known {
			t.Errorf("%s: matches %t, known %t", row.why, matches, known)
		}
	}
}
