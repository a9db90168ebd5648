package document

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Object decodes the document as Kubernetes does, into map[string]any, []any,
// string, bool, int64, float64 and nil.
//
// Plain scalars are read by YAML 1.1, as kubectl reads them (see resolve). Keys
// that are no strings become their JSON text. Merge keys are carried out in the
// order written, as kubectl does. Aliases are followed, within MaxAliasNodes
// and AliasNodesPerByte. A duplicate key is an error, although kubectl takes
// the last one: what was meant cannot be told. A document that begins with "{"
// and is JSON is read as JSON.
//
// The error is an *Error. Nothing makes it panic.
func (d Document) Object() (map[string]any, error) {
	tree, err := d.Tree()
	if err != nil {
		return nil, err
	}
	return tree.object, nil
}

// A walkError is a rule broken at a line of the document's text.
type walkError struct {
	line    int
	message string
}

func (e *walkError) Error() string { return e.message }

func fail(n *yaml.Node, format string, args ...any) error {
	return &walkError{line: n.Line, message: fmt.Sprintf(format, args...)}
}

// A walker turns nodes into values in one pass.
type walker struct {
	// aliasNodes is how many more values may come out of aliases.
	aliasNodes int
	// within are the anchored nodes whose aliases are being followed.
	within []*yaml.Node
}

func (w *walker) value(n *yaml.Node, depth int) (any, error) {
	if len(w.within) > 0 {
		if w.aliasNodes--; w.aliasNodes < 0 {
			return nil, fail(n, "aliases stand for too many values; write the values out")
		}
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return scalar(n)
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		if depth > MaxDepth {
			return nil, fail(n, "nested deeper than %d levels", MaxDepth)
		}
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			value, err := w.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, nil
	case yaml.AliasNode:
		if err := w.enter(n); err != nil {
			return nil, err
		}
		defer w.leave()
		return w.value(n.Alias, depth)
	}
	return nil, fail(n, "not a value")
}

func (w *walker) enter(alias *yaml.Node) error {
	for _, open := range w.within {
		if open == alias.Alias {
			return fail(alias, "an anchor's value contains an alias of itself")
		}
	}
	w.within = append(w.within, alias.Alias)
	return nil
}

func (w *walker) leave() { w.within = w.within[:len(w.within)-1] }

func (w *walker) mapping(n *yaml.Node, depth int) (map[string]any, error) {
	object := make(map[string]any, len(n.Content)/2)
	err := w.fields(n, object, depth)
	return object, err
}

// fields adds a mapping's fields to object.
func (w *walker) fields(n *yaml.Node, object map[string]any, depth int) error {
	if depth > MaxDepth {
		return fail(n, "nested deeper than %d levels", MaxDepth)
	}
	// written tells a duplicate from a key that a merge brought; it is needed
	// only where object is not empty for another reason.
	var written map[string]bool
	if len(object) > 0 {
		written = map[string]bool{}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			if written == nil {
				written = make(map[string]bool, len(object))
				for name := range object {
					written[name] = true
				}
			}
			if err := w.merge(value, object, depth); err != nil {
				return err
			}
			continue
		}
		name, err := w.key(key)
		if err != nil {
			return err
		}
		duplicate := false
		if written != nil {
			duplicate = written[name]
			written[name] = true
		} else {
			_, duplicate = object[name]
		}
		if duplicate {
			return fail(key, "duplicate key %s", quoted(name))
		}
		if object[name], err = w.value(value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// isMerge reports the key that merges another mapping into its own.
func isMerge(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!merge" && n.Value == "<<"
}

// merge adds the fields of a mapping, or of a list of mappings of which the
// earlier ones count more.
func (w *walker) merge(n *yaml.Node, object map[string]any, depth int) error {
	if n.Kind == yaml.SequenceNode {
		for i := len(n.Content) - 1; i >= 0; i-- {
			if err := w.mergeOne(n.Content[i], object, depth); err != nil {
				return err
			}
		}
		return nil
	}
	return w.mergeOne(n, object, depth)
}

func (w *walker) mergeOne(n *yaml.Node, object map[string]any, depth int) error {
	if n.Kind == yaml.AliasNode {
		if err := w.enter(n); err != nil {
			return err
		}
		defer w.leave()
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return fail(n, "a merge key needs a mapping or a list of mappings")
	}
	if len(w.within) > 0 {
		// The mapping itself counts, or merging empty mappings would be free.
		if w.aliasNodes--; w.aliasNodes < 0 {
			return fail(n, "aliases stand for too many values; write the values out")
		}
	}
	return w.fields(n, object, depth+1)
}

// key turns a key into a string as sigs.k8s.io/yaml does.
func (w *walker) key(n *yaml.Node) (string, error) {
	at := n
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", fail(at, "a key must be a string")
	}
	if n.Style == 0 {
		if f, ok := resolve(n.Value).(float64); ok {
			return floatKey(f), nil
		}
	}
	value, err := scalar(n)
	if err != nil {
		return "", err
	}
	switch value := value.(type) {
	case string:
		return value, nil
	case bool:
		return strconv.FormatBool(value), nil
	case int64:
		return strconv.FormatInt(value, 10), nil
	case float64:
		return floatKey(value), nil
	}
	return "", fail(at, "a key must be a string, not null")
}

// floatKey writes a key as sigs.k8s.io/yaml does: with the precision, and so
// within the range, of a float32.
func floatKey(f float64) string {
	switch text := strconv.FormatFloat(f, 'g', -1, 32); text {
	case "NaN":
		return ".nan"
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	default:
		return text
	}
}

// scalar reads one scalar with its quotes and tag.
func scalar(n *yaml.Node) (any, error) {
	const quotes = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&yaml.TaggedStyle != 0 {
		return tagged(n)
	}
	if n.Style&quotes != 0 {
		return n.Value, nil
	}
	value := resolve(n.Value)
	if f, ok := value.(float64); ok {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fail(n, "%s is no number that an object can hold", n.Value)
		}
		return throughJSON(f), nil
	}
	return value, nil
}

// tagged reads a scalar whose type is written before it.
func tagged(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(n.Value)
		if err != nil {
			return nil, fail(n, "a !!binary value must be base64")
		}
		// What is not UTF-8 does not survive JSON.
		return string([]rune(string(data))), nil
	case "!!bool", "!!int", "!!float", "!!null":
	default:
		return n.Value, nil
	}
	value := resolve(n.Value)
	fits := false
	switch value := value.(type) {
	case bool:
		fits = n.Tag == "!!bool"
	case int64:
		fits = n.Tag == "!!int" || n.Tag == "!!float"
	case float64:
		if fits = n.Tag == "!!float" && !math.IsNaN(value) && !math.IsInf(value, 0); fits {
			return throughJSON(value), nil
		}
	case nil:
		fits = n.Tag == "!!null"
	}
	if !fits {
		return nil, fail(n, "the value does not have the type that its tag %s says", n.Tag)
	}
	return value, nil
}
