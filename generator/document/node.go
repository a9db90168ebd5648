package document

import (
	"gopkg.in/yaml.v3"
)

// A Kind says what a Node is.
type Kind int

// The kinds of Node; the zero Kind is invalid.
const (
	_ Kind = iota
	// Mapping has Fields.
	Mapping
	// List has Items.
	List
	// String, Bool, Number and Null are scalars, with their Text as written. A
	// plain scalar is what kubectl would take it for: yes is a Bool.
	String
	Bool
	Number
	Null
	// Alias stands for a value elsewhere, which is not followed.
	Alias
)

// String names the kind as a message would.
func (k Kind) String() string {
	switch k {
	case Mapping:
		return "a mapping"
	case List:
		return "a list"
	case String:
		return "a string"
	case Bool:
		return "a boolean"
	case Number:
		return "a number"
	case Null:
		return "nothing"
	case Alias:
		return "an alias"
	}
	return "no value"
}

// A Node is one value with its place in the file. Nothing is resolved, merged
// or dropped, so that a strict reader sees duplicate keys, anchors and tags.
type Node struct {
	Kind Kind
	// Text is a scalar's value, without quotes, or the name behind an alias's "*";
	// empty for other kinds.
	Text string
	// Quoted says that a String was written in quotes or as a block.
	Quoted bool
	// Tag is the tag that was written, such as "!!str"; empty where none was.
	Tag string
	// Anchor is the name that was written with "&"; empty where none was.
	Anchor string
	// Line and Column count from 1 in the file, not in the document.
	Line, Column int
	// Items are a List's values.
	Items []*Node
	// Fields are a Mapping's fields in the order written, duplicates included.
	Fields []Field
}

// A Field is one key and its value.
type Field struct{ Key, Value *Node }

// IsMerge reports the key "<<" that merges a mapping, which is a String whose
// text is "<<" and that is not quoted.
func (n *Node) IsMerge() bool { return n.Kind == String && !n.Quoted && n.Text == "<<" }

// Node parses the document for a reader that needs places; nil where the
// document holds no value. The error is an *Error.
func (d Document) Node() (*Node, error) {
	root, err := d.parse()
	if err != nil || root == nil {
		return nil, err
	}
	return d.node(root, 0)
}

func (d Document) node(from *yaml.Node, depth int) (*Node, error) {
	if depth > MaxDepth {
		return nil, d.errorAt(from.Line, "nested deeper than %d levels", MaxDepth)
	}
	n := &Node{Anchor: from.Anchor, Line: from.Line + d.Line - 1, Column: from.Column}
	if from.Style&yaml.TaggedStyle != 0 {
		n.Tag = from.Tag
	}
	switch from.Kind {
	case yaml.MappingNode:
		n.Kind = Mapping
		n.Fields = make([]Field, 0, len(from.Content)/2)
		for i := 0; i+1 < len(from.Content); i += 2 {
			key, err := d.node(from.Content[i], depth+1)
			if err != nil {
				return nil, err
			}
			value, err := d.node(from.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			n.Fields = append(n.Fields, Field{Key: key, Value: value})
		}
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range from.Content {
			child, err := d.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, child)
		}
	case yaml.AliasNode:
		n.Kind, n.Text = Alias, from.Value
	case yaml.ScalarNode:
		n.Text = from.Value
		n.Quoted = from.Style&^yaml.TaggedStyle != 0
		n.Kind = String
		if !n.Quoted {
			switch resolve(from.Value).(type) {
			case bool:
				n.Kind = Bool
			case int64, float64:
				n.Kind = Number
			case nil:
				n.Kind = Null
			}
		}
	}
	return n, nil
}
