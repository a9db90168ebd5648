package migrate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// A field is a value of a document with its path. The Node of one that was not
// written is nil; its place is then the nearest around it.
type field struct {
	*document.Node
	place
}

// root is a document as a field.
func root(file string, n *document.Node) field {
	return field{n, place{}.in(file, n)}
}

func (p place) in(file string, n *document.Node) place {
	p.File, p.Line, p.Column = file, n.Line, n.Column
	return p
}

func (f field) written() bool { return f.Node != nil && f.Kind != document.Null }

// get is a field of a mapping.
func (f field) get(names ...string) field {
	for _, name := range names {
		next := field{place: f.place}
		next.path = joined(f.path, name)
		if f.Node != nil && f.Kind == document.Mapping {
			for _, entry := range f.Fields {
				if entry.Key.Text == name {
					next = f.child(entry.Value, name)
				}
			}
		}
		f = next
	}
	return f
}

// joined adds a name to a path; one that may hold a password is not repeated.
func joined(path, name string) string {
	const most = 80
	if strings.Contains(name, "@") {
		name = "..."
	}
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// child is a value below f; its place is its own.
func (f field) child(n *document.Node, name string) field {
	return field{n, f.at(n, joined(f.path, name))}
}

// items are a list's values; nil for anything else.
func (f field) items() []field {
	if f.Node == nil || f.Kind != document.List {
		return nil
	}
	list := make([]field, len(f.Items))
	for i, item := range f.Items {
		list[i] = field{item, f.at(item, f.path+"["+strconv.Itoa(i)+"]")}
	}
	return list
}

// entries are a mapping's fields in the order written.
func (f field) entries() []entry {
	if f.Node == nil || f.Kind != document.Mapping {
		return nil
	}
	list := make([]entry, len(f.Fields))
	for i, e := range f.Fields {
		value := f.child(e.Value, e.Key.Text)
		list[i] = entry{e.Key.Text, value, f.at(e.Key, value.path)}
	}
	return list
}

// An entry is a key of a mapping with its place, and its value.
type entry struct {
	name  string
	value field
	key   place
}

// text is a scalar's; "" for anything else.
func (f field) text() string {
	if f.Node == nil {
		return ""
	}
	switch f.Kind {
	case document.String, document.Number, document.Bool:
		return f.Text
	}
	return ""
}

// isTrue reports a boolean that is true, however it is spelled.
func (f field) isTrue() bool {
	return f.Node != nil && f.Kind == document.Bool && slices.Contains([]string{"true", "yes", "on", "y"}, strings.ToLower(f.Text))
}

// isFalse reports a boolean that is written out and is not true.
func (f field) isFalse() bool { return f.Node != nil && f.Kind == document.Bool && !f.isTrue() }

// texts are the scalars of a list, or the one where a list may be written so.
func (f field) texts() []string {
	if text := f.text(); text != "" {
		return []string{text}
	}
	var list []string
	for _, item := range f.items() {
		list = append(list, item.text())
	}
	return list
}

// others are the entries of a mapping whose names are none of those.
func (f field) others(known ...string) []entry {
	return slices.DeleteFunc(f.entries(), func(e entry) bool { return slices.Contains(known, e.name) })
}

// named is an object as messages name it: ClusterPolicy x.
func (f field) named() string {
	name := f.get("metadata", "name").text()
	if len(name) > 80 || !objectName.MatchString(name) {
		name = abridged(name)
	}
	return f.get("kind").text() + " " + name
}

// objectName is what an object may be called.
var objectName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// without is a mapping without some of its entries.
func (f field) without(names ...string) *document.Node {
	if f.Node == nil {
		return nil
	}
	rest := *f.Node
	rest.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(e document.Field) bool { return slices.Contains(names, e.Key.Text) })
	return &rest
}

// equal reports nodes that say the same in the same order.
func equal(a, b *document.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, equal) &&
		slices.EqualFunc(a.Fields, b.Fields, func(x, y document.Field) bool { return equal(x.Key, y.Key) && equal(x.Value, y.Value) })
}

// unread finds what keeps a document from being read: a key that is there twice, or
// that is no string; "" for nothing.
func unread(f field) (at place, why string) {
	if f.Node == nil {
		return at, ""
	}
	switch f.Kind {
	case document.List:
		for _, item := range f.items() {
			if at, why := unread(item); why != "" {
				return at, why
			}
		}
	case document.Mapping:
		seen := make(map[string]bool, len(f.Fields))
		for _, e := range f.Fields {
			at := f.at(e.Key, f.path)
			switch {
			case e.Key.Kind == document.Mapping || e.Key.Kind == document.List || e.Key.Kind == document.Alias:
				return at, "a key must be a string"
			case seen[e.Key.Text]:
				return at, show(e.Key.Text) + ": the key is there twice; remove one"
			}
			seen[e.Key.Text] = !e.Key.IsMerge()
			if at, why := unread(f.child(e.Value, e.Key.Text)); why != "" {
				return at, why
			}
		}
	}
	return at, ""
}
