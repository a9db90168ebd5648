package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/document"
)

// Parse reads a file of one or more MirrorSets. The error is a Problems that
// holds every problem of the file, sorted by place; then no set is returned.
// What is allowed but seldom meant is in each set's Warnings.
//
// Files that a spec names are checked by their spelling alone; ParseFile looks
// at them.
func Parse(name string, data []byte) ([]*MirrorSet, error) {
	sets, problems := parse(name, data)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return sets, nil
}

// FromObject reads one MirrorSet that is no file any more, such as one that
// kustomize built. It is judged as Parse judges a file. No place has a line;
// each has name as its File.
func FromObject(name string, object map[string]any) (*MirrorSet, error) {
	data, err := document.Marshal(object)
	if err != nil {
		return nil, Problems{{Position: Position{File: name}, Message: err.Error()}}
	}
	sets, problems := parse(name, data)
	// Sorted while there are lines: the order of the fields.
	if err := problems.Err(); err != nil {
		for i := range problems {
			problems[i].Position = Position{File: name}
		}
		return nil, problems
	}
	for path := range sets[0].Positions {
		sets[0].Positions[path] = Position{File: name}
	}
	for i := range sets[0].Warnings {
		sets[0].Warnings[i].Position = Position{File: name}
	}
	return sets[0], nil
}

// parse returns the sets even where there are problems, so that more can be
// found; what was refused is empty in them.
func parse(name string, data []byte) ([]*MirrorSet, Problems) {
	if problems := checkBytes(name, data); problems != nil {
		return nil, problems
	}
	var sets []*MirrorSet
	var problems Problems
	detector, found := newDetector(), 0
	reader := document.NewReader(name, bytes.NewReader(data))
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sets, append(problems, Problem{Position: Position{File: name}, Message: err.Error()})
		}
		found++
		d := &decoder{file: name, detector: detector, positions: map[string]Position{}, bad: map[*document.Node]bool{}}
		set := d.document(doc)
		problems = append(problems, d.problems...)
		if set != nil {
			sets = append(sets, set)
		}
	}
	if found == 0 {
		problems = append(problems, Problem{Position: Position{File: name, Line: 1, Column: 1}, Message: "holds no MirrorSet; write one"})
	}
	return sets, append(problems, sameName(sets)...)
}

// checkBytes refuses what is not worth parsing: its one fault would show up as
// many, or as one that misleads.
func checkBytes(name string, data []byte) Problems {
	at := func(line, column int, message string) Problem {
		return Problem{Position: Position{File: name, Line: line, Column: column}, Message: message}
	}
	if len(data) > maxFile {
		return Problems{at(1, 1, fmt.Sprintf("the file has %d bytes; at most %d are read", len(data), maxFile))}
	}
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		return Problems{at(1, 1, "the file begins with a byte order mark; save it as UTF-8 without one")}
	}
	if valid := validPrefix(data); valid < len(data) {
		line := 1 + bytes.Count(data[:valid], []byte("\n"))
		column := 1 + utf8.RuneCount(data[bytes.LastIndexByte(data[:valid], '\n')+1:valid])
		return Problems{at(line, column, "is not UTF-8 here; save the file as UTF-8")}
	}
	var problems Problems
	for i, line := range bytes.Split(data, []byte("\n")) {
		text := bytes.TrimLeft(line, " \t")
		blanks := line[:len(line)-len(text)]
		if tab := bytes.IndexByte(blanks, '\t'); tab >= 0 && len(bytes.TrimSpace(text)) > 0 {
			problems = append(problems, at(i+1, tab+1, "a tab indents this line; YAML takes spaces only"))
		}
	}
	return problems
}

// validPrefix is the number of bytes before the first that is not UTF-8.
func validPrefix(data []byte) int {
	if utf8.Valid(data) {
		return len(data)
	}
	valid := 0
	for {
		r, size := utf8.DecodeRune(data[valid:])
		if r == utf8.RuneError && size <= 1 {
			return valid
		}
		valid += size
	}
}

// document reads one document; nil where it is no MirrorSet.
func (d *decoder) document(doc document.Document) *MirrorSet {
	root, err := doc.Node()
	if err != nil {
		d.broken(doc, err)
		return nil
	}
	if root == nil {
		d.problems = append(d.problems, Problem{Position: Position{File: d.file, Line: doc.Line, Column: 1}, Message: "holds no MirrorSet; write one"})
		return nil
	}
	if !d.isMirrorSet(root) {
		return nil
	}
	d.lint(root, "")
	set := bind(d.value(root, mirrorSet(), ""), d.positions)
	d.validate(set)
	return set
}

func (d *decoder) broken(doc document.Document, err error) {
	var broken *document.Error
	if !errors.As(err, &broken) {
		broken = &document.Error{Line: doc.Line, Message: err.Error()}
	}
	message := "not YAML: " + broken.Message
	if broken.Near {
		message += " (at or near this line)"
	}
	d.problems = append(d.problems, Problem{Position: Position{File: d.file, Line: max(broken.Line, 1), Column: 1}, Message: message})
}

// isMirrorSet reports whether a document means to be a MirrorSet; the rest of
// one that does not would be nothing but unknown fields.
func (d *decoder) isMirrorSet(root *document.Node) bool {
	if root.Kind != document.Mapping {
		d.problem(root, "", "a MirrorSet must be a mapping, not "+root.Kind.String())
		return false
	}
	for _, f := range root.Fields {
		if f.Key.Text != "kind" || f.Value.Kind != document.String {
			continue
		}
		kind := f.Value
		if kind.Text == Kind || nearest(kind.Text, []string{Kind}) != "" {
			return true
		}
		what := "this kind"
		if len(kind.Text) <= maxObjectName && d.detector.looksLike(kind.Text) == "" {
			what = show(kind.Text)
		}
		d.problem(kind, "kind", what+": only "+Kind+" is read here; keep other objects in files of their own")
		return false
	}
	return true
}

// sameName refuses two sets whose generated objects would have the same names.
func sameName(sets []*MirrorSet) Problems {
	var problems Problems
	first := map[string]Position{}
	for _, set := range sets {
		at := set.Position("metadata.name")
		if before, ok := first[set.Name]; ok && set.Name != "" {
			problems = append(problems, Problem{Position: at, Path: "metadata.name",
				Message: fmt.Sprintf("%s: the set on line %d has the same name; name one otherwise", show(set.Name), before.Line)})
		} else {
			first[set.Name] = at
		}
	}
	return problems
}
