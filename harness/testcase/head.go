package testcase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
)

// readStream reads every object of a YAML stream. All broken documents are named.
func readStream(name string, r io.Reader) ([]map[string]any, error) {
	objects, _, err := readPlaced(name, r)
	return objects, err
}

// readPlaced is readStream with the place of each object, "file:line".
func readPlaced(name string, r io.Reader) (objects []map[string]any, places []string, err error) {
	reader := document.NewReader(name, r)
	var problems []error
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return objects, places, errors.Join(problems...)
		}
		if err != nil {
			return nil, nil, errors.Join(append(problems, err)...)
		}
		object, err := doc.Object()
		if err != nil {
			problems = append(problems, err)
			continue
		}
		objects = append(objects, object)
		places = append(places, fmt.Sprintf("%s:%d", name, doc.Line))
	}
}

// headFields are the fields of case.yaml, for the error that names them.
var headFields = []string{"namespaceLabels", "operation", "policies", "registry", "skip", "spec", "subresource", "unmatched", "why"}

// readHead reads case.yaml and returns all that is wrong with it.
func (c *Case) readHead() []error {
	name := c.file(caseFile)
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return []error{err}
	}
	heads, err := readStream(name, bytes.NewReader(data))
	if err != nil {
		return []error{err}
	}
	if len(heads) != 1 {
		return []error{fmt.Errorf("%s: holds %d documents; a case has one", name, len(heads))}
	}
	head := fields{file: name, values: heads[0]}

	c.Why = head.text("why")
	if c.Why == "" {
		head.fail("why", "is needed: one sentence that says what the case proves")
	}
	if spec := head.text("spec"); spec != "" {
		c.Spec = head.path("spec", spec, c.Folder)
	}
	for _, policy := range head.list("policies") {
		c.Policies = append(c.Policies, head.path("policies", policy, c.Folder))
	}
	if (c.Spec == "") == (len(c.Policies) == 0) {
		head.fail("spec", "exactly one of spec and policies is needed: the path of a MirrorSet, or of policies")
	}
	switch operation := engine.Operation(head.text("operation")); operation {
	case "":
		c.Operation = engine.Create
	case engine.Create, engine.Update, engine.Delete, engine.Connect, engine.Existing:
		c.Operation = operation
	default:
		head.fail("operation", fmt.Sprintf("%q: must be CREATE, UPDATE, DELETE, CONNECT or EXISTING", operation))
	}
	c.SubResource = head.text("subresource")
	c.NamespaceLabels = head.texts("namespaceLabels")
	c.Skip = head.texts("skip")
	for where, reason := range c.Skip {
		if strings.TrimSpace(reason) == "" {
			head.fail("skip."+where, "needs a reason")
		}
	}
	c.Registry = head.list("registry")
	c.Unmatched = head.truth("unmatched")
	for field := range head.values {
		if at := sort.SearchStrings(headFields, field); at == len(headFields) || headFields[at] != field {
			head.fail(field, "unknown field; the fields are "+strings.Join(headFields, ", "))
		}
	}
	return head.problems
}

// fields reads typed values out of a decoded document and collects what is wrong.
type fields struct {
	file     string
	values   map[string]any
	problems []error
}

func (f *fields) fail(field, message string) {
	f.problems = append(f.problems, fmt.Errorf("%s: %s: %s", f.file, field, message))
}

func (f *fields) text(field string) string {
	switch value := f.values[field].(type) {
	case nil:
		return ""
	case string:
		return value
	}
	f.fail(field, "must be a string")
	return ""
}

func (f *fields) truth(field string) bool {
	switch value := f.values[field].(type) {
	case nil:
		return false
	case bool:
		return value
	}
	f.fail(field, "must be true or false")
	return false
}

func (f *fields) list(field string) []string {
	value := f.values[field]
	if value == nil {
		return nil
	}
	items, ok := value.([]any)
	var out []string
	for _, item := range items {
		text, isText := item.(string)
		ok = ok && isText
		out = append(out, text)
	}
	if !ok {
		f.fail(field, "must be a list of strings")
		return nil
	}
	return out
}

func (f *fields) texts(field string) map[string]string {
	value := f.values[field]
	if value == nil {
		return nil
	}
	items, ok := value.(map[string]any)
	out := make(map[string]string, len(items))
	for key, item := range items {
		text, isText := item.(string)
		ok = ok && isText
		out[key] = text
	}
	if !ok {
		f.fail(field, "must map strings to strings")
		return nil
	}
	return out
}

// path makes a path of the case relative to the working folder.
func (f *fields) path(field, value, folder string) string {
	if path.IsAbs(value) || filepath.IsAbs(value) || strings.Contains(value, `\`) {
		f.fail(field, fmt.Sprintf("%q: must be a path relative to the case, with slashes", value))
		return ""
	}
	return path.Join(folder, value)
}
