package migrate

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/migrate/expression"
)

// celMutation reads one mutation as steps.
func (r *reader) celMutation(m field, variables map[string]*expression.Node) []step {
	of := m.get("applyConfiguration", "expression")
	patch := m.get("jsonPatch", "expression")
	if patch.written() {
		of = patch
	}
	if !celImage.MatchString(of.text()) {
		r.leave(of.place, of.text(), "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
		return nil
	}
	n, err := expression.ParseCEL(of.text())
	if err != nil {
		r.leave(of.place, of.text(), err.Error()+"; what it makes of an image is not carried over: write the mirror by hand")
		return nil
	}
	c := &celReader{reader: r, of: of, variables: variables}
	if patch.written() {
		c.patches(n)
	} else {
		c.configuration(n)
	}
	return c.steps
}

// A celReader reads one expression of a policy.
type celReader struct {
	*reader
	of        field
	variables map[string]*expression.Node
	steps     []step
}

// place is where a piece of the expression stands in the file. A text of several
// lines begins below its indicator.
func (c *celReader) place(n *expression.Node) place {
	at := c.of.place
	if strings.Contains(c.of.text(), "\n") && c.of.Quoted {
		at.Line += n.Line
		at.Column = n.Column + c.indentOf(at.Line)
	}
	return at
}

func (c *celReader) refuse(n *expression.Node, why string) {
	c.leave(c.place(n), "", why+"; what it makes of an image is not carried over: write the mirror by hand")
}

// newStep adds a step whose image is an expression of a container.
func (c *celReader) newStep(list string, n *expression.Node, in expression.Scope, when []condition) {
	x, err := expression.Lower(n, in)
	switch {
	case err != nil:
		c.refuse(n, err.Error())
	case !expression.UsesImage(x):
		c.refuse(n, "is one image for every container, whatever it was")
	default:
		c.steps = append(c.steps, step{list: list, when: when, image: x, at: c.place(n)})
	}
}

// A celCondition is a condition on a container.
type celCondition struct{ of expression.Expr }

func (c celCondition) holds(e expression.Env) (bool, error) {
	held, err := expression.Eval(c.of, e)
	if err != nil {
		return false, err
	}
	yes, ok := held.(bool)
	if !ok {
		return false, fmt.Errorf("a condition is no boolean")
	}
	return yes, nil
}

func (c celCondition) literals() []expression.Literal { return expression.Literals(c.of) }
