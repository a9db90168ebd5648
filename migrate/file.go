package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
)

// maxDocuments bounds how many documents one file may hold.
const maxDocuments = 10_000

// looksLikeTOML is a line that only TOML begins with.
var looksLikeTOML = regexp.MustCompile(`(?m)^(server|version|imports|root)\s*=|^\[+\s*(host|plugins)\b`)

// file reads one input.
func (r *reader) file(f File) {
	at := place{Position: spec.Position{File: f.Name}}
	r.text = f.Data
	switch {
	case len(f.Data) > MaxFile:
		r.refuse(at, fmt.Sprintf("has more than %d bytes, which are not read; split it", MaxFile))
	case path.Ext(f.Name) == ".toml", r.options.From == "" && looksLikeTOML.Match(f.Data):
		if from := r.options.From; from != "" && from != Containerd {
			r.refuse(at, "is TOML, which --from "+from+" does not read")
			return
		}
		r.toml(f)
	case r.options.From == Containerd:
		r.toml(f)
	default:
		r.yaml(f)
	}
}

// yaml reads a stream of objects, or one configuration that is no object.
func (r *reader) yaml(f File) {
	documents := document.NewReader(f.Name, bytes.NewReader(f.Data))
	for n := 0; ; n++ {
		doc, err := documents.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		at := place{Position: spec.Position{File: f.Name}}
		if err != nil {
			r.refuse(at, err.Error())
			return
		}
		at.Line, at.Column = doc.Line, 1
		if n == maxDocuments {
			r.refuse(at, fmt.Sprintf("the file has more than %d documents, which are not read; split it", maxDocuments))
			return
		}
		tree, err := doc.Node()
		var broken *document.Error
		switch {
		case errors.As(err, &broken):
			at.Line = max(broken.Line, 1)
			r.refuse(at, "not YAML: "+broken.Message+templateHint(f.Data))
			continue
		case err != nil:
			r.refuse(at, err.Error())
			continue
		case tree == nil:
			continue
		}
		top := root(f.Name, tree)
		if top.Kind != document.Mapping {
			r.refuse(top.place, "is "+top.Kind.String()+", where a mapping has to stand; what is read here are Kubernetes objects, registries.yaml and hosts.toml")
			continue
		}
		if at, why := unread(top); why != "" {
			r.refuse(at, why)
			continue
		}
		object, err := doc.Object()
		if errors.As(err, &broken) {
			at.Line = max(broken.Line, 1)
			r.refuse(at, broken.Message)
			continue
		}
		r.document(root(f.Name, follow(tree)), object)
	}
}

// templateLine is a line that only a template of Helm's or a shell's begins with.
var templateLine = regexp.MustCompile(`(?m)^[ \t]*(?:-[ \t]+)?(?:\{\{|\$\{)|:[ \t]+(?:\{\{|\$\{)|\{\{-|\{\{ *\.`)

// tabbed is a line that is indented by a tab.
var tabbed = regexp.MustCompile(`(?m)^ *\t`)

// templateHint says what to do about a file that is no YAML, as far as it shows.
func templateHint(data []byte) string {
	switch at := templateLine.FindIndex(data); {
	case at != nil:
		return fmt.Sprintf("; line %d is of a template: give what it renders to, such as the output of helm template, or put a {{ }} of Kyverno's own in quotes", bytes.Count(data[:at[0]], []byte("\n"))+1)
	case tabbed.Match(data):
		return fmt.Sprintf("; YAML is indented by spaces, and line %d by a tab", bytes.Count(data[:tabbed.FindIndex(data)[0]], []byte("\n"))+1)
	}
	return ""
}

// document reads one document of a file, or one item of a list; object is the same
// as values.
func (r *reader) document(f field, object map[string]any) {
	version, kind := f.get("apiVersion").text(), f.get("kind").text()
	isObject := version != "" && kind != ""
	k3s := !isObject && (f.get("mirrors").written() || f.get("configs").written() || f.get(noDefaultEndpoint).written())
	switch from := r.options.From; {
	case isObject && strings.HasSuffix(kind, "List") && f.get("items").Node != nil:
		items, _ := object["items"].([]any)
		for i, item := range f.get("items").items() {
			of, isMapping := items[i].(map[string]any)
			if !isMapping {
				r.refuse(item.place, "is no object")
				continue
			}
			r.document(item, of)
		}
	case isObject && (from == "" || from == Policy || from == OpenShift):
		r.object(f, object, version, kind)
	case k3s && (from == "" || from == K3s):
		r.found++
		r.k3s(f)
	case from != "":
		r.refuse(f.place, "is nothing that --from "+from+" reads")
	default:
		r.passed = append(r.passed, problem(f.place, "is neither a Kubernetes object nor registries.yaml, and is passed over"))
	}
}

// object reads a Kubernetes object.
func (r *reader) object(f field, object map[string]any, version, kind string) {
	group, _, _ := strings.Cut(version, "/")
	from := r.options.From
	var read func(field) bool
	switch {
	case from == OpenShift:
	case group == "kyverno.io" && (kind == "ClusterPolicy" || kind == "Policy"):
		read = r.kyverno
	case group == "policies.kyverno.io" && (kind == "MutatingPolicy" || kind == "NamespacedMutatingPolicy"),
		group == "admissionregistration.k8s.io" && kind == "MutatingAdmissionPolicy":
		read = r.mutating
	case group == "admissionregistration.k8s.io" && kind == "MutatingAdmissionPolicyBinding":
		read = r.binding
	}
	if kind == "PolicyException" && strings.HasSuffix(group, "kyverno.io") && from != OpenShift {
		r.leave(f.place, f.get("metadata", "name").text(), "excepts objects from policies, which a MirrorSet has no word for; what it excepts would be rewritten: say it in scope")
		return
	}
	if read == nil && from != Policy && (group == "config.openshift.io" || group == "operator.openshift.io") {
		switch kind {
		case "ImageDigestMirrorSet", "ImageTagMirrorSet", "ImageContentSourcePolicy":
			read = r.mirrorSet
		}
	}
	if read == nil {
		r.passed = append(r.passed, problem(f.place, abridged(kind)+": is passed over; nothing is read from this kind"))
		return
	}
	if !read(f) {
		r.passed = append(r.passed, problem(f.place, kind+" "+abridged(f.get("metadata", "name").text())+": rewrites no image, and is passed over"))
		return
	}
	r.found++
	if group != "config.openshift.io" && group != "operator.openshift.io" {
		r.keep(f, object, kind)
	}
}

// keep remembers a policy for whoever runs it, without what a cluster wrote on it.
func (r *reader) keep(f field, object map[string]any, kind string) {
	policy := map[string]any{}
	for key, value := range object {
		if key != "status" {
			policy[key] = value
		}
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		kept := map[string]any{}
		for _, key := range []string{"name", "namespace", "labels", "annotations"} {
			if value, there := metadata[key]; there {
				kept[key] = value
			}
		}
		policy["metadata"] = kept
	}
	data, err := document.Marshal(policy)
	if err != nil {
		r.refuse(f.place, err.Error())
		return
	}
	r.policies = append(r.policies, OldPolicy{Kind: kind, Name: f.get("metadata", "name").text(), File: f.File, Data: data})
}
