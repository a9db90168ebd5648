package main

import (
	"errors"
	"fmt"
	"os"

	"mirrorgen.dev/gen/generator/document"
)

// A provider is one document that says what stands between a Pod and its image.
type provider struct {
	name, nameZh string
	// example is the folder with the provider's example; empty: none.
	example string
	// document is the title of what the statements are taken from.
	document   string
	statements []statement
}

// A statement is one thing that the document says. It is proven by cases and
// tests, or out of reach for a reason.
type statement struct {
	says string
	// generated is what gen makes of it.
	generated, generatedZh string
	cases, tests           []string
	outOfReach             string
	// pipelines are those in which all of the cases passed.
	pipelines []string
}

func readProviders(name string) ([]provider, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	doc, err := document.NewReader(name, file).Next()
	if err != nil {
		return nil, err
	}
	object, err := doc.Object()
	if err != nil {
		return nil, err
	}
	r := reader{name: name}
	var providers []provider
	for i, item := range r.list(object, "providers") {
		at := fmt.Sprintf("providers[%d]", i)
		fields := r.object(item, at, "name", "nameZh", "example", "document", "statements")
		p := provider{name: r.text(fields, at, "name"), nameZh: r.text(fields, at, "nameZh"), document: r.text(fields, at, "document")}
		p.example, _ = fields["example"].(string)
		for j, item := range r.list(fields, "statements") {
			p.statements = append(p.statements, r.statement(item, fmt.Sprintf("%s.statements[%d]", at, j)))
		}
		if len(p.statements) == 0 {
			r.fail(at, "has no statement")
		}
		providers = append(providers, p)
	}
	if len(providers) == 0 {
		r.fail("providers", "is empty")
	}
	return providers, errors.Join(r.problems...)
}

func (r *reader) statement(item any, at string) statement {
	fields := r.object(item, at, "says", "generated", "generatedZh", "cases", "tests", "outOfReach")
	s := statement{says: r.text(fields, at, "says"), cases: r.texts(fields, at, "cases"), tests: r.texts(fields, at, "tests")}
	s.outOfReach, _ = fields["outOfReach"].(string)
	proofs := len(s.cases) + len(s.tests)
	switch {
	case s.outOfReach != "" && proofs > 0:
		r.fail(at, "is proven and out of reach; it is one of the two")
	case s.outOfReach == "" && proofs == 0:
		r.fail(at, "names no case and no test, and no reason why it is out of reach")
	case s.outOfReach == "":
		s.generated, s.generatedZh = r.text(fields, at, "generated"), r.text(fields, at, "generatedZh")
	}
	return s
}

// A reader takes typed values out of a document and keeps what is wrong with it.
type reader struct {
	name     string
	problems []error
}

func (r *reader) fail(at, message string) {
	r.problems = append(r.problems, fmt.Errorf("%s: %s: %s", r.name, at, message))
}

func (r *reader) object(item any, at string, known ...string) map[string]any {
	fields, ok := item.(map[string]any)
	if !ok {
		r.fail(at, "must be an object")
	}
	for field := range fields {
		found := false
		for _, name := range known {
			found = found || name == field
		}
		if !found {
			r.fail(at+"."+field, "unknown field")
		}
	}
	return fields
}

func (r *reader) list(fields map[string]any, field string) []any {
	items, ok := fields[field].([]any)
	if !ok {
		r.fail(field, "must be a list")
	}
	return items
}

func (r *reader) text(fields map[string]any, at, field string) string {
	text, _ := fields[field].(string)
	if text == "" {
		r.fail(at+"."+field, "is needed")
	}
	return text
}

func (r *reader) texts(fields map[string]any, at, field string) []string {
	if fields[field] == nil {
		return nil
	}
	var out []string
	items, ok := fields[field].([]any)
	for _, item := range items {
		text, isText := item.(string)
		ok = ok && isText && text != ""
		out = append(out, text)
	}
	if !ok {
		r.fail(at+"."+field, "must be a list of texts")
	}
	return out
}
