package expression

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// A function is one of JMESPath's or CEL's.
type function struct {
	name string
	// least and most are how many arguments it takes.
	least, most int
	// pattern is the argument that is a regular expression; below 0: none.
	pattern int
	call    func(arguments []any) (any, error)
}

// A call calls a function.
type call struct {
	function  function
	arguments []Expr
}

func (c call) children() []Expr { return c.arguments }
func (c call) eval(e Env) (any, error) {
	arguments := make([]any, len(c.arguments))
	for i, x := range c.arguments {
		var err error
		if arguments[i], err = evalIn(x, e); err != nil {
			return nil, err
		}
	}
	of, err := c.function.call(arguments)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.function.name, err)
	}
	return of, nil
}

func newCall(known []function, name string, arguments []Expr) (Expr, error) {
	for _, f := range known {
		if f.name != name {
			continue
		}
		if len(arguments) < f.least || len(arguments) > f.most {
			return nil, fmt.Errorf("%s with %d arguments is not read here", name, len(arguments))
		}
		c := call{f, arguments}
		return c, c.checkPattern()
	}
	return nil, fmt.Errorf("the function %s is not read here", name)
}

// checkPattern compiles a regular expression that was written out, once, and
// refuses one that its engine would refuse.
func (c call) checkPattern() error {
	if c.function.pattern < 0 {
		return nil
	}
	of, ok := constant(c.arguments[c.function.pattern])
	text, isText := of.(string)
	if !ok || !isText {
		return nil
	}
	re, err := compile(text)
	c.arguments[c.function.pattern] = value{re}
	return err
}

// Compile compiles a regular expression that costs no more than an honest one.
func Compile(pattern string) (*regexp.Regexp, error) { return compile(pattern) }

func compile(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxRegexp {
		return nil, fmt.Errorf("a regular expression of %d bytes is not read here; at most %d are", len(pattern), maxRegexp)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, errors.New("the regular expression does not compile: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	// Counted repetitions make much of little.
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxProgram {
		return nil, errors.New("a regular expression that is this large when it is compiled is not read here")
	}
	return regexp.Compile(pattern)
}

// onTexts makes a function of strings.
func onTexts(name string, arity, pattern int, do func(s []string) (any, error)) function {
	return function{name, arity, arity, pattern, func(arguments []any) (any, error) {
		s, err := texts(arguments)
		if err != nil {
			return nil, err
		}
		return do(s)
	}}
}

func texts(arguments []any) ([]string, error) {
	s := make([]string, len(arguments))
	for i, argument := range arguments {
		text, ok := argument.(string)
		if !ok {
			return nil, fmt.Errorf("argument %d is %s, not a string", i+1, kindOf(argument))
		}
		s[i] = text
	}
	return s, nil
}

// onPattern makes a function of strings, one of which is a regular expression.
func onPattern(name string, arity, pattern int, do func(re *regexp.Regexp, s []string) (any, error)) function {
	return function{name, arity, arity, pattern, func(arguments []any) (any, error) {
		re, isCompiled := arguments[pattern].(*regexp.Regexp)
		others := append(append([]any(nil), arguments[:pattern]...), arguments[pattern+1:]...)
		s, err := texts(others)
		if err != nil {
			return nil, err
		}
		if !isCompiled {
			text, ok := arguments[pattern].(string)
			if !ok {
				return nil, fmt.Errorf("%s is no regular expression", kindOf(arguments[pattern]))
			}
			if re, err = compile(text); err != nil {
				return nil, err
			}
		}
		return do(re, s)
	}}
}

// jmespath are the functions that Kyverno's JMESPath shares with no other.
func jmespath() []function {
	return []function{
		onPattern("regex_replace_all", 3, 0, func(re *regexp.Regexp, s []string) (any, error) { return replaceAll(re, s[0], s[1], false) }),
		onPattern("regex_replace_all_literal", 3, 0, func(re *regexp.Regexp, s []string) (any, error) { return replaceAll(re, s[0], s[1], true) }),
		onPattern("regex_match", 2, 0, func(re *regexp.Regexp, s []string) (any, error) { return re.MatchString(s[0]), nil }),
		onTexts("replace_all", 3, -1, func(s []string) (any, error) { return replaced(s[0], s[1], s[2], -1) }),
		{"replace", 4, 4, -1, func(a []any) (any, error) {
			s, err := texts(a[:3])
			if err != nil {
				return nil, err
			}
			n, err := whole(a[3])
			if err != nil {
				return nil, err
			}
			return replaced(s[0], s[1], s[2], n)
		}},
		onTexts("starts_with", 2, -1, func(s []string) (any, error) { return strings.HasPrefix(s[0], s[1]), nil }),
		onTexts("ends_with", 2, -1, func(s []string) (any, error) { return strings.HasSuffix(s[0], s[1]), nil }),
		{"contains", 2, 2, -1, contains},
		onTexts("split", 2, -1, func(s []string) (any, error) { return anyList(strings.Split(s[0], s[1])), nil }),
		{"join", 2, 2, -1, func(a []any) (any, error) { return joinList(a[1], a[0]) }},
		onTexts("trim", 2, -1, func(s []string) (any, error) { return strings.Trim(s[0], s[1]), nil }),
		onTexts("trim_prefix", 2, -1, func(s []string) (any, error) { return strings.TrimPrefix(s[0], s[1]), nil }),
		onTexts("to_lower", 1, -1, func(s []string) (any, error) { return strings.ToLower(s[0]), nil }),
		{"to_string", 1, 1, -1, func(a []any) (any, error) { return asText(a[0]) }},
		{"length", 1, 1, -1, size},
		onTexts("image_normalize", 1, -1, func(s []string) (any, error) {
			p, err := kyvernoParts(s[0])
			if err != nil {
				return nil, err
			}
			return p.String(), nil
		}),
	}
}

// replaceAll bounds what comes of it before it is made.
func replaceAll(re *regexp.Regexp, in, with string, literal bool) (any, error) {
	matches := re.FindAllStringIndex(in, -1)
	if len(in)+len(matches)*(len(with)+len(in)) > maxValue {
		return nil, errCostly
	}
	if literal {
		return re.ReplaceAllLiteralString(in, with), nil
	}
	return re.ReplaceAllString(in, with), nil
}

func replaced(in, old, with string, times int) (any, error) {
	if len(in)+(strings.Count(in, old)+1)*len(with) > maxValue {
		return nil, errCostly
	}
	return strings.Replace(in, old, with, times), nil
}

func contains(a []any) (any, error) {
	sought, isText := a[1].(string)
	switch in := a[0].(type) {
	case string:
		if isText {
			return strings.Contains(in, sought), nil
		}
	case []any:
		for _, item := range in {
			if item == a[1] {
				return true, nil
			}
		}
		return false, nil
	}
	return nil, fmt.Errorf("%s in %s is not read here", kindOf(a[1]), kindOf(a[0]))
}

func size(a []any) (any, error) {
	switch of := a[0].(type) {
	case string:
		return len([]rune(of)), nil
	case []any:
		return len(of), nil
	}
	return nil, fmt.Errorf("%s has no length", kindOf(a[0]))
}

func joinList(list, separator any) (any, error) {
	items, ok := list.([]any)
	between, isText := separator.(string)
	if !ok || !isText {
		return nil, fmt.Errorf("%s of %s is not read here", kindOf(separator), kindOf(list))
	}
	s, err := texts(items)
	if err != nil {
		return nil, err
	}
	return strings.Join(s, between), nil
}

func anyList(s []string) []any {
	list := make([]any, len(s))
	for i, text := range s {
		list[i] = text
	}
	return list
}

func whole(of any) (int, error) {
	switch of := of.(type) {
	case int:
		return of, nil
	case float64:
		if of == float64(int(of)) {
			return int(of), nil
		}
	}
	return 0, fmt.Errorf("%s is no whole number", kindOf(of))
}
