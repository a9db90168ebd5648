package expression

import (
	"errors"
	"fmt"
)

// listed is a list that was written out.
type listed struct{ items []Expr }

func (l listed) children() []Expr { return l.items }
func (l listed) eval(e Env) (any, error) {
	list := make([]any, len(l.items))
	for i, x := range l.items {
		var err error
		if list[i], err = evalIn(x, e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// listedPart is the list that a projection over images has of one image: without
// what the image lacks.
type listedPart struct{ of Expr }

func (l listedPart) children() []Expr { return []Expr{l.of} }
func (l listedPart) eval(e Env) (any, error) {
	of, err := evalIn(l.of, e)
	if errors.Is(err, errAbsent) {
		return []any{}, nil
	}
	return []any{of}, err
}

// Listed is a list of one value, or of none where it is absent.
func Listed(x Expr) Expr { return listedPart{x} }

// indexed is list[number].
type indexed struct{ list, at Expr }

func (x indexed) children() []Expr { return []Expr{x.list, x.at} }
func (x indexed) eval(e Env) (any, error) {
	of, err := evalIn(x.list, e)
	if err != nil {
		return nil, err
	}
	at, err := evalIn(x.at, e)
	if err != nil {
		return nil, err
	}
	list, ok := of.([]any)
	n, isNumber := at.(int)
	if !ok || !isNumber {
		return nil, fmt.Errorf("%s[%s] is not read here", kindOf(of), kindOf(at))
	}
	if n < 0 {
		n += len(list)
	}
	if n < 0 || n >= len(list) {
		return nil, fmt.Errorf("index %d is out of range: the list has %d items", n, len(list))
	}
	return list[n], nil
}

// sliced is JMESPath's list[from:to]; nil is either end.
type sliced struct {
	list     Expr
	from, to *int
}

func (x sliced) children() []Expr { return []Expr{x.list} }
func (x sliced) eval(e Env) (any, error) {
	of, err := evalIn(x.list, e)
	if err != nil {
		return nil, err
	}
	list, ok := of.([]any)
	if !ok {
		return nil, fmt.Errorf("%s[:] is not read here", kindOf(of))
	}
	at := func(n *int, unset int) int {
		switch {
		case n == nil:
			return unset
		case *n < 0:
			return max(0, len(list)+*n)
		}
		return min(*n, len(list))
	}
	from := at(x.from, 0)
	return list[from:max(from, at(x.to, len(list)))], nil
}
