// Package expression reads the few expressions in which policies that rewrite
// images are written, and evaluates them for one image. It is no engine: what it
// does not know is an error that names it, and never a guess.
//
// Kyverno's texts (Parse) are JMESPath within {{ }}:
//
//	text     = *( character / "{{" pipe "}}" )       ; one {{ }} alone is its value, else a string
//	pipe     = or *( "|" or )                        ; @ is what stands before the bar
//	or       = and *( "||" and )
//	and      = not *( "&&" not )
//	not      = [ "!" ] compare
//	compare  = value [ ( "==" / "!=" ) value ]
//	value    = primary *( bracket )
//	bracket  = "[" ( number / [ number ] ":" [ number ] ) "]"
//	primary  = string / literal / call / path / "@" / "(" pipe ")" / bracket / list
//	list     = "[" pipe *( "," pipe ) "]"
//	string   = "'" *( character / "\'" / "{{" pipe "}}" ) "'"
//	literal  = "`" JSON "`"
//	call     = name "(" pipe *( "," pipe ) ")"
//	path     = name *( "." ( name / quoted / "{{" path "}}" ) )
//	quoted   = DQUOTE *( character / "{{" path "}}" ) DQUOTE
//
// A path is element.image, element.name, elementIndex, images.<list>."<name>".<field>
// or <list>."{{element.name}}", a name of the rule's context, or <name>.<field> of an
// imageRegistry in it. Of the functions it knows regex_replace_all,
// regex_replace_all_literal, regex_match, replace_all, replace, contains,
// starts_with, ends_with, split, join, trim, trim_prefix, to_lower, to_string,
// length and image_normalize.
//
// CEL (ParseCEL) is read whole as a grammar, and evaluated as far as strings, booleans,
// whole numbers, lists and references of images go: see cel.go.
package expression

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// MaxLength is the number of bytes that an expression may have.
const MaxLength = 32 << 10

// maxDepth bounds how deep an expression may nest.
const maxDepth = 64

// maxValue bounds a string that an evaluation makes: replacing may double it at
// each step.
const maxValue = 64 << 10

// maxRegexp and maxProgram bound a regular expression: its length in bytes, and the
// instructions that it compiles to.
const (
	maxRegexp  = 4 << 10
	maxProgram = 10_000
)

// An Env is what an expression reads.
type Env struct {
	// Image is the image as it stands when the expression is evaluated.
	Image string
	// Submitted is the image of the object as it came in: Kyverno's images.* are
	// those of the object, whatever a rule before made of it.
	Submitted string
	// bound are the variables that a comprehension binds.
	bound map[string]any
	// item is what @ stands for: what is before a bar, else the image that stands
	// where the text does.
	item any
	// steps counts evaluations, so that nested variables cannot cost without bound.
	steps *int
}

// An Expr is an expression that was understood.
type Expr interface {
	eval(e Env) (any, error)
	// children are the expressions that it is made of.
	children() []Expr
}

// maxSteps bounds the evaluation of one expression.
const maxSteps = 10_000

var errCostly = errors.New("the expression costs too much to evaluate")

// Eval evaluates an expression: to a string, a bool, an int, a float64, a list of
// these, or nil. The error is what would keep the policy's own engine from a
// result too, or says that the engine here does not go so far.
func Eval(x Expr, e Env) (any, error) {
	steps := 0
	e.steps = &steps
	if e.item == nil {
		e.item = e.Image
	}
	return evalIn(x, e)
}

func evalIn(x Expr, e Env) (any, error) {
	if *e.steps++; *e.steps > maxSteps {
		return nil, errCostly
	}
	value, err := x.eval(e)
	if text, ok := value.(string); ok && len(text) > maxValue {
		return nil, errCostly
	}
	return value, err
}

// Text evaluates an expression that has to come to a string.
func Text(x Expr, e Env) (string, error) {
	value, err := Eval(x, e)
	if err != nil {
		return "", err
	}
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("comes to %s, not to a string", kindOf(value))
	}
	return text, nil
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a boolean"
	case int, float64:
		return "a number"
	case []any:
		return "a list"
	case string:
		return "a string"
	}
	return "an object"
}

// A Literal is a text that was written out in an expression.
type Literal struct {
	Text string
	// Pattern says that it is a regular expression.
	Pattern bool
}

// Literals are the texts of an expression, in their order.
func Literals(x Expr) []Literal {
	var found []Literal
	var walk func(x Expr)
	walk = func(x Expr) {
		pattern := -1
		if c, ok := x.(call); ok {
			pattern = c.function.pattern
		}
		for i, child := range x.children() {
			if value, ok := constant(child); ok {
				switch value := value.(type) {
				case string:
					found = append(found, Literal{Text: value, Pattern: i == pattern})
				case *regexp.Regexp:
					found = append(found, Literal{Text: value.String(), Pattern: true})
				case []any:
					for _, item := range value {
						if text, ok := item.(string); ok {
							found = append(found, Literal{Text: text})
						}
					}
				}
				continue
			}
			walk(child)
		}
	}
	walk(group{[]Expr{x}})
	return found
}

// constant is the value of an expression that depends on no image.
func constant(x Expr) (any, bool) {
	if !isConstant(x) {
		return nil, false
	}
	value, err := Eval(x, Env{})
	return value, err == nil
}

func isConstant(x Expr) bool {
	switch x.(type) {
	case currentImage, submittedPart, containerName, bound, item:
		return false
	}
	for _, child := range x.children() {
		if !isConstant(child) {
			return false
		}
	}
	return true
}

// UsesImage reports whether an expression depends on the image.
func UsesImage(x Expr) bool { return !isConstant(x) }

// UsesPath reports an expression with an @ that no bar gives a value, which to
// Kyverno is what stands where the text does.
func UsesPath(x Expr) bool {
	children := x.children()
	switch x := x.(type) {
	case item:
		return true
	case piped:
		children = []Expr{x.from}
	}
	return slices.ContainsFunc(children, UsesPath)
}

// IsConditional reports an expression that takes one of several ways.
func IsConditional(x Expr) bool {
	switch x.(type) {
	case chosen, logical, either, both, quantified:
		return true
	}
	for _, child := range x.children() {
		if IsConditional(child) {
			return true
		}
	}
	return false
}
