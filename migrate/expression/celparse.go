package expression

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseCEL reads a CEL expression whole, of whatever it speaks.
//
//	expr      = or [ "?" or ":" expr ]
//	or        = and *( "||" and )
//	and       = relation *( "&&" relation )
//	relation  = sum *( ( "==" / "!=" / "<" / "<=" / ">" / ">=" / "in" ) sum )
//	sum       = product *( ( "+" / "-" ) product )
//	product   = unary *( ( "*" / "/" / "%" ) unary )
//	unary     = *( "!" / "-" ) member
//	member    = primary *( ( "." / ".?" ) name [ "(" list ")" ] / "[" expr "]" / "{" fields "}" )
//	primary   = name [ "(" list ")" ] / "(" expr ")" / "[" list "]" / "{" fields "}" / scalar
func ParseCEL(text string) (*Node, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("has %d bytes; at most %d are read", len(text), MaxLength)
	}
	tokens, err := scanCEL(text)
	if err != nil {
		return nil, err
	}
	p := &celParser{tokens: tokens}
	n, err := p.expr()
	if err != nil {
		return nil, err
	}
	if t := p.tokens[p.at]; t.kind != 0 {
		return nil, fmt.Errorf("%s is not expected here", shown(t.text))
	}
	return n, nil
}

type celParser struct {
	tokens []token
	at     int
	depth  int
}

func (p *celParser) next() token { return p.tokens[p.at] }

func (p *celParser) take(sign string) bool {
	if t := p.next(); t.kind != '!' || t.text != sign {
		return false
	}
	p.at++
	return true
}

func (p *celParser) need(sign string) error {
	if p.take(sign) {
		return nil
	}
	if t := p.next(); t.kind != 0 {
		return fmt.Errorf("%s stands where %q has to", shown(t.text), sign)
	}
	return fmt.Errorf("ends where %q has to stand", sign)
}

func (p *celParser) node(kind Kind, text string) *Node {
	t := p.next()
	return &Node{Kind: kind, Text: text, Line: t.line, Column: t.column}
}

func (p *celParser) expr() (*Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	n := p.node(Call, "?")
	when, err := p.binary(0)
	if err != nil || !p.take("?") {
		return when, err
	}
	then, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if err := p.need(":"); err != nil {
		return nil, err
	}
	otherwise, err := p.expr()
	n.Items = []*Node{when, then, otherwise}
	return n, err
}

// levels are the binary operators, the weakest first.
var levels = [][]string{{"||"}, {"&&"}, {"==", "!=", "<=", ">=", "<", ">", "in"}, {"+", "-"}, {"*", "/", "%"}}

func (p *celParser) binary(level int) (*Node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		operator := ""
		for _, sign := range levels[level] {
			if t := p.next(); t.text == sign && (t.kind == '!' || t.kind == 'n' && sign == "in") {
				operator = sign
				p.at++
				break
			}
		}
		if operator == "" {
			return left, nil
		}
		n := &Node{Kind: Call, Text: operator, Line: left.Line, Column: left.Column}
		var right *Node
		right, err = p.binary(level + 1)
		n.Items = []*Node{left, right}
		left = n
	}
	return left, err
}

func (p *celParser) unary() (*Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	for _, sign := range []string{"!", "-"} {
		n := p.node(Call, sign)
		if p.take(sign) {
			of, err := p.unary()
			n.Items = []*Node{of}
			return n, err
		}
	}
	n, err := p.primary()
	for err == nil {
		switch {
		case p.take("."), p.take(".?"):
			t := p.next()
			if t.kind != 'n' {
				return nil, fmt.Errorf("%s stands where a name has to", shown(t.text))
			}
			p.at++
			member := &Node{Kind: Member, Text: t.text, Of: n, Line: t.line, Column: t.column}
			if p.take("(") {
				member.Kind = Call
				member.Items, err = p.list(")")
			}
			n = member
		case p.take("["):
			of := &Node{Kind: Index, Of: n, Line: n.Line, Column: n.Column}
			of.Items, err = p.list("]")
			if err == nil && len(of.Items) != 1 {
				err = errors.New("an index is one value")
			}
			n = of
		case n.Path() != "" && p.take("{"):
			made := &Node{Kind: Struct, Text: n.Path(), Line: n.Line, Column: n.Column}
			made.Fields, err = p.fields()
			n = made
		default:
			return n, nil
		}
	}
	return n, err
}

func (p *celParser) primary() (*Node, error) {
	t := p.next()
	n := p.node(Scalar, "")
	p.at++
	switch {
	case t.kind == 's':
		n.Value = t.text
		return n, nil
	case t.kind == '0':
		of, err := number(t.text)
		n.Value = of
		return n, err
	case t.kind == 'n' && (t.text == "true" || t.text == "false"):
		n.Value = t.text == "true"
		return n, nil
	case t.kind == 'n' && t.text == "null":
		return n, nil
	case t.kind == 'n':
		n.Kind, n.Text = Name, t.text
		if p.take("(") {
			n.Kind = Call
			var err error
			n.Items, err = p.list(")")
			return n, err
		}
		return n, nil
	case t.text == "(" && t.kind == '!':
		inner, err := p.expr()
		if err == nil {
			err = p.need(")")
		}
		return inner, err
	case t.text == "[" && t.kind == '!':
		n.Kind = List
		var err error
		n.Items, err = p.list("]")
		return n, err
	case t.text == "{" && t.kind == '!':
		n.Kind = Struct
		var err error
		n.Fields, err = p.fields()
		return n, err
	}
	p.at--
	if t.kind == 0 {
		return nil, errors.New("ends where a value has to stand")
	}
	return nil, fmt.Errorf("%s is not expected here", shown(t.text))
}

func (p *celParser) list(end string) ([]*Node, error) {
	var items []*Node
	for !p.take(end) {
		if len(items) > 0 {
			if err := p.need(","); err != nil {
				return nil, err
			}
			if p.take(end) {
				break
			}
		}
		item, err := p.expr()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (p *celParser) fields() ([]NodeField, error) {
	var fields []NodeField
	for first := true; !p.take("}"); first = false {
		if !first {
			if err := p.need(","); err != nil {
				return nil, err
			}
			if p.take("}") {
				break
			}
		}
		p.take("?")
		key, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.need(":"); err != nil {
			return nil, err
		}
		of, err := p.expr()
		if err != nil {
			return nil, err
		}
		name := key.Text
		if key.Kind == Scalar {
			text, ok := key.Value.(string)
			if !ok {
				return nil, errors.New("a key that is no string is not read here")
			}
			name = text
		} else if key.Kind != Name {
			return nil, errors.New("a key that is computed is not read here")
		}
		fields = append(fields, NodeField{name, of})
	}
	return fields, nil
}

func number(text string) (any, error) {
	digits := strings.TrimRight(text, "uU")
	if n, err := strconv.Atoi(digits); err == nil {
		return n, nil
	}
	if f, err := strconv.ParseFloat(digits, 64); err == nil {
		return f, nil
	}
	return nil, fmt.Errorf("%s is no number that is read here", shown(text))
}
