package migrate

import (
	"maps"
	"slices"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/migrate/expression"
)

// A rewriter is a policy, or the part of one that has a scope of its own: the steps
// in which it changes images, in their order.
type rewriter struct {
	// what is the policy as messages name it, at its place.
	what  string
	at    place
	scope spec.Scope
	steps []step
}

// A step is one thing that a policy does to the images of one list.
type step struct {
	// list is containers, initContainers or ephemeralContainers.
	list string
	// when are conditions that all have to hold.
	when []condition
	// image is what the image becomes.
	image expression.Expr
	// at is where that stands.
	at place
	// within are expressions that the image's goes through, such as the values of a
	// rule's context.
	within []expression.Expr
}

// A condition is one that an image has to meet.
type condition interface {
	holds(e expression.Env) (bool, error)
	// literals are the texts that it compares with.
	literals() []expression.Literal
}

// kyverno reads a ClusterPolicy or a Policy. It is false where the policy rewrites
// no image.
func (r *reader) kyverno(f field) bool {
	if !mutatesImages(f) {
		return false
	}
	carried := false
	for _, part := range r.kyvernoParts(f) {
		carried = r.rewriter(part) || carried
	}
	if carried {
		r.autogen(f)
		r.noteUpdates(f, f.named())
	}
	return true
}

// kyvernoParts are what a policy does to images, a part for each scope.
func (r *reader) kyvernoParts(f field) (parts []*rewriter) {
	policySpec := f.get("spec")
	if a := policySpec.get("admission"); a.isFalse() {
		r.leave(a.place, "false", "the policy is asked for nothing at admission; there is nothing that a MirrorSet could do in its place")
		return nil
	}
	if a := policySpec.get("applyRules"); a.text() == "One" {
		r.leave(a.place, "One", "of several rules the first that applies is the only one; the mirrors of all rules are carried over")
	}
	for _, name := range []string{"mutateExistingOnPolicyUpdate", "generateExisting"} {
		if e := policySpec.get(name); e.isTrue() {
			r.leave(e.place, "true", "changes what stands in the cluster already; a MirrorSet changes objects at admission: restart the workloads instead")
		}
	}
	for _, e := range policySpec.others("rules", "background", "failurePolicy", "webhookConfiguration", "webhookTimeoutSeconds", "validationFailureAction",
		"validationFailureActionOverrides", "schemaValidation", "admission", "applyRules", "mutateExistingOnPolicyUpdate", "generateExisting",
		"generateExistingOnPolicyUpdate", "useServerSideApply", "emitWarning") {
		r.leave(e.key, "", "is no field of a policy that is read here")
	}
	if !r.webhook(policySpec) {
		return nil
	}
	var home []string
	if f.get("kind").text() == "Policy" {
		namespace := f.get("metadata", "namespace")
		home = []string{namespace.text()}
		if namespace.text() == "" {
			home = []string{"default"}
		}
	}
	for _, rule := range policySpec.get("rules").items() {
		r.kyvernoRule(f, rule, f.named(), home, &parts)
	}
	r.failurePolicy(f, policySpec, parts, "Fail")
	return parts
}

// noteUpdates says what a policy does to running Pods, and that it asks registries.
func (r *reader) noteUpdates(f field, what string) {
	updates, asks := false, place{}
	for _, rule := range f.get("spec", "rules").items() {
		blocks := append(rule.get("match", "any").items(), rule.get("match", "all").items()...)
		if len(blocks) == 0 {
			blocks = []field{rule.get("match")}
		}
		for _, block := range blocks {
			operations := block.get("resources", "operations").texts()
			updates = updates || len(operations) == 0 || slices.Contains(operations, "UPDATE")
		}
		for _, of := range append(rule.get("mutate", "foreach").items(), rule) {
			for _, e := range of.get("context").items() {
				if lookup := e.get("imageRegistry"); lookup.written() && asks.Line == 0 {
					asks = lookup.place
				}
			}
		}
	}
	if updates {
		r.note(f.place, "", what+" rewrites the images of a running Pod at any update of it, such as of a label, and its containers are restarted; a MirrorSet changes only what the update itself changes")
	}
	if asks.Line > 0 {
		r.note(asks, "", "asks the registry for every image at admission, and fails where it does not answer; a MirrorSet asks none")
	}
}

// mutatesImages reports whether some mutation of a policy names an image.
func mutatesImages(f field) bool {
	for _, rule := range f.get("spec", "rules").items() {
		if mutate := rule.get("mutate"); mutate.written() && namesImages(mutate.Node) {
			return true
		}
	}
	return false
}

func namesImages(n *document.Node) bool {
	if n == nil {
		return false
	}
	for _, item := range n.Items {
		if namesImages(item) {
			return true
		}
	}
	for _, f := range n.Fields {
		// (image) in brackets is a condition, and changes nothing.
		if f.Key.Text == "image" || f.Key.Text == "+(image)" || namesImages(f.Value) {
			return true
		}
	}
	return n.Kind == document.String && imagePath.MatchString(n.Text)
}

// kyvernoRule reads one rule into the part of its scope.
func (r *reader) kyvernoRule(f, rule field, what string, home []string, parts *[]*rewriter) {
	mutate := rule.get("mutate")
	for _, name := range []string{"validate", "generate", "verifyImages"} {
		if other := rule.get(name); other.written() {
			r.leave(other.place, rule.get("name").text(), "the rule does something else than rewriting, and a MirrorSet does not: keep it in a policy of its own"+allowHint(name))
		}
	}
	if !mutate.written() {
		return
	}
	if !namesImages(mutate.Node) {
		r.leave(mutate.place, rule.get("name").text(), "the rule changes something else than images; keep it in a policy of its own")
		return
	}
	if targets := mutate.get("targets"); targets.written() {
		r.leave(targets.place, "", "changes what stands in the cluster already; a MirrorSet changes objects at admission: restart the workloads instead")
		return
	}
	for _, e := range rule.others("name", "match", "exclude", "preconditions", "context", "mutate", "validate", "generate", "verifyImages", "skipBackgroundRequests", "imageExtractors", "reportProperties") {
		r.leave(e.key, "", "is not read here, so that what the rule does is not carried over")
		return
	}
	scope, ok := r.match(rule, home)
	if !ok {
		return
	}
	when, ok := r.guards(rule, &scope)
	if !ok {
		return
	}
	steps := r.guarded(r.mutation(rule), when)
	if len(steps) == 0 {
		return
	}
	for _, part := range *parts {
		if scopeKey(part.scope) == scopeKey(scope) {
			part.steps = append(part.steps, steps...)
			return
		}
	}
	*parts = append(*parts, &rewriter{what: what, at: f.place, scope: scope, steps: steps})
}

// guarded puts the conditions of a rule before its steps. A step on another list
// than a condition is about is left out.
func (r *reader) guarded(steps []step, when map[string][]condition) []step {
	for _, list := range slices.Sorted(maps.Keys(when)) {
		steps = slices.DeleteFunc(steps, func(s step) bool {
			if s.list != list {
				r.leave(s.at, "", "the rule changes "+s.list+" where the images of "+list+" meet a condition, and a MirrorSet looks at each image by itself; what it does is not carried over")
			}
			return s.list != list
		})
		for i := range steps {
			steps[i].when = slices.Concat(when[list], steps[i].when)
		}
	}
	return steps
}

func allowHint(name string) string {
	if name == "validate" {
		return ", or say with constraint.allowRegistries what may be used"
	}
	return ""
}

// webhook reads conditions under which Kyverno is asked at all; none is read here.
func (r *reader) webhook(policySpec field) bool {
	conditions := policySpec.get("webhookConfiguration", "matchConditions")
	if len(conditions.items()) > 0 {
		r.leave(conditions.place, "", "limits what Kyverno is asked for, which is not read here, so that what the policy does is not carried over")
		return false
	}
	return true
}

// failurePolicy reads what becomes of a Pod while the policy engine is down.
func (r *reader) failurePolicy(f, policySpec field, parts []*rewriter, unset string) {
	at, written := policySpec.get("failurePolicy"), true
	if !at.written() {
		at = policySpec.get("webhookConfiguration", "failurePolicy")
	}
	if !at.written() {
		at, written = f, false
	}
	for _, part := range parts {
		s := setting{at: at.place, what: part.what, scope: part.scope, failure: unset, written: written}
		if written && (at.text() == "Ignore" || at.text() == "Fail") {
			s.failure = at.text()
		}
		r.settings = append(r.settings, s)
	}
}

// autogen says where a policy changed workloads too.
func (r *reader) autogen(f field) {
	name := "pod-policies.kyverno.io/autogen-controllers"
	annotation := f.get("metadata", "annotations").get(name)
	if annotation.text() == "none" {
		return
	}
	at := f.place
	if annotation.written() {
		at = annotation.place
	}
	r.note(at, "", "Kyverno may rewrite the templates of workloads too; a MirrorSet rewrites Pods, and a workload keeps what is written in Git")
}
