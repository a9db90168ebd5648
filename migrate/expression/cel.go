package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A Scope says what CEL's names stand for.
type Scope struct {
	// Element is the name by which a comprehension calls a container; "": none.
	Element string
	// Index is the name by which it calls a container's place in List.
	Index, List string
	// Variables are the policy's own, by name: variables.<name>.
	Variables map[string]*Node
	// bound are names of comprehensions within.
	bound []string
	depth int
}

// Lower makes a Node of CEL an expression of one image. It knows strings, numbers,
// booleans and lists with their operators; the methods contains, startsWith,
// endsWith, matches, replace, substring, indexOf, lastIndexOf, split, join, size,
// lowerAscii, trim, exists and all; regex.replace; and of Kyverno's image library
// parseImageReference, image, isImage, registry, repository, tag, digest, identifier
// and containsDigest.
func Lower(n *Node, in Scope) (Expr, error) {
	if in.depth++; in.depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	switch n.Kind {
	case Scalar:
		return value{n.Value}, nil
	case List:
		items, err := lowerAll(n.Items, in)
		return listed{items}, err
	case Index:
		if in.isElement(n) {
			return nil, errors.New("a container as a whole is not read here")
		}
		x, err := lowerAll([]*Node{n.Of, n.Items[0]}, in)
		if err != nil {
			return nil, err
		}
		return indexed{x[0], x[1]}, nil
	case Name, Member:
		return in.name(n)
	case Call:
		return in.call(n)
	}
	return nil, errors.New("a struct or a map is not read here")
}

func lowerAll(nodes []*Node, in Scope) ([]Expr, error) {
	list := make([]Expr, len(nodes))
	for i, n := range nodes {
		var err error
		if list[i], err = Lower(n, in); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s Scope) name(n *Node) (Expr, error) {
	path := n.Path()
	for _, name := range s.bound {
		if path == name {
			return bound{name}, nil
		}
	}
	if n.Kind == Member && s.isElement(n.Of) {
		switch n.Text {
		case "image":
			return currentImage{}, nil
		case "name":
			return containerName{}, nil
		}
	}
	if name, ok := strings.CutPrefix(path, "variables."); ok {
		if of, known := s.Variables[name]; known {
			// A variable sees no name of the place where it is used.
			return Lower(of, Scope{Variables: s.Variables, depth: s.depth})
		}
	}
	if path == "" {
		path = n.Text
	}
	return nil, fmt.Errorf("%s is not read here", shown(path))
}

// isElement reports the container itself: by its own name, or as list[index].
func (s Scope) isElement(n *Node) bool {
	if n.Kind == Index {
		return s.Index != "" && n.Of.Path() == s.List && n.Items[0].Path() == s.Index
	}
	return s.Element != "" && n.Kind == Name && n.Text == s.Element
}

func (s Scope) call(n *Node) (Expr, error) {
	switch n.Text {
	case "?":
		x, err := lowerAll(n.Items, s)
		if err != nil {
			return nil, err
		}
		return chosen{x[0], x[1], x[2]}, nil
	case "||", "&&":
		x, err := lowerAll(n.Items, s)
		if err != nil {
			return nil, err
		}
		return logical{x[0], x[1], n.Text == "||"}, nil
	case "exists", "all", "filter", "map":
		return s.comprehension(n)
	case "has":
		// The image of a container that is judged is there.
		if len(n.Items) == 1 && n.Items[0].Kind == Member && n.Items[0].Text == "image" && s.isElement(n.Items[0].Of) {
			return value{true}, nil
		}
		return nil, errors.New("has() of anything but the image is not read here")
	}
	arguments := n.Items
	name := n.Text
	if n.Of != nil {
		if n.Of.Kind == Name && n.Of.Text == "regex" {
			name = "regex." + name
		} else {
			arguments = append([]*Node{n.Of}, n.Items...)
			name = "." + name
		}
	}
	x, err := lowerAll(arguments, s)
	if err != nil {
		return nil, err
	}
	return newCall(cel(), name, x)
}

// comprehension reads list.exists(x, condition) and the like over a list that was
// written out or computed.
func (s Scope) comprehension(n *Node) (Expr, error) {
	if n.Of == nil || len(n.Items) != 2 || n.Items[0].Kind != Name || n.Text == "filter" || n.Text == "map" {
		return nil, fmt.Errorf("%s() of this form is not read here", n.Text)
	}
	list, err := Lower(n.Of, s)
	if err != nil {
		return nil, err
	}
	inner := s
	inner.bound = append(append([]string(nil), s.bound...), n.Items[0].Text)
	if n.Items[0].Text == s.Element {
		return nil, errors.New("a name is bound twice")
	}
	condition, err := Lower(n.Items[1], inner)
	if err != nil {
		return nil, err
	}
	return quantified{list, condition, n.Items[0].Text, n.Text == "all"}, nil
}

// quantified asks a condition of every item of a list.
type quantified struct {
	list, condition Expr
	name            string
	all             bool
}

func (q quantified) children() []Expr { return []Expr{q.list, q.condition} }
func (q quantified) eval(e Env) (any, error) {
	of, err := evalIn(q.list, e)
	if err != nil {
		return nil, err
	}
	items, ok := of.([]any)
	if !ok {
		return nil, fmt.Errorf("%s stands where a list has to", kindOf(of))
	}
	outer := e.bound
	for _, item := range items {
		e.bound = map[string]any{q.name: item}
		for name, of := range outer {
			if name != q.name {
				e.bound[name] = of
			}
		}
		held, err := evalIn(q.condition, e)
		if err != nil {
			return nil, err
		}
		if yes, ok := held.(bool); !ok {
			return nil, fmt.Errorf("a condition is %s, not a boolean", kindOf(held))
		} else if yes != q.all {
			return yes, nil
		}
	}
	return q.all, nil
}

// group reference of a replacement of regex.replace: \1, and \\ for a backslash.
var celReplacement = regexp.MustCompile(`\\(.?)`)

// goReplacement is a replacement of CEL's regex.replace as Go writes it.
func goReplacement(text string) (string, error) {
	var wrong error
	text = strings.ReplaceAll(text, "$", "$$")
	text = celReplacement.ReplaceAllStringFunc(text, func(escape string) string {
		switch {
		case escape == `\\`:
			return `\`
		case len(escape) == 2 && '0' <= escape[1] && escape[1] <= '9':
			return "${" + escape[1:] + "}"
		}
		wrong = fmt.Errorf("%s is no reference to a group", shown(escape))
		return ""
	})
	return text, wrong
}
