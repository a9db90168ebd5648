package expression

import "strings"

// A Kind says what a Node of CEL is.
type Kind int

// The kinds of Node; the zero Kind is invalid.
const (
	_ Kind = iota
	// Scalar was written out: a string, an int, a float64, a bool or nil in Value.
	Scalar
	// Name is an identifier, in Text.
	Name
	// Member is Text of Of.
	Member
	// Call is the function Text, of Of where it is a method, with Items; operators
	// are the functions of their signs, and ?: is that of "?".
	Call
	// Index is Items[0] of Of.
	Index
	// List holds Items.
	List
	// Struct is of the type Text, "" for a map, with Fields.
	Struct
)

// A Node is a piece of CEL, as it was written.
type Node struct {
	Kind  Kind
	Text  string
	Value any
	Of    *Node
	Items []*Node
	// Fields are a Struct's, in the order written; a map's are those whose keys are strings.
	Fields []NodeField
	// Line and Column are where the piece begins in its text, from 1.
	Line, Column int
}

// A NodeField is one field of a Struct.
type NodeField struct {
	Name  string
	Value *Node
}

// Field is a struct's field; nil where it has none of that name.
func (n *Node) Field(name string) *Node {
	for _, f := range n.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// Path is a name and its members with dots between, such as object.spec.containers;
// "" where the node is anything else. An optional member, .?x, counts as one.
func (n *Node) Path() string {
	var parts []string
	for n != nil {
		switch n.Kind {
		case Name:
			parts = append(parts, n.Text)
			for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
				parts[i], parts[j] = parts[j], parts[i]
			}
			return strings.Join(parts, ".")
		case Member:
			parts = append(parts, n.Text)
			n = n.Of
		default:
			return ""
		}
	}
	return ""
}

// IsCall reports a call of that function or method with so many arguments.
func (n *Node) IsCall(name string, arguments int) bool {
	return n != nil && n.Kind == Call && n.Text == name && len(n.Items) == arguments
}
