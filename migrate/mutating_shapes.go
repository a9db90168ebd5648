package migrate

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/migrate/expression"
)

// podLists are the lists of containers as CEL names them, of a Pod or of a
// workload's template.
func podList(path string) (list string, ok bool) {
	for _, before := range []string{"object.spec.", "object.spec.template.spec.", "object.spec.jobTemplate.spec.template.spec."} {
		if list, ok = strings.CutPrefix(path, before); ok && slices.Contains([]string{"containers", "initContainers", "ephemeralContainers"}, list) {
			return list, true
		}
	}
	return "", false
}

// configuration reads Object{spec: Object.spec{containers: ...}}.
func (c *celReader) configuration(n *expression.Node) {
	switch {
	case n.IsCall("?", 3):
		// Where the whole depends on the object, both ways are read; one that changes
		// nothing is Object{}.
		c.refuse(n, "depends on the object as a whole")
		return
	case n.Kind != expression.Struct || n.Text != "Object":
		c.refuse(n, "is no Object{...}")
		return
	}
	for _, f := range n.Fields {
		if f.Name != "spec" {
			c.leave(c.place(f.Value), f.Name, "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
			continue
		}
		c.podSpec(f.Value)
	}
}

func (c *celReader) podSpec(n *expression.Node) {
	if n.Kind != expression.Struct || !strings.HasPrefix(n.Text, "Object.") {
		c.refuse(n, "is no Object.spec{...}")
		return
	}
	for _, f := range n.Fields {
		switch f.Name {
		case "containers", "initContainers", "ephemeralContainers":
			c.containers(f.Name, f.Value)
		case "template", "jobTemplate":
			if inner := f.Value.Field("spec"); inner != nil {
				c.podSpec(inner)
			}
		default:
			c.leave(c.place(f.Value), f.Name, "changes something else than images, and a MirrorSet does not; keep it in a policy of its own"+secretHint(f.Name))
		}
	}
}

// containers reads list.map(c, Object.spec.containers{...}), where the list may be
// asked for with has() first.
func (c *celReader) containers(list string, n *expression.Node) {
	if n.IsCall("?", 3) && asksWhetherThere(n.Items[0]) {
		for _, way := range n.Items[1:] {
			if way.Kind != expression.List || len(way.Items) > 0 {
				c.containers(list, way)
			}
		}
		return
	}
	m, ok := c.mapping(n)
	if !ok {
		c.refuse(n, "is no "+list+".map(c, ...) that is read here")
		return
	}
	if m.list != list {
		c.note(c.place(n), "", "goes over "+m.list+" but changes "+list+"; "+m.list+" are meant")
	}
	c.container(m.list, m.body, m.scope, m.when)
}

// asksWhetherThere reports has(...) and !has(...).
func asksWhetherThere(n *expression.Node) bool {
	if n.IsCall("!", 1) {
		n = n.Items[0]
	}
	return n.IsCall("has", 1)
}

// container reads what a container becomes: a struct, or one of two.
func (c *celReader) container(list string, n *expression.Node, in expression.Scope, when []condition) {
	if n.IsCall("?", 3) {
		condition, err := expression.Lower(n.Items[0], in)
		if err != nil {
			c.refuse(n.Items[0], err.Error())
			return
		}
		image := [2]expression.Expr{expression.Image(), expression.Image()}
		at := n
		for i, way := range n.Items[1:] {
			if way.Kind != expression.Struct || !strings.HasPrefix(way.Text, "Object.") {
				c.refuse(way, "is no container")
				return
			}
			of := way.Field("image")
			if of == nil {
				continue
			}
			if image[i], err = expression.Lower(of, in); err != nil {
				c.refuse(of, err.Error())
				return
			}
			at = of
		}
		c.steps = append(c.steps, step{list: list, when: when, at: c.place(at), image: expression.Choose(condition, image[0], image[1])})
		return
	}
	if n.Kind != expression.Struct || !strings.HasPrefix(n.Text, "Object.") {
		c.refuse(n, "is no container")
		return
	}
	for _, f := range n.Fields {
		switch f.Name {
		case "name":
		case "image":
			c.newStep(list, f.Value, in, when)
		default:
			c.leave(c.place(f.Value), f.Name, "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
		}
	}
}

// A mapped list is what list.map(x, body) says, or list.filter(x, when).map(x, body).
type mapped struct {
	list  string
	body  *expression.Node
	scope expression.Scope
	when  []condition
}

// mapping reads a map over a list of containers, by the container or by its number.
func (c *celReader) mapping(n *expression.Node) (m mapped, ok bool) {
	if n.Kind != expression.Call || n.Text != "map" || n.Of == nil || len(n.Items) < 2 || n.Items[0].Kind != expression.Name {
		return m, false
	}
	name := n.Items[0].Text
	m.body = n.Items[len(n.Items)-1]
	of := n.Of
	conditions := n.Items[1 : len(n.Items)-1]
	var filters []*expression.Node
	if of.IsCall("filter", 2) && of.Items[0].Path() == name {
		filters = append(filters, of.Items[1])
		of = of.Of
	}
	if of.IsCall("orValue", 1) {
		of = of.Of
	}
	m.scope.Variables = c.variables
	if m.list, ok = podList(of.Path()); ok {
		m.scope.Element = name
	} else if list, isRange := rangeOf(of); isRange {
		m.scope.Index, m.scope.List = name, list
		m.list, ok = podList(list)
	}
	if !ok {
		return m, false
	}
	for _, condition := range append(filters, conditions...) {
		x, err := expression.Lower(condition, m.scope)
		if err != nil {
			c.refuse(condition, err.Error())
			return m, false
		}
		m.when = append(m.when, celCondition{x})
	}
	return m, true
}

// rangeOf reads lists.range(size(list)) and lists.range(list.size()).
func rangeOf(n *expression.Node) (list string, ok bool) {
	if !n.IsCall("range", 1) || n.Of.Path() != "lists" {
		return "", false
	}
	size := n.Items[0]
	switch {
	case size.IsCall("size", 1) && size.Of == nil:
		return size.Items[0].Path(), true
	case size.IsCall("size", 0):
		return size.Of.Path(), true
	}
	return "", false
}

// patches reads a list of JSONPatch{...}: lists with + between them, each of them a
// map over containers, or nothing where a list is not there.
func (c *celReader) patches(n *expression.Node) {
	switch {
	case n.IsCall("+", 2):
		c.patches(n.Items[0])
		c.patches(n.Items[1])
		return
	case n.IsCall("?", 3) && asksWhetherThere(n.Items[0]):
		c.patches(n.Items[1])
		c.patches(n.Items[2])
		return
	case n.Kind == expression.List && len(n.Items) == 0:
		return
	}
	if n.IsCall("filter", 2) && isNotNull(n.Items[1], n.Items[0].Path()) {
		// What the map made null is dropped.
		n = n.Of
	}
	m, ok := c.mapping(n)
	if ok && m.body.IsCall("?", 3) && isNull(m.body.Items[2]) {
		x, err := expression.Lower(m.body.Items[0], m.scope)
		if err != nil {
			c.refuse(m.body.Items[0], err.Error())
			return
		}
		m.when, m.body = append(m.when, celCondition{x}), m.body.Items[1]
	}
	if !ok || m.body.Kind != expression.Struct || m.body.Text != "JSONPatch" {
		c.refuse(n, "is no map over containers that is read here")
		return
	}
	path, value := m.body.Field("path"), m.body.Field("value")
	if path == nil || value == nil || !leadsToImage(path) {
		c.refuse(m.body, "changes something else than the image of a container")
		return
	}
	c.newStep(m.list, value, m.scope, m.when)
}

// isNotNull reports name != null.
func isNotNull(n *expression.Node, name string) bool {
	return n.IsCall("!=", 2) && name != "" && n.Items[0].Path() == name && isNull(n.Items[1])
}

func isNull(n *expression.Node) bool { return n.Kind == expression.Scalar && n.Value == nil }

// leadsToImage reports a path that ends in /image behind something computed.
func leadsToImage(n *expression.Node) bool {
	if !n.IsCall("+", 2) {
		return false
	}
	end, _ := n.Items[1].Value.(string)
	return end == "/image"
}
