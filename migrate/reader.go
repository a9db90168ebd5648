package migrate

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
)

// A reader gathers what files say.
type reader struct {
	options Options
	rows    []row
	// hosts is how registries are reached, by host[:port].
	hosts map[string]*hostSetting
	// settings are what policies say of themselves.
	settings []setting

	left, notes, passed []spec.Problem
	broken              spec.Problems
	policies            []OldPolicy
	// bindings are those of MutatingAdmissionPolicies.
	bindings  []field
	nodes     []*Node
	openshift *mirrorSets
	// text is the file that is being read.
	text []byte
	// found counts what was read as what it is.
	found int
	// endsAtMirrors says that k3s asks no registry itself.
	endsAtMirrors *place
}

// A place is a field of a file.
type place struct {
	spec.Position
	path string
}

// at is the place of a node below another.
func (p place) at(n *document.Node, path string) place {
	return place{spec.Position{File: p.File, Line: n.Line, Column: n.Column}, path}
}

// less orders places.
func (p place) compare(q place) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), strings.Compare(p.path, q.path))
}

func problem(at place, message string) spec.Problem {
	return spec.Problem{Position: at.Position, Path: at.path, Message: message}
}

// leave names what is not carried over: value is what stands there ("": nothing
// to show), why and what to do follow.
func (r *reader) leave(at place, value, message string) {
	r.left = append(r.left, problem(at, valued(value)+message))
}

func (r *reader) note(at place, value, message string) {
	r.notes = append(r.notes, problem(at, valued(value)+message))
}

func (r *reader) refuse(at place, message string) {
	r.broken = append(r.broken, problem(at, message))
}

func valued(value string) string {
	if value == "" {
		return ""
	}
	return show(value) + ": "
}

// indentOf is how far a line of the file is indented.
func (r *reader) indentOf(line int) int {
	for n, text := 1, r.text; ; n++ {
		of, rest, more := bytes.Cut(text, []byte("\n"))
		if n == line {
			return len(of) - len(bytes.TrimLeft(of, " "))
		}
		if !more {
			return 0
		}
		text = rest
	}
}

// sorted orders problems by place and drops repetitions.
func sorted(problems []spec.Problem) []spec.Problem {
	slices.SortStableFunc(problems, func(a, b spec.Problem) int {
		return cmp.Or(place{a.Position, a.Path}.compare(place{b.Position, b.Path}), strings.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(problems, func(a, b spec.Problem) bool { return a == b })
}

// result puts together what was read.
func (r *reader) result() *Result {
	r.endK3s()
	r.readMirrorSets()
	r.bind()
	text, sets := r.assemble()
	return &Result{
		Text: text, Sets: sets,
		LeftOut: sorted(r.left), Notes: sorted(r.notes), PassedOver: sorted(r.passed),
		Policies: r.policies, Nodes: r.nodes,
	}
}
