package expression

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// bracket reads [number] or [from:to] behind a list.
func (p *jmesParser) bracket(of Expr) (Expr, error) {
	start := p.at
	end := strings.IndexByte(p.text[start:], ']')
	if end < 0 {
		return nil, errors.New("[ is not closed")
	}
	inner := strings.TrimSpace(p.text[start : start+end])
	p.at = start + end + 1
	if from, to, isSlice := strings.Cut(inner, ":"); isSlice {
		x := sliced{list: of}
		for text, into := range map[string]**int{from: &x.from, to: &x.to} {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				return nil, fmt.Errorf("[%s] is not read here", shown(inner))
			}
			*into = &n
		}
		return x, nil
	}
	n, err := strconv.Atoi(inner)
	if err != nil {
		return nil, fmt.Errorf("[%s] is not read here", shown(inner))
	}
	return indexed{of, value{n}}, nil
}

// bracketed reads what begins with [: a number of @'s list, or a list of values.
func (p *jmesParser) bracketed() (Expr, error) {
	p.blank()
	if inner, _, ok := strings.Cut(p.text[p.at:], "]"); ok && strings.Trim(inner, "-0123456789: ") == "" {
		return p.bracket(item{})
	}
	var items []Expr
	for !p.take("]") {
		if len(items) > 0 && !p.take(",") {
			return nil, errors.New("[ is not closed")
		}
		x, err := p.pipe()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return listed{items}, nil
}
