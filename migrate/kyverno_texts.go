package migrate

import (
	"fmt"
	"regexp"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/migrate/expression"
)

// imagePath is the path of a JSON Patch that leads to an image.
var imagePath = regexp.MustCompile(`/image["'\s]*$|/(containers|initContainers|ephemeralContainers)/.*/image`)

// context reads a rule's or an entry's context: variables whose value is a text,
// and registry look-ups. Others are known by name, so that their use is refused
// where it stands.
func (r *reader) context(of field, outer expression.Context) (expression.Context, []expression.Expr) {
	in := expression.Context{Variables: map[string]expression.Expr{}, Registry: map[string]expression.Expr{}, Unknown: map[string]string{}}
	for name, x := range outer.Variables {
		in.Variables[name] = x
	}
	for name, x := range outer.Registry {
		in.Registry[name] = x
	}
	for name, why := range outer.Unknown {
		in.Unknown[name] = why
	}
	var exprs []expression.Expr
	for _, e := range of.items() {
		name := e.get("name").text()
		x, kind, err := r.contextEntry(e, in)
		delete(in.Variables, name)
		delete(in.Registry, name)
		delete(in.Unknown, name)
		switch {
		case err != nil:
			in.Unknown[name] = err.Error()
			continue
		case kind == "imageRegistry":
			in.Registry[name] = x
		default:
			in.Variables[name] = x
		}
		exprs = append(exprs, x)
	}
	return in, exprs
}

func (r *reader) contextEntry(e field, in expression.Context) (x expression.Expr, kind string, err error) {
	if lookup := e.get("imageRegistry"); lookup.written() {
		if lookup.get("jmesPath").written() {
			return nil, "", fmt.Errorf("a jmesPath of a registry look-up is not read here")
		}
		x, err = expression.Parse(lookup.get("reference").text(), in)
		return x, "imageRegistry", err
	}
	variable := e.get("variable")
	if !variable.written() {
		return nil, "", fmt.Errorf("comes from the cluster, which is not asked here")
	}
	value := variable.get("value")
	switch {
	case variable.get("jmesPath").written() && value.written():
		return nil, "", fmt.Errorf("a jmesPath over a value is not read here")
	case variable.get("jmesPath").written():
		x, err = expression.Parse("{{"+variable.get("jmesPath").text()+"}}", in)
	case value.Node != nil && value.Kind == document.String:
		x, err = expression.Parse(value.text(), in)
	default:
		err = fmt.Errorf("a value that is no text is not read here")
	}
	return x, "", err
}

// overlay reads a patchStrategicMerge. list is that of the foreach; "": none.
func (r *reader) overlay(patch field, list string, context expression.Context, when []condition) []step {
	var steps []step
	for _, e := range patch.entries() {
		if e.name != "spec" {
			r.leave(e.key, "", "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
		}
	}
	pod := patch.get("spec")
	for _, name := range []string{"template", "jobTemplate"} {
		if inner := pod.get(name); inner.written() {
			pod = inner.get("spec")
		}
	}
	for _, e := range pod.entries() {
		if e.name != "containers" && e.name != "initContainers" && e.name != "ephemeralContainers" && e.name != "template" {
			r.leave(e.key, "", "changes something else than images, and a MirrorSet does not; keep it in a policy of its own"+secretHint(e.name))
			continue
		}
		for _, item := range e.value.items() {
			if s, ok := r.overlayItem(item, e, list, context, when); ok {
				steps = append(steps, s)
			}
		}
	}
	return steps
}

func secretHint(name string) string {
	if name == "imagePullSecrets" {
		return ", or name the Secret in the mirror's pullSecret"
	}
	return ""
}

// overlayItem reads one container of a patchStrategicMerge.
func (r *reader) overlayItem(item field, of entry, list string, context expression.Context, when []condition) (step, bool) {
	each := list
	if list == "" {
		list = of.name
	}
	if of.name != list {
		r.note(of.key, "", "goes over "+list+" but changes "+of.name+", to which it adds a container of that name; "+list+" are meant")
	}
	when = append([]condition(nil), when...)
	var image field
	for _, e := range item.entries() {
		switch e.name {
		case "name", "(name)":
			if !strings.Contains(e.value.text(), "element.name") && e.value.text() != "*" {
				r.leave(e.value.place, e.value.text(), "is about containers of one name, and a MirrorSet is about all; what it does is not carried over")
				return step{}, false
			}
		case "(image)":
			c, ok := anchored(e.value.text())
			if !ok {
				r.leave(e.value.place, e.value.text(), "is a pattern that is not read here, so that what is changed under it is not carried over")
				return step{}, false
			}
			when = append(when, c)
		case "image":
			image = e.value
		default:
			r.leave(e.key, "", "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
		}
	}
	if !image.written() {
		return step{}, false
	}
	s, ok := r.newStep(list, image.text(), image.place, context, when)
	switch {
	case ok && expression.UsesPath(s.image):
		r.note(image.place, image.text(), "@ is the image of the first container, which every other gets too; the MirrorSet rewrites each by itself")
	case ok && each == "":
		r.leave(image.place, image.text(), "without a foreach this gives every container one image; only what depends on the image itself is carried over")
		return step{}, false
	}
	return s, ok
}

// rawTemplate is what Helm would have put something else for.
var rawTemplate = regexp.MustCompile("\\{\\{-?\\s*(?:`|\\$?\\.(?:Values|Release|Chart)\\b|include |tpl |\"\\{\\{\")|\\}\\}`")

// newStep reads the text of an image.
func (r *reader) newStep(list, text string, at place, context expression.Context, when []condition) (step, bool) {
	x, err := expression.Parse(text, context)
	switch {
	case err != nil && rawTemplate.MatchString(text):
		r.leave(at, text, "is a template of Helm's that was not rendered; give the output of helm template")
		return step{}, false
	case err != nil:
		r.leave(at, text, err.Error()+"; what it makes of an image is not carried over: write the mirror by hand")
		return step{}, false
	case !expression.UsesImage(x):
		r.leave(at, text, "is one image for every container, whatever it was; a MirrorSet keeps the repository")
		return step{}, false
	}
	return step{list: list, when: when, image: x, at: at}, true
}

// jsonPatch reads a patchesJson6902, which is YAML in a string.
func (r *reader) jsonPatch(patch field, list string, context expression.Context, when []condition) []step {
	// The text begins on the line below its indicator, or where it stands.
	from := patch.Line
	if patch.Quoted && strings.Contains(patch.text(), "\n") {
		from++
	}
	node, err := document.Document{Name: patch.File, Index: 1, Line: from, Data: []byte(patch.text())}.Node()
	if err != nil || node == nil || node.Kind != document.List {
		r.leave(patch.place, "", "is no list of JSON Patch operations that is read here")
		return nil
	}
	if from > patch.Line {
		shift(node, r.indentOf(from))
	}
	var steps []step
	for _, op := range (field{node, patch.place}).items() {
		path, value := op.get("path"), op.get("value")
		target, ok := patchedList(path.text())
		switch {
		case !ok && imagePath.MatchString(path.text()):
			r.leave(path.place, path.text(), "is one container by its number, and a MirrorSet is about all; what it does is not carried over")
		case !ok:
			r.leave(path.place, path.text(), "changes something else than images, and a MirrorSet does not; keep it in a policy of its own")
		case list == "" || op.get("op").text() == "remove":
			r.leave(path.place, path.text(), "is not read here")
		default:
			if target != list {
				r.note(path.place, "", "goes over "+list+" but changes "+target+"; "+list+" are meant")
			}
			if s, ok := r.newStep(list, value.text(), value.place, context, when); ok {
				steps = append(steps, s)
			}
		}
	}
	return steps
}

// shift moves the columns of a text within a text.
func shift(n *document.Node, by int) {
	n.Column += by
	for _, item := range n.Items {
		shift(item, by)
	}
	for _, f := range n.Fields {
		shift(f.Key, by)
		shift(f.Value, by)
	}
}

var patchPath = regexp.MustCompile(`^/spec/(?:template/spec/|jobTemplate/spec/template/spec/)?(containers|initContainers|ephemeralContainers)/\{\{\s*elementIndex\d*\s*\}\}/image$`)

// patchedList is the list whose image a path leads to, for the element at hand.
func patchedList(path string) (string, bool) {
	found := patchPath.FindStringSubmatch(strings.TrimSpace(path))
	if found == nil {
		return "", false
	}
	return found[1], true
}
