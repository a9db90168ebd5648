package migrate

import "mirrorgen.dev/gen/generator/document"

// follow puts the values that aliases and merge keys stand for in their places, as
// whoever reads the file does. A value keeps the place where it is written out. The
// document was read as an object before, which bounds what aliases may stand for and
// refuses one that holds itself.
func follow(n *document.Node) *document.Node {
	return (&follower{map[string]*document.Node{}}).node(n)
}

type follower struct {
	// anchored are the values by their anchors, the latest of each.
	anchored map[string]*document.Node
}

func (f *follower) node(n *document.Node) *document.Node {
	if n == nil {
		return nil
	}
	if n.Kind == document.Alias {
		if of := f.anchored[n.Text]; of != nil {
			return of
		}
		return n
	}
	for i, item := range n.Items {
		n.Items[i] = f.node(item)
	}
	var merged []document.Field
	fields := n.Fields[:0:0]
	for _, field := range n.Fields {
		isMerge := field.Key.IsMerge()
		field.Value = f.node(field.Value)
		if isMerge {
			merged = append(merged, mergedFields(field.Value)...)
			continue
		}
		fields = append(fields, field)
	}
	// What is written out counts more, and of the others the first.
	for _, field := range merged {
		if !hasKey(fields, field.Key.Text) {
			fields = append(fields, field)
		}
	}
	n.Fields = fields
	if n.Anchor != "" {
		f.anchored[n.Anchor] = n
	}
	return n
}

// mergedFields are those of a mapping, or of a list of mappings.
func mergedFields(n *document.Node) []document.Field {
	fields := n.Fields
	for _, item := range n.Items {
		fields = append(fields[:len(fields):len(fields)], item.Fields...)
	}
	return fields
}

func hasKey(fields []document.Field, name string) bool {
	for _, field := range fields {
		if field.Key.Text == name {
			return true
		}
	}
	return false
}
