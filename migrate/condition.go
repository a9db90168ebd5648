package migrate

import (
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/migrate/expression"
)

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

// allOf are conditions that all have to hold.
type allOf []condition

func (a allOf) holds(e expression.Env) (bool, error) {
	for _, c := range a {
		if held, err := c.holds(e); err != nil || !held {
			return false, err
		}
	}
	return true, nil
}

func (a allOf) literals() []expression.Literal { return anyOf(a).literals() }

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
