package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"mirrorgen.dev/gen/generator/document"
)

// maxTOML bounds a file of TOML: no runtime's configuration comes near it.
const maxTOML = 1 << 20

// A placed error is one at a line and a column.
type placed struct {
	line, column int
	message      string
}

func (p *placed) Error() string { return p.message }

// readTOML reads TOML as a tree of nodes with their places, in the order of the
// file. The error is a placed one. A table's Tag is "table" where it has a header
// of its own, as containerd passes over hosts that have none.
func readTOML(data []byte) (*document.Node, error) {
	if len(data) > maxTOML {
		return nil, &placed{1, 1, fmt.Sprintf("has more than %d bytes, which are not read", maxTOML)}
	}
	if !utf8.Valid(data) {
		return nil, &placed{1, 1, "is not UTF-8; save it as UTF-8"}
	}
	var values map[string]any
	if err := toml.Unmarshal(data, &values); err != nil {
		var broken *toml.DecodeError
		if errors.As(err, &broken) {
			line, column := broken.Position()
			return nil, &placed{line, column, "not TOML: " + broken.Error()}
		}
		return nil, &placed{1, 1, "not TOML: " + err.Error()}
	}
	t := tomlTree{data: data, root: &document.Node{Kind: document.Mapping, Line: 1, Column: 1}}
	t.parser.Reset(data)
	t.table = t.root
	for t.parser.NextExpression() {
		e := t.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			t.table = t.open(t.root, e.Key(), e.Kind == unstable.ArrayTable)
			t.table.Tag = "table"
		case unstable.KeyValue:
			t.assign(t.table, e)
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, &placed{1, 1, "not TOML: " + err.Error()}
	}
	return t.root, nil
}

type tomlTree struct {
	data        []byte
	parser      unstable.Parser
	root, table *document.Node
}

// place is a node's line and column, from 1.
func (t *tomlTree) place(n *unstable.Node) (line, column int) {
	at := min(int(n.Raw.Offset), len(t.data))
	before := t.data[:at]
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// open is the table that a dotted key leads to, made where it is not there yet.
func (t *tomlTree) open(in *document.Node, keys unstable.Iterator, array bool) *document.Node {
	for keys.Next() {
		last := array && keys.IsLast()
		next := t.find(in, string(keys.Node().Data))
		if next == nil {
			next = t.add(in, keys.Node(), document.Mapping)
			if last {
				next.Kind = document.List
			}
		}
		if next.Kind == document.List {
			if last || len(next.Items) == 0 {
				line, column := t.place(keys.Node())
				next.Items = append(next.Items, &document.Node{Kind: document.Mapping, Line: line, Column: column})
			}
			next = next.Items[len(next.Items)-1]
		}
		in = next
	}
	return in
}

func (t *tomlTree) find(in *document.Node, name string) *document.Node {
	for _, f := range in.Fields {
		if f.Key.Text == name {
			return f.Value
		}
	}
	return nil
}

func (t *tomlTree) add(in *document.Node, key *unstable.Node, kind document.Kind) *document.Node {
	line, column := t.place(key)
	value := &document.Node{Kind: kind, Line: line, Column: column}
	in.Fields = append(in.Fields, document.Field{
		Key:   &document.Node{Kind: document.String, Text: string(key.Data), Line: line, Column: column},
		Value: value,
	})
	return value
}

// assign reads key = value into a table; the key may be dotted.
func (t *tomlTree) assign(in *document.Node, e *unstable.Node) {
	keys := e.Key()
	for keys.Next() {
		if keys.IsLast() {
			t.value(t.add(in, keys.Node(), document.String), e.Value())
			return
		}
		next := t.find(in, string(keys.Node().Data))
		if next == nil {
			next = t.add(in, keys.Node(), document.Mapping)
		}
		in = next
	}
}

// value fills a node from TOML's value. Its place stays that of its key.
func (t *tomlTree) value(into *document.Node, from *unstable.Node) {
	switch from.Kind {
	case unstable.String:
		into.Kind, into.Text, into.Quoted = document.String, string(from.Data), true
	case unstable.Bool:
		into.Kind, into.Text = document.Bool, string(from.Data)
	case unstable.Integer, unstable.Float:
		into.Kind, into.Text = document.Number, string(from.Data)
	case unstable.Array:
		into.Kind = document.List
		for items := from.Children(); items.Next(); {
			item := &document.Node{Line: into.Line, Column: into.Column}
			t.value(item, items.Node())
			into.Items = append(into.Items, item)
		}
	case unstable.InlineTable:
		into.Kind = document.Mapping
		for items := from.Children(); items.Next(); {
			t.assign(into, items.Node())
		}
	default:
		into.Kind, into.Text = document.String, string(from.Data)
	}
}
