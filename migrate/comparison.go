package migrate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/migrate/expression"
)

// A comparison is one entry of Kyverno's preconditions.
type comparison struct {
	key      expression.Expr
	operator string
	values   []expression.Expr
	// list says that the value is a list of values, rather than the one.
	list bool
}

// operators are those that are read, by what Kyverno calls them (it compares
// their names without regard to case), in their newer and older names.
var operators = []string{"equals", "equal", "notequals", "notequal", "in", "anyin", "allin", "notin", "anynotin", "allnotin"}

// holds compares as Kyverno does (pkg/engine/variables/operator of v1.19.1).
func (c comparison) holds(e expression.Env) (bool, error) {
	key, err := expression.Eval(c.key, e)
	if err != nil {
		return false, err
	}
	values := make([]any, len(c.values))
	for i, x := range c.values {
		if values[i], err = expression.Eval(x, e); err != nil {
			return false, err
		}
	}
	operator := strings.ToLower(c.operator)
	if strings.HasSuffix(operator, "in") {
		return c.among(operator, key, values), nil
	}
	return (!c.list && equals(key, values[0])) != strings.HasPrefix(operator, "not"), nil
}

// equals is Equals: text is held against a pattern, and a boolean or a number
// never against a text that is none of it.
func equals(key, value any) bool {
	pattern, isPattern := value.(string)
	switch key := key.(type) {
	case string:
		return isPattern && wildcard(pattern, key)
	case int:
		if isPattern {
			n, err := strconv.Atoi(pattern)
			return err == nil && n == key
		}
	case []any:
		return false
	}
	return key == value
}

// among is In and its kin: of a list of keys one (Any) or each (All) has to be, or
// not to be, among the values. The value is a list of patterns, one pattern, or a list
// as JSON in a text, which has no patterns.
func (c comparison) among(operator string, key any, values []any) bool {
	negated := strings.Contains(operator, "notin")
	keys, isList := key.([]any)
	if !isList {
		keys = []any{key}
	}
	texts, patterns, fine := c.setOf(operator, values, isList)
	if !fine {
		return false
	}
	older := operator == "in" || operator == "notin"
	is := func(key any) bool {
		text := fmt.Sprint(key)
		return slices.ContainsFunc(texts, func(of string) bool {
			if !patterns || older && isList {
				return of == text
			}
			return wildcard(of, text) || c.list && wildcard(text, of)
		})
	}
	isNot := func(key any) bool { return !is(key) }
	switch {
	case operator == "anyin" || operator == "in" && !isList:
		return slices.ContainsFunc(keys, is)
	case !negated:
		return !slices.ContainsFunc(keys, isNot)
	case operator == "allnotin":
		return !slices.ContainsFunc(keys, is)
	}
	return slices.ContainsFunc(keys, isNot)
}

// setOf are the texts that keys are sought among. fine is false for a value that
// Kyverno takes for no set, in which case nothing holds, In nor NotIn.
func (c comparison) setOf(operator string, values []any, keys bool) (texts []string, patterns, fine bool) {
	if c.list {
		for _, v := range values {
			texts = append(texts, fmt.Sprint(v))
		}
		return texts, true, true
	}
	text, isText := values[0].(string)
	if !isText {
		return []string{fmt.Sprint(values[0])}, true, keys && len(operator) > len("notin")
	}
	if err := json.Unmarshal([]byte(text), &texts); err == nil {
		return texts, false, true
	}
	if operator == "notin" || json.Valid([]byte(text)) {
		return nil, false, false
	}
	return []string{text}, true, true
}

func (c comparison) literals() []expression.Literal {
	found := expression.Literals(c.key)
	for _, x := range c.values {
		found = append(found, expression.Literals(x)...)
	}
	return found
}

func readComparison(f field, context expression.Context) (comparison, error) {
	c := comparison{operator: f.get("operator").text()}
	if !slices.Contains(operators, strings.ToLower(c.operator)) {
		return c, fmt.Errorf("the operator %s is not read here", show(c.operator))
	}
	var err error
	if c.key, err = operand(f.get("key"), context); err != nil {
		return c, err
	}
	return c, c.readValue(f.get("value"), context)
}

// readValue reads what a key is held against.
func (c *comparison) readValue(value field, context expression.Context) error {
	values := []field{value}
	if value.Node != nil && value.Kind == document.List {
		values, c.list = value.items(), true
	}
	for _, v := range values {
		x, err := operand(v, context)
		if err != nil {
			return err
		}
		c.values = append(c.values, x)
	}
	return nil
}

// operand is one side of a comparison: a text, or a boolean or a number that was
// written out.
func operand(f field, context expression.Context) (expression.Expr, error) {
	if f.Node == nil {
		return nil, fmt.Errorf("a side of the comparison is missing")
	}
	switch f.Kind {
	case document.Bool:
		return expression.Boolean(f.isTrue()), nil
	case document.Number:
		if n, err := strconv.Atoi(f.Text); err == nil {
			return expression.Number(n), nil
		}
	case document.String:
		return expression.Parse(f.Text, context)
	}
	return nil, fmt.Errorf("%s is not compared here", f.Kind)
}
