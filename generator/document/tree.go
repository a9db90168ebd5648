package document

import (
	"bytes"
	"errors"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A Tree is a document that was read, with the places of its values, so that a
// few of them can be changed without touching the rest of the text.
type Tree struct {
	document Document
	object   map[string]any
	// root is nil for a document that was read as JSON.
	root *yaml.Node
}

// Tree reads the document as Object does.
func (d Document) Tree() (*Tree, error) {
	if object, done, err := d.jsonObject(); done {
		if err != nil {
			return nil, err
		}
		return &Tree{document: d, object: object}, nil
	}
	root, err := d.parse()
	if err != nil {
		return nil, err
	}
	w := walker{aliasNodes: min(MaxAliasNodes, AliasNodesPerByte*len(d.Data))}
	for root != nil && root.Kind == yaml.AliasNode {
		root = root.Alias
	}
	if root == nil || root.Kind != yaml.MappingNode {
		line := 0
		if root != nil {
			line = root.Line
		}
		return nil, d.errorAt(line, "not an object: a mapping with apiVersion and kind must stand here")
	}
	object, err := w.mapping(root, 1)
	if err != nil {
		var problem *walkError
		if errors.As(err, &problem) {
			return nil, d.errorAt(problem.line, "%s", problem.message)
		}
		return nil, err
	}
	return &Tree{document: d, object: object, root: root}, nil
}

// Object is the document decoded; see Document.Object.
func (t *Tree) Object() map[string]any { return t.object }

// An Edit puts another text in the place of a string.
type Edit struct {
	// Path leads to the string: field names and list indexes.
	Path []any
	// Old is the string that stands there, New what replaces it.
	Old, New string
}

// Replace carries the edits out in the document's text: everything else, blanks
// and comments included, stays byte for byte. ok is false where that cannot be
// done safely: in JSON, where a value comes from an alias or a merge, or is
// written with escapes or over several lines, or where the new text would need
// quotes that are not there.
func (t *Tree) Replace(edits []Edit) (text []byte, ok bool) {
	if t.root == nil {
		return nil, false
	}
	type splice struct {
		from, to int
		text     string
	}
	var splices []splice
	lines := lineStarts(t.document.Data)
	for _, edit := range edits {
		node := find(t.root, edit.Path)
		if node == nil || node.Kind != yaml.ScalarNode || node.Value != edit.Old || node.Anchor != "" {
			return nil, false
		}
		from, ok := offset(t.document.Data, lines, node.Line, node.Column)
		if !ok {
			return nil, false
		}
		quote := ""
		switch node.Style {
		case 0:
		case yaml.SingleQuotedStyle:
			quote = "'"
		case yaml.DoubleQuotedStyle:
			quote = `"`
		default:
			return nil, false
		}
		if !plainText(edit.New) || !standsAt(t.document.Data[from:], quote+edit.Old+quote, quote == "") {
			return nil, false
		}
		from += len(quote)
		splices = append(splices, splice{from, from + len(edit.Old), edit.New})
	}
	sort.Slice(splices, func(i, j int) bool { return splices[i].from < splices[j].from })
	at := 0
	for _, s := range splices {
		if s.from < at {
			return nil, false
		}
		text = append(append(text, t.document.Data[at:s.from]...), s.text...)
		at = s.to
	}
	return append(text, t.document.Data[at:]...), true
}

// find follows a path through what is written out; nil where an alias or a merge
// key would have to be followed.
func find(node *yaml.Node, path []any) *yaml.Node {
	for _, step := range path {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			if node.Kind != yaml.MappingNode {
				return nil
			}
			for i := 0; i+1 < len(node.Content); i += 2 {
				if key := node.Content[i]; key.Kind == yaml.ScalarNode && key.Value == step {
					next = node.Content[i+1]
				}
			}
		case int:
			if node.Kind == yaml.SequenceNode && step < len(node.Content) {
				next = node.Content[step]
			}
		}
		if next == nil {
			return nil
		}
		node = next
	}
	return node
}

// lineStarts are the offsets at which lines begin.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset is the byte at a line and a column, both from 1, columns in characters.
// A line break that YAML knows and this does not gives another place, which
// standsAt then refuses.
func offset(data []byte, lines []int, line, column int) (int, bool) {
	if line < 1 || line > len(lines) {
		return 0, false
	}
	at := lines[line-1]
	for ; column > 1 && at < len(data); column-- {
		_, size := utf8.DecodeRune(data[at:])
		at += size
	}
	return at, at < len(data)
}

// standsAt reports whether data begins with the scalar as it is written, and
// whether a plain one ends there.
func standsAt(data []byte, scalar string, plain bool) bool {
	if !bytes.HasPrefix(data, []byte(scalar)) || strings.ContainsAny(strings.Trim(scalar, `'"`), `\'"`) {
		return false
	}
	return !plain || len(data) == len(scalar) || strings.IndexByte(" \t\r\n,]}", data[len(scalar)]) >= 0
}

var plainPattern = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._-]*(:[0-9]+)?/[A-Za-z0-9._/:@-]*[A-Za-z0-9_]$`)

// plainText reports whether a text reads as itself with quotes and without: an
// address with a path, which no reader takes for a number or a boolean.
func plainText(text string) bool { return plainPattern.MatchString(text) }
