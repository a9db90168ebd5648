package expression

import (
	"errors"
	"fmt"
	"strings"
)

// The expressions that stand for something read.
type (
	// currentImage is the image as it stands.
	currentImage struct{}
	// submittedPart is a part of the image as Kyverno's images.* have it.
	submittedPart struct{ field string }
	// containerName is the name of the image's container.
	containerName struct{}
	// bound is a variable of a comprehension.
	bound struct{ name string }
	// item is JMESPath's @.
	item struct{}
	// value was written out.
	value struct{ of any }
)

func (currentImage) eval(e Env) (any, error) { return e.Image, nil }
func (containerName) eval(Env) (any, error)  { return "probe", nil }
func (v value) eval(Env) (any, error)        { return v.of, nil }
func (i item) eval(e Env) (any, error)       { return e.item, nil }
func (s submittedPart) eval(e Env) (any, error) {
	parts, err := kyvernoParts(e.Submitted)
	if err != nil {
		return nil, err
	}
	return parts.field(s.field)
}

func (b bound) eval(e Env) (any, error) {
	of, ok := e.bound[b.name]
	if !ok {
		return nil, fmt.Errorf("%s is not bound here", b.name)
	}
	return of, nil
}

func (currentImage) children() []Expr  { return nil }
func (submittedPart) children() []Expr { return nil }
func (containerName) children() []Expr { return nil }
func (bound) children() []Expr         { return nil }
func (item) children() []Expr          { return nil }
func (value) children() []Expr         { return nil }

// Image is the image as it stands, as an expression.
func Image() Expr { return currentImage{} }

// Constant is a text as an expression.
func Constant(text string) Expr { return value{text} }

// Boolean is a boolean as an expression.
func Boolean(yes bool) Expr { return value{yes} }

// Number is a whole number as an expression.
func Number(n int) Expr { return value{n} }

// Choose is then where the condition holds, and otherwise elsewhere.
func Choose(when, then, otherwise Expr) Expr { return chosen{when, then, otherwise} }

// A group holds expressions that are none together.
type group struct{ of []Expr }

func (g group) eval(Env) (any, error) { return nil, errors.New("no expression") }
func (g group) children() []Expr      { return g.of }

// joined is a text with {{ }} in it.
type joined struct{ parts []Expr }

func (j joined) children() []Expr { return j.parts }
func (j joined) eval(e Env) (any, error) {
	var b strings.Builder
	for _, part := range j.parts {
		of, err := evalIn(part, e)
		if err != nil {
			return nil, err
		}
		if of == nil {
			return nil, errors.New("a variable has no value")
		}
		text, err := asText(of)
		if err != nil {
			return nil, err
		}
		if b.WriteString(text); b.Len() > maxValue {
			return nil, errCostly
		}
	}
	return b.String(), nil
}

// piped gives its second expression the first one's value as @.
type piped struct{ from, to Expr }

func (p piped) children() []Expr { return []Expr{p.from, p.to} }
func (p piped) eval(e Env) (any, error) {
	of, err := evalIn(p.from, e)
	if err != nil {
		return nil, err
	}
	e.item = of
	return evalIn(p.to, e)
}

// either is JMESPath's or: the first value that is something.
type either struct{ a, b Expr }

func (x either) children() []Expr { return []Expr{x.a, x.b} }
func (x either) eval(e Env) (any, error) {
	a, err := evalIn(x.a, e)
	if err != nil && !errors.Is(err, errAbsent) {
		return nil, err
	}
	if err == nil && truthy(a) {
		return a, nil
	}
	return evalIn(x.b, e)
}

// both is JMESPath's and.
type both struct{ a, b Expr }

func (x both) children() []Expr { return []Expr{x.a, x.b} }
func (x both) eval(e Env) (any, error) {
	a, err := evalIn(x.a, e)
	if err != nil || !truthy(a) {
		return a, err
	}
	return evalIn(x.b, e)
}

// truthy is JMESPath's idea of true.
func truthy(of any) bool {
	switch of := of.(type) {
	case nil:
		return false
	case bool:
		return of
	case string:
		return of != ""
	case []any:
		return len(of) > 0
	}
	return true
}

// chosen is CEL's conditional.
type chosen struct{ when, then, otherwise Expr }

func (x chosen) children() []Expr { return []Expr{x.when, x.then, x.otherwise} }
func (x chosen) eval(e Env) (any, error) {
	when, err := evalIn(x.when, e)
	if err != nil {
		return nil, err
	}
	yes, ok := when.(bool)
	if !ok {
		return nil, fmt.Errorf("a condition is %s, not a boolean", kindOf(when))
	}
	if yes {
		return evalIn(x.then, e)
	}
	return evalIn(x.otherwise, e)
}

// logical is CEL's || and &&, which pass over an error where the other side decides.
type logical struct {
	a, b Expr
	// decides is the value of one side that settles it: true for ||.
	decides bool
}

func (x logical) children() []Expr { return []Expr{x.a, x.b} }
func (x logical) eval(e Env) (any, error) {
	a, errA := evalIn(x.a, e)
	if errA == nil && a == x.decides {
		return x.decides, nil
	}
	b, errB := evalIn(x.b, e)
	if errB == nil && b == x.decides {
		return x.decides, nil
	}
	if err := errors.Join(errA, errB); err != nil {
		return nil, err
	}
	if _, ok := a.(bool); !ok {
		return nil, fmt.Errorf("%s stands where a boolean has to", kindOf(a))
	}
	if _, ok := b.(bool); !ok {
		return nil, fmt.Errorf("%s stands where a boolean has to", kindOf(b))
	}
	return !x.decides, nil
}

func asText(of any) (string, error) {
	switch of := of.(type) {
	case string:
		return of, nil
	case bool, int, float64:
		return fmt.Sprint(of), nil
	}
	return "", fmt.Errorf("%s stands where a string has to", kindOf(of))
}
