package spec

import (
	"fmt"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// lint reports what is refused at any place, whatever field it stands in:
// aliases, anchors, tags, merge keys, duplicate keys, long strings and
// credentials. The nodes that it reports are not judged again.
func (d *decoder) lint(n *document.Node, path string) {
	if n.Anchor != "" {
		d.problem(n, path, "a YAML anchor has no place here; write the value out where it is used")
	}
	if n.Tag != "" {
		d.problem(n, path, "a YAML tag has no place here; drop it")
		d.bad[n] = true
	}
	switch n.Kind {
	case document.Alias:
		d.problem(n, path, "a YAML alias has no place here; write the value out")
		d.bad[n] = true
	case document.List:
		for i, item := range n.Items {
			d.lint(item, index(path, i))
		}
	case document.Mapping:
		d.lintFields(n, path)
	case document.String, document.Bool, document.Number:
		d.lintText(n, path)
	}
}

func (d *decoder) lintFields(n *document.Node, path string) {
	first := make(map[string]*document.Node, len(n.Fields))
	for _, f := range n.Fields {
		if f.Key.IsMerge() {
			d.problem(f.Key, path, "a YAML merge key has no place here; write the fields out")
			d.bad[f.Key] = true
			continue
		}
		d.lint(f.Key, path)
		if f.Key.Kind == document.Mapping || f.Key.Kind == document.List || f.Key.Kind == document.Null {
			d.problem(f.Key, path, "a key must be a string, not "+f.Key.Kind.String())
			d.bad[f.Key] = true
		}
		if d.bad[f.Key] {
			continue
		}
		below := join(path, f.Key.Text)
		if before, ok := first[f.Key.Text]; ok {
			d.problem(f.Key, below, fmt.Sprintf("duplicate key, already on line %d; remove one", before.Line))
			d.bad[f.Key] = true
		} else {
			first[f.Key.Text] = f.Key
		}
		d.lint(f.Value, below)
	}
}

func (d *decoder) lintText(n *document.Node, path string) {
	if what := d.detector.looksLike(n.Text); what != "" {
		d.problem(n, path, "looks like "+what+", which is not repeated here; a credential has no place in a spec, name a Secret in pullSecret")
		d.bad[n] = true
		return
	}
	if len(n.Text) > maxString {
		d.problem(n, path, fmt.Sprintf("is %d characters long; at most %d are read", len(n.Text), maxString))
		d.bad[n] = true
	}
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// join adds a key to a path; a key that is no plain word is left out, as its
// place says enough.
func join(path, key string) string {
	if len(key) > 128 || strings.Trim(key, ".") == "" {
		return path
	}
	for _, r := range key {
		if !isNameByte(r) && r != '/' {
			return path
		}
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
