package opa

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// A constraint is one use of a template.
type constraint struct {
	// set orders the constraints of one mirror set together; the name where the
	// constraint belongs to none.
	set, name, kind string
	// rule is what the constraint is called in an outcome.
	rule        string
	enforcement string
	match       *match
	template    *template
	// parameters is spec.parameters, converted once; {} where absent.
	parameters ast.Value
}

func newConstraint(from loaded, templates map[string]*template) (*constraint, error) {
	c := &constraint{name: name(from.object), kind: text(from.object, "kind")}
	if c.name == "" {
		return nil, from.errorf("metadata.name is missing")
	}
	if c.set = text(from.object, "metadata", "labels", "mirrorgen.dev/set"); c.set == "" {
		c.set = c.name
	}
	var known bool
	if c.template, known = templates[c.kind]; !known {
		return nil, from.errorf("there is no ConstraintTemplate for its kind")
	}
	spec, isMap := field(from.object, "spec").(map[string]any)
	if !isMap && field(from.object, "spec") != nil {
		return nil, from.errorf("spec is not an object")
	}
	if err := onlyFields(spec, "spec", "enforcementAction", "match", "parameters"); err != nil {
		return nil, from.errorf("%w", err)
	}
	switch action := spec["enforcementAction"]; action {
	case nil:
		c.enforcement = "deny"
	case "deny", "warn", "dryrun":
		c.enforcement = action.(string)
	case "scoped":
		return nil, from.errorf("spec.enforcementAction: scoped is not run here: write deny, warn or dryrun")
	default:
		return nil, from.errorf("spec.enforcementAction: %v: Gatekeeper would let everything pass: write deny, warn or dryrun", action)
	}
	var err error
	if c.match, err = newMatch(spec["match"]); err != nil {
		return nil, from.errorf("%w", err)
	}
	parameters, given := spec["parameters"]
	if !given {
		parameters = map[string]any{}
	} else if err := conform(parameters, c.template.schema, "spec.parameters"); err != nil {
		return nil, from.errorf("%w", err)
	}
	if c.parameters, err = ast.InterfaceToValue(parameters); err != nil {
		return nil, from.errorf("spec.parameters: %w", err)
	}
	return c, nil
}

// onlyFields refuses a field that the API server would refuse or drop.
func onlyFields(object map[string]any, at string, known ...string) error {
	for _, key := range sortedFields(object) {
		found := false
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			return fmt.Errorf("%s.%s: no such field", at, key)
		}
	}
	return nil
}

func sortedFields(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// A violation is one message of a constraint.
type violation struct {
	message  string
	position float64
}

// judge runs the template on a review; inScope is false where the template says
// itself that the object is none of its business. Messages are ordered by
// details.position, where the template gives it, then by text.
func (c *constraint) judge(ctx context.Context, review ast.Value) (messages []string, inScope bool, err error) {
	input := ast.NewObject(
		ast.Item(ast.StringTerm("parameters"), ast.NewTerm(c.parameters)),
		ast.Item(ast.StringTerm("review"), ast.NewTerm(review)),
	)
	results, err := c.template.query.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return nil, false, fmt.Errorf("constraint %s: %w", c.rule, err)
	}
	if len(results) != 1 {
		return nil, false, fmt.Errorf("constraint %s: the template has no answer", c.rule)
	}
	found, err := readViolations(results[0].Bindings["violations"])
	if err != nil {
		return nil, false, fmt.Errorf("constraint %s: %w", c.rule, err)
	}
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].position != found[j].position {
			return found[i].position < found[j].position
		}
		return found[i].message < found[j].message
	})
	for _, v := range found {
		messages = append(messages, v.message)
	}
	scope, declared := results[0].Bindings["scope"]
	return messages, !declared || scope == true || len(found) > 0, nil
}

func readViolations(answer any) ([]violation, error) {
	items, ok := answer.([]any)
	if !ok {
		return nil, errors.New("violation is not a set")
	}
	found := make([]violation, 0, len(items))
	for _, item := range items {
		fields, _ := item.(map[string]any)
		message, ok := fields["msg"].(string)
		if !ok {
			return nil, errors.New("a violation has no msg that is a string")
		}
		position := math.Inf(1)
		if number, ok := field(fields, "details", "position").(interface{ Float64() (float64, error) }); ok {
			if value, err := number.Float64(); err == nil {
				position = value
			}
		}
		found = append(found, violation{message, position})
	}
	return found, nil
}
