package opa

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

type gatekeeperEngine struct{}

// NewGatekeeper makes the engine for ConstraintTemplates with Rego v1, their
// constraints, and ExpansionTemplates, from any YAML stream.
func NewGatekeeper() engine.Engine { return gatekeeperEngine{} }

func (gatekeeperEngine) Name() string { return GatekeeperName }

func (gatekeeperEngine) Close() error { return nil }

const (
	templateGroup   = "templates.gatekeeper.sh"
	constraintGroup = "constraints.gatekeeper.sh"
	expansionGroup  = "expansion.gatekeeper.sh"
	mutationGroup   = "mutations.gatekeeper.sh"
)

// Load compiles the templates and reads the constraints. Objects of other kinds
// are passed over; what Gatekeeper would refuse, or take and never apply, is an error.
func (gatekeeperEngine) Load(ctx context.Context, files []artifact.File) (engine.Session, error) {
	objects, err := readObjects(files)
	if err != nil {
		return nil, err
	}
	session := &gatekeeperSession{}
	templates := map[string]*template{}
	templatesFrom := map[string]loaded{}
	var constraints []loaded
	expansions := map[string]bool{}
	for _, from := range objects {
		group, _ := groupVersion(from.object)
		switch {
		case group == templateGroup && text(from.object, "kind") == "ConstraintTemplate":
			t, err := newTemplate(ctx, from)
			if err != nil {
				return nil, err
			}
			if _, taken := templates[t.kind]; taken {
				return nil, from.errorf("there are two templates of this kind")
			}
			templates[t.kind], templatesFrom[t.kind] = t, from
		case group == constraintGroup:
			constraints = append(constraints, from)
		case group == expansionGroup && text(from.object, "kind") == "ExpansionTemplate":
			e, err := newExpansion(from)
			if err != nil {
				return nil, err
			}
			if expansions[e.name] {
				return nil, from.errorf("there are two of this name")
			}
			expansions[e.name] = true
			session.expansions = append(session.expansions, e)
		case group == mutationGroup:
			return nil, from.errorf("Gatekeeper's mutators are not run here")
		}
	}
	if len(templates) == 0 && len(constraints) == 0 {
		return nil, errors.New("no ConstraintTemplate and no constraint: nothing to judge by is not a pass")
	}
	used := map[string]bool{}
	for _, from := range constraints {
		c, err := newConstraint(from, templates)
		if err != nil {
			return nil, err
		}
		used[c.kind] = true
		session.constraints = append(session.constraints, c)
	}
	for _, kind := range sortedTemplates(templates) {
		if !used[kind] {
			return nil, templatesFrom[kind].errorf("there is no constraint of kind %s, so that it judges nothing", kind)
		}
	}
	sortExpansions(session.expansions)
	return session, session.name()
}

func sortedTemplates(templates map[string]*template) []string {
	kinds := make([]string, 0, len(templates))
	for kind := range templates {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	return kinds
}

type gatekeeperSession struct {
	// constraints are sorted by mirror set and name.
	constraints []*constraint
	expansions  []*expansion
}

// name gives each constraint its rule: the name, with the kind in front where
// constraints of two kinds share it.
func (s *gatekeeperSession) name() error {
	sort.Slice(s.constraints, func(i, j int) bool {
		a, b := s.constraints[i], s.constraints[j]
		if a.set != b.set {
			return a.set < b.set
		}
		if a.name != b.name {
			return a.name < b.name
		}
		return a.kind < b.kind
	})
	count := map[string]int{}
	seen := map[string]bool{}
	for _, c := range s.constraints {
		if seen[c.kind+"/"+c.name] {
			return fmt.Errorf("there are two constraints %s %q, of which a cluster would keep one", c.kind, c.name)
		}
		seen[c.kind+"/"+c.name] = true
		count[c.name]++
	}
	for _, c := range s.constraints {
		if c.rule = c.name; count[c.name] > 1 {
			c.rule = c.kind + "/" + c.name
		}
	}
	return nil
}

func (*gatekeeperSession) Close() error { return nil }

// Rules are the constraints.
func (s *gatekeeperSession) Rules() []string {
	rules := make([]string, len(s.constraints))
	for i, c := range s.constraints {
		rules[i] = c.rule
	}
	sort.Strings(rules)
	return rules
}

// Admit judges the object and what it expands to; constraints change nothing.
func (s *gatekeeperSession) Admit(ctx context.Context, request engine.Request) (engine.Outcome, error) {
	outcome := engine.Outcome{Allowed: true, Object: request.Object}
	if err := request.Validate(); err != nil {
		return engine.Outcome{}, err
	}
	if !request.Runs(engine.Validate) {
		return outcome, nil
	}
	judged := request.Object
	if request.Operation == engine.Delete {
		// Gatekeeper shows a template the stored object as the object of a DELETE.
		judged = request.OldObject
	}
	namespace := namespaceOf(judged)
	candidates := []candidate{{object: judged, old: request.OldObject, source: original}}
	if request.SubResource == "" {
		made, err := expand(s.expansions, judged, namespace, 0)
		if err != nil {
			return engine.Outcome{}, err
		}
		for _, r := range made {
			candidates = append(candidates, candidate{object: r.object, source: generated, enforcement: r.enforcement})
		}
	}
	matched, fired := map[string]bool{}, map[string]bool{}
	for i := range candidates {
		c := &candidates[i]
		c.request, c.subject = request, newSubject(c.object, c.source, namespace)
	}
	for _, constraint := range s.constraints {
		for i := range candidates {
			messages, covered, err := constraint.admit(ctx, &candidates[i])
			if err != nil {
				return engine.Outcome{}, err
			}
			if !covered {
				continue
			}
			matched[constraint.rule] = true
			enforcement := constraint.enforcement
			if candidates[i].enforcement != "" {
				enforcement = candidates[i].enforcement
			}
			for _, message := range messages {
				fired[constraint.rule] = true
				enforce(&outcome, enforcement, message)
			}
		}
	}
	outcome.Matched, outcome.Fired = slices.Sorted(maps.Keys(matched)), slices.Sorted(maps.Keys(fired))
	return outcome, nil
}

// A candidate is an object on its way past the constraints.
type candidate struct {
	request     engine.Request
	object, old map[string]any
	source      string
	// enforcement overrides that of the constraints; empty: it does not.
	enforcement string
	subject     *subject
	// review is made when the first constraint needs it.
	review ast.Value
}

// admit judges a candidate; covered is false where the constraint has nothing
// to do with it.
func (c *constraint) admit(ctx context.Context, candidate *candidate) (messages []string, covered bool, err error) {
	if !c.match.covers(candidate.subject) {
		return nil, false, nil
	}
	selected, known := c.match.selects(candidate.subject, candidate.request.NamespaceLabels)
	if known && !selected {
		return nil, false, nil
	}
	if candidate.review == nil {
		if candidate.review, err = ast.InterfaceToValue(candidate.asReview()); err != nil {
			return nil, false, err
		}
	}
	messages, inScope, err := c.judge(ctx, candidate.review)
	if err != nil || !inScope {
		return nil, false, err
	}
	if !known {
		return nil, false, fmt.Errorf("constraint %s: the labels of namespace %q are unknown and the match has a namespaceSelector; give them in namespaceLabels",
			c.rule, candidate.subject.namespace)
	}
	return messages, true, nil
}

// asReview is what a template reads as input.review: the admission request. An
// object that an expansion made has no old object.
func (c *candidate) asReview() map[string]any {
	group, version := groupVersion(c.object)
	review := map[string]any{
		"kind":      map[string]any{"group": group, "version": version, "kind": text(c.object, "kind")},
		"name":      name(c.object),
		"operation": operation(c.request),
		"object":    object(c.object),
		"oldObject": object(c.old),
		"userInfo":  map[string]any{},
	}
	if c.request.SubResource != "" {
		review["subResource"] = c.request.SubResource
	}
	if c.subject.namespace != "" {
		review["namespace"] = c.subject.namespace
		if c.request.NamespaceLabels != nil {
			review["namespaceObject"] = map[string]any{
				"apiVersion": "v1",
				"kind":       "Namespace",
				"metadata":   map[string]any{"name": c.subject.namespace, "labels": labels(c.request.NamespaceLabels)},
			}
		}
	}
	return review
}

// namespaceOf is the object's namespace. Pods and workloads lie in default
// where none is written; of another kind it is not known whether it lies in any.
func namespaceOf(object map[string]any) string {
	if namespace := text(object, "metadata", "namespace"); namespace != "" {
		return namespace
	}
	if _, _, ok := workload.PodTemplate(object); ok {
		return workload.Namespace(object)
	}
	return ""
}

func newSubject(object map[string]any, source, namespace string) *subject {
	group, _ := groupVersion(object)
	return &subject{
		group:     group,
		kind:      text(object, "kind"),
		name:      name(object),
		generated: text(object, "metadata", "generateName"),
		source:    source,
		namespace: namespace,
		labels:    workload.Labels(object),
	}
}
