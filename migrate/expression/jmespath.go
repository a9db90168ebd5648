package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A jmesParser reads one JMESPath by the grammar of the package's comment.
type jmesParser struct {
	text  string
	at    int
	in    Context
	depth int
}

func parseJMESPath(text string, in Context, depth int) (Expr, error) {
	p := &jmesParser{text: text, in: in, depth: depth}
	x, err := p.pipe()
	if err != nil {
		return nil, err
	}
	if p.blank(); p.at < len(p.text) {
		return nil, fmt.Errorf("%s is not read here", shown(p.text[p.at:]))
	}
	return x, nil
}

func (p *jmesParser) blank() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take passes over a sign where it stands next.
func (p *jmesParser) take(sign string) bool {
	p.blank()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *jmesParser) pipe() (Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	x, err := p.or()
	for err == nil && p.take("|") {
		var next Expr
		if next, err = p.or(); err == nil {
			x = piped{x, next}
		}
	}
	return x, err
}

func (p *jmesParser) or() (Expr, error) {
	x, err := p.and()
	for err == nil && p.take("||") {
		var next Expr
		if next, err = p.and(); err == nil {
			x = either{x, next}
		}
	}
	return x, err
}

func (p *jmesParser) and() (Expr, error) {
	x, err := p.not()
	for err == nil && p.take("&&") {
		var next Expr
		if next, err = p.not(); err == nil {
			x = both{x, next}
		}
	}
	return x, err
}

func (p *jmesParser) not() (Expr, error) {
	p.blank()
	if strings.HasPrefix(p.text[p.at:], "!=") || !p.take("!") {
		return p.compare()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	x, err := p.not()
	return call{function{"!", 1, 1, -1, func(a []any) (any, error) { return !truthy(a[0]), nil }}, []Expr{x}}, err
}

func (p *jmesParser) compare() (Expr, error) {
	a, err := p.value()
	if err != nil {
		return nil, err
	}
	equal := p.take("==")
	if !equal && !p.take("!=") {
		return a, nil
	}
	b, err := p.value()
	return call{equality(equal), []Expr{a, b}}, err
}

func equality(equal bool) function {
	return function{"==", 2, 2, -1, func(a []any) (any, error) {
		if kindOf(a[0]) == "a list" || kindOf(a[1]) == "a list" {
			return nil, errors.New("lists are not compared here")
		}
		return (a[0] == a[1]) == equal, nil
	}}
}

func (p *jmesParser) value() (Expr, error) {
	x, err := p.primary()
	for err == nil && p.take("[") {
		x, err = p.bracket(x)
	}
	return x, err
}

func (p *jmesParser) primary() (Expr, error) {
	p.blank()
	switch {
	case p.at == len(p.text):
		return nil, errors.New("ends where a value has to stand")
	case p.take("@"):
		return item{}, nil
	case p.take("("):
		x, err := p.pipe()
		if err == nil && !p.take(")") {
			err = errors.New("( is not closed")
		}
		return x, err
	case p.take("["):
		return p.bracketed()
	case p.text[p.at] == '\'':
		return p.rawString()
	case p.text[p.at] == '`':
		return p.literal()
	}
	return p.name()
}

// rawString reads '...', in which only \' is an escape, and {{ }} was substituted.
func (p *jmesParser) rawString() (Expr, error) {
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\'':
			p.at = i + 1
			return template(b.String(), p.in, p.depth+1)
		case c == '\\' && i+1 < len(p.text) && p.text[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case strings.HasPrefix(p.text[i:], "{{"):
			end := closing(p.text[i:])
			if end < 0 {
				return nil, errors.New("{{ is not closed")
			}
			b.WriteString(p.text[i : i+end])
			i += end - 1
		default:
			b.WriteByte(c)
		}
	}
	return nil, errors.New("a string is not closed")
}

func (p *jmesParser) literal() (Expr, error) {
	end := strings.IndexByte(p.text[p.at+1:], '`')
	if end < 0 {
		return nil, errors.New("a literal is not closed")
	}
	text := p.text[p.at+1 : p.at+1+end]
	p.at += end + 2
	var of any
	if err := json.Unmarshal([]byte(text), &of); err != nil {
		return nil, fmt.Errorf("`%s` is no JSON", shown(text))
	}
	switch number := of.(type) {
	case map[string]any:
		return nil, errors.New("an object as a literal is not read here")
	case float64:
		if n, err := whole(number); err == nil {
			of = n
		}
	}
	return value{of}, nil
}

// name reads a call or a path.
func (p *jmesParser) name() (Expr, error) {
	first := p.identifier()
	if first == "" {
		return nil, fmt.Errorf("%s is not read here", shown(p.text[p.at:]))
	}
	if p.at < len(p.text) && p.text[p.at] == '(' {
		p.at++
		var arguments []Expr
		for !p.take(")") {
			if len(arguments) > 0 && !p.take(",") {
				return nil, fmt.Errorf("the arguments of %s are not closed", first)
			}
			x, err := p.pipe()
			if err != nil {
				return nil, err
			}
			arguments = append(arguments, x)
		}
		return newCall(jmespath(), first, arguments)
	}
	path := []string{first}
	for p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		part := p.identifier()
		if end := p.variable(); part == "" && end > 0 {
			// A name without its quotes, which Kyverno takes where it has no dash.
			part = p.text[p.at : p.at+end]
			p.at += end
		}
		if part == "" && p.at < len(p.text) && p.text[p.at] == '"' {
			end := strings.IndexByte(p.text[p.at+1:], '"')
			if end < 0 {
				return nil, errors.New("a quoted name is not closed")
			}
			part = p.text[p.at+1 : p.at+1+end]
			p.at += end + 2
		}
		if part == "" {
			return nil, fmt.Errorf("%s is not read here", shown(strings.Join(path, ".")+p.text[p.at:]))
		}
		path = append(path, part)
	}
	return p.in.resolve(path)
}

// variable is the length of a {{ }} that stands next; 0 for none.
func (p *jmesParser) variable() int {
	if !strings.HasPrefix(p.text[p.at:], "{{") {
		return 0
	}
	return max(0, closing(p.text[p.at:]))
}

func (p *jmesParser) identifier() string {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (p.at == start || c < '0' || c > '9') {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}
