package spec

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// A decoder reads one document and gathers every problem and every place.
type decoder struct {
	file      string
	detector  *detector
	problems  Problems
	positions map[string]Position
	// bad are the nodes that a problem was reported for.
	bad map[*document.Node]bool
}

// A value is a node read by its shape. Where the node was refused the value is
// there, so that list items keep their numbers, but it is empty. All methods
// work on nil, which is a value that was not written.
type value struct {
	text   string
	yes    bool
	items  []*value
	keys   []string
	fields map[string]*value
}

func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	return v.fields[name]
}

func (d *decoder) at(n *document.Node) Position {
	return Position{File: d.file, Line: n.Line, Column: n.Column}
}

func (d *decoder) problem(n *document.Node, path, message string) {
	d.problems = append(d.problems, Problem{Position: d.at(n), Path: path, Message: message})
}

// value reads a node by its shape.
func (d *decoder) value(n *document.Node, s *shape, path string) *value {
	d.positions[path] = d.at(n)
	if d.bad[n] {
		return &value{}
	}
	if n.Kind == document.Null {
		d.problem(n, path, "has no value; give it one, or remove the line")
		return &value{}
	}
	switch s.kind {
	case objectShape:
		if n.Kind == document.Mapping {
			return d.object(n, s, path)
		}
		d.problem(n, path, "must be a mapping, not "+n.Kind.String())
	case mapShape:
		if n.Kind == document.Mapping {
			return d.dictionary(n, s, path)
		}
		d.problem(n, path, "must be a mapping, not "+n.Kind.String())
	case listShape:
		if n.Kind == document.List {
			return d.list(n, s, path)
		}
		rule := "must be a list, not " + n.Kind.String()
		if n.Kind == document.String || n.Kind == document.Mapping && s.item.kind == objectShape {
			rule += "; begin each item with -"
		}
		d.problem(n, path, rule)
	case boolShape:
		return d.boolean(n, path)
	case stringShape:
		return d.text(n, s.text, path)
	}
	return &value{}
}

func (d *decoder) object(n *document.Node, s *shape, path string) *value {
	v := &value{fields: map[string]*value{}}
	seen := map[string]bool{}
	for _, f := range n.Fields {
		name := f.Key.Text
		if d.bad[f.Key] {
			seen[name] = true
			continue
		}
		known := s.field(name)
		if known == nil {
			d.unknown(f.Key, s, path)
			continue
		}
		seen[name] = true
		v.fields[name] = d.value(f.Value, known.shape, join(path, name))
	}
	for _, f := range s.fields {
		if f.need != "" && !seen[f.name] {
			d.problem(n, join(path, f.name), "is missing; "+f.need)
		}
	}
	return v
}

func (s *shape) field(name string) *field {
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

func (d *decoder) unknown(key *document.Node, s *shape, path string) {
	if path == "" && key.Text == "status" {
		d.problem(key, "status", "a MirrorSet has no status; remove it")
		return
	}
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	hint := didYouMean(key.Text, names)
	if hint == "" {
		hint = "; known here: " + strings.Join(names, ", ")
	}
	d.problem(key, path, show(key.Text)+": unknown field"+hint)
}

func (d *decoder) dictionary(n *document.Node, s *shape, path string) *value {
	v := &value{fields: map[string]*value{}}
	for _, f := range n.Fields {
		if d.bad[f.Key] {
			continue
		}
		if d.text(f.Key, s.key, path).text == "" {
			continue
		}
		v.keys = append(v.keys, f.Key.Text)
		v.fields[f.Key.Text] = d.value(f.Value, s.item, join(path, f.Key.Text))
	}
	return v
}

func (d *decoder) list(n *document.Node, s *shape, path string) *value {
	if len(n.Items) == 0 && s.empty != "" {
		d.problem(n, path, s.empty)
	}
	v := &value{}
	first := map[string]int{}
	for i, item := range n.Items {
		at := index(path, i)
		read := d.value(item, s.item, at)
		v.items = append(v.items, read)
		if !s.unique || read.text == "" {
			continue
		}
		if before, ok := first[read.text]; ok {
			d.problem(item, at, fmt.Sprintf("%s: stands here twice, first as [%d]; remove one", show(read.text), before))
		} else {
			first[read.text] = i
		}
	}
	return v
}

func (d *decoder) boolean(n *document.Node, path string) *value {
	switch {
	case n.Kind == document.Bool && (n.Text == "true" || n.Text == "false"):
		return &value{yes: n.Text == "true"}
	case n.Kind == document.Bool:
		d.problem(n, path, show(n.Text)+": some readers take this for a string; write true or false")
	case n.Kind == document.String && n.Quoted && (n.Text == "true" || n.Text == "false"):
		d.problem(n, path, show(n.Text)+": must be a boolean, not a string; drop the quotes")
	default:
		d.problem(n, path, "must be true or false, not "+n.Kind.String())
	}
	return &value{}
}

func (d *decoder) text(n *document.Node, g *grammar, path string) *value {
	switch n.Kind {
	case document.String:
	case document.Number, document.Bool:
		d.problem(n, path, fmt.Sprintf("%s: must be a string, and YAML reads %s; put it in quotes", n.Text, n.Kind))
		return &value{}
	default:
		d.problem(n, path, "must be a string, not "+n.Kind.String())
		return &value{}
	}
	if r := g.check(n.Text); r.rule != "" {
		message := r.rule
		if !r.hidden {
			message = show(n.Text) + ": " + message
		}
		d.problem(n, path, message)
		return &value{}
	}
	return &value{text: n.Text}
}
