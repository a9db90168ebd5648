package migrate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/migrate/expression"
)

// A comparison is one entry of Kyverno's preconditions.
type comparison struct {
	key      expression.Expr
	operator string
	values   []expression.Expr
}

// operators are those that are read, in their newer and older names.
var operators = []string{"Equals", "Equal", "NotEquals", "NotEqual", "In", "AnyIn", "AllIn", "NotIn", "AnyNotIn", "AllNotIn"}

// holds compares as Kyverno does: strings with wildcards in the value.
func (c comparison) holds(e expression.Env) (bool, error) {
	key, err := expression.Eval(c.key, e)
	if err != nil {
		return false, err
	}
	among := false
	for _, x := range c.values {
		of, err := expression.Eval(x, e)
		if err != nil {
			return false, err
		}
		among = among || matches(key, of)
	}
	if strings.Contains(c.operator, "Not") {
		return !among, nil
	}
	return among, nil
}

func (c comparison) literals() []expression.Literal {
	found := expression.Literals(c.key)
	for _, x := range c.values {
		found = append(found, expression.Literals(x)...)
	}
	return found
}

// matches compares a key with a value, in which * and ? stand for characters.
func matches(key, value any) bool {
	text, isText := key.(string)
	pattern, isPattern := value.(string)
	if isText && isPattern {
		return wildcard(pattern, text)
	}
	if yes, ok := key.(bool); ok && isPattern {
		return fmt.Sprint(yes) == pattern
	}
	return key == value
}

// wildcard matches * and ?, in time that grows with the product of the lengths.
func wildcard(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// anyOf are conditions of which one has to hold.
type anyOf []condition

func (a anyOf) holds(e expression.Env) (bool, error) {
	for _, c := range a {
		if held, err := c.holds(e); err != nil || held {
			return held, err
		}
	}
	return false, nil
}

func (a anyOf) literals() []expression.Literal {
	var found []expression.Literal
	for _, c := range a {
		found = append(found, c.literals()...)
	}
	return found
}

// conditions reads the preconditions of a foreach's entry. It is false where one
// of them is not read here: without it the entry would do more than it did.
func (r *reader) conditions(of field, context expression.Context) (when []condition, ok bool) {
	ok = true
	read := func(f field) (condition, bool) {
		c, err := readComparison(f, context)
		if err != nil {
			r.leave(f.place, f.get("key").text(), err.Error()+"; what the entry does under this condition is not carried over")
			return nil, false
		}
		return c, true
	}
	all := of.get("all").items()
	if of.Node != nil && of.Kind == document.List {
		// The form of Kyverno 1.3.
		all = of.items()
	}
	for _, f := range all {
		c, fine := read(f)
		if ok = ok && fine; fine {
			when = append(when, c)
		}
	}
	if some := of.get("any").items(); len(some) > 0 {
		var either anyOf
		for _, f := range some {
			c, fine := read(f)
			if ok = ok && fine; fine {
				either = append(either, c)
			}
		}
		when = append(when, either)
	}
	return when, ok
}

func readComparison(f field, context expression.Context) (comparison, error) {
	c := comparison{operator: f.get("operator").text()}
	if !slices.Contains(operators, c.operator) {
		return c, fmt.Errorf("the operator %s is not read here", show(c.operator))
	}
	var err error
	if c.key, err = operand(f.get("key"), context); err != nil {
		return c, err
	}
	value := f.get("value")
	values := []field{value}
	if value.Node != nil && value.Kind == document.List {
		values = value.items()
	}
	for _, v := range values {
		x, err := operand(v, context)
		if err != nil {
			return c, err
		}
		c.values = append(c.values, x)
	}
	return c, nil
}

// operand is one side of a comparison: a text, or a boolean that was written out.
func operand(f field, context expression.Context) (expression.Expr, error) {
	if f.Node == nil {
		return nil, fmt.Errorf("a side of the comparison is missing")
	}
	switch f.Kind {
	case document.Bool:
		return expression.Parse("{{ `"+f.Text+"` }}", context)
	case document.String, document.Number:
		return expression.Parse(f.Text, context)
	}
	return nil, fmt.Errorf("%s is not compared here", f.Kind)
}

// lengthGuard asks whether a list is there at all, which says nothing of images.
var lengthGuard = regexp.MustCompile(`^\{\{\s*(?:request\.object\.spec\.[A-Za-z.]+(?:\[\])?\s*\|\|\s*(?:` + "`\\[\\]`" + `|''|\[\])\s*\|\s*length\(@\)|length\(\s*request\.object\.spec\.[A-Za-z.]+(?:\[\])?\s*(?:\|\|\s*` + "`\\[\\]`" + `\s*)?\))\s*\}\}$`)

// operationGuard asks for the operation.
var operationGuard = regexp.MustCompile(`^\{\{\s*request\.operation(?:\s*\|\|\s*'[A-Z]+')?\s*\}\}$`)

// namespaceGuard asks for the namespace.
var namespaceGuard = regexp.MustCompile(`^\{\{\s*request\.(?:namespace|object\.metadata\.namespace)(?:\s*\|\|\s*'[a-z-]*')?\s*\}\}$`)

// guards reads the preconditions of a rule: that a list is there, which operation
// it is, and which namespace. It is false where the rule is not carried over.
func (r *reader) guards(rule field, scope *spec.Scope) bool {
	of := rule.get("preconditions")
	all := of.get("all").items()
	if of.Node != nil && of.Kind == document.List {
		all = of.items()
	}
	if some := of.get("any").items(); len(some) == 1 {
		all = append(all, some...)
	} else if len(some) > 1 {
		r.leave(of.get("any").place, "", "one of several conditions of a rule is not read here, so that what the rule does is not carried over")
		return false
	}
	ok := true
	for _, c := range all {
		key, operator, value := c.get("key").text(), c.get("operator").text(), c.get("value")
		switch {
		case lengthGuard.MatchString(key) && strings.HasPrefix(operator, "Greater"):
		case operationGuard.MatchString(key) && !strings.Contains(operator, "Not") && slices.Contains(value.texts(), "CREATE"):
		case operationGuard.MatchString(key) && operator == "NotEquals" && value.text() == "DELETE":
		case namespaceGuard.MatchString(key) && plainNames(value.texts()):
			if strings.Contains(operator, "Not") {
				scope.ExcludeNamespaces = append(scope.ExcludeNamespaces, value.texts()...)
			} else {
				ok = r.selectNamespaces(scope, value.texts(), value.place) && ok
			}
		default:
			r.leave(c.place, key, "is a condition of the rule that is not read here, so that what the rule does is not carried over")
			ok = false
		}
	}
	return ok
}
