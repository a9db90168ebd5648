package migrate

import (
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/migrate/expression"
)

// mutating reads a MutatingPolicy of Kyverno's, or a MutatingAdmissionPolicy: both
// say in CEL what becomes of an object. It is false where the policy names no image.
func (r *reader) mutating(f field) bool {
	if !celImage.MatchString(celTexts(f.get("spec"))) {
		return false
	}
	w := r.mutatingPart(f)
	if w == nil {
		return true
	}
	byKyverno := f.get("kind").text() != "MutatingAdmissionPolicy"
	if r.rewriter(w) && byKyverno && !emptyList(f.get("spec", "autogen", "podControllers", "controllers")) {
		r.note(f.place, "", "Kyverno may rewrite the templates of workloads too; a MirrorSet rewrites Pods, and a workload keeps what is written in Git")
	}
	return true
}

// mutatingPart is what a policy does to images; nil where nothing of it is carried over.
func (r *reader) mutatingPart(f field) *rewriter {
	policySpec := f.get("spec")
	scope, ok := r.matchConstraints(f, policySpec.get("matchConstraints"))
	variables := r.celVariables(policySpec.get("variables"))
	for _, c := range policySpec.get("matchConditions").items() {
		ok = r.matchCondition(c, &scope) && ok
	}
	for _, e := range policySpec.others("matchConstraints", "matchConditions", "variables", "mutations", "failurePolicy", "reinvocationPolicy", "autogen", "evaluation", "webhookConfiguration") {
		r.leave(e.key, "", "is no field of a policy that is read here")
	}
	ok = r.webhook(policySpec) && ok
	if e := policySpec.get("evaluation", "mutateExisting", "enabled"); e.isTrue() {
		r.leave(e.place, "true", "changes what stands in the cluster already; a MirrorSet changes objects at admission: restart the workloads instead")
	}
	if e := policySpec.get("evaluation", "admission", "enabled"); e.isFalse() {
		r.leave(e.place, "false", "the policy is asked for nothing at admission; there is nothing that a MirrorSet could do in its place")
		ok = false
	}
	if !ok {
		return nil
	}
	w := &rewriter{what: f.named(), at: f.place, scope: scope}
	for _, m := range policySpec.get("mutations").items() {
		w.steps = append(w.steps, r.celMutation(m, variables)...)
	}
	if len(w.steps) == 0 {
		return nil
	}
	r.failurePolicy(f, policySpec, []*rewriter{w}, "Fail")
	return w
}

func emptyList(f field) bool { return f.Node != nil && f.Kind == document.List && len(f.Items) == 0 }

// celImage is a field of an image, or a path that leads to one.
var celImage = regexp.MustCompile(`\bimage\s*:|/image["']`)

// celTexts are the expressions of a policy's mutations, one after the other.
func celTexts(policySpec field) string {
	var b strings.Builder
	for _, m := range policySpec.get("mutations").items() {
		b.WriteString(m.get("applyConfiguration", "expression").text())
		b.WriteString(m.get("jsonPatch", "expression").text())
	}
	return b.String()
}

// matchConstraints reads what a policy is about, as a scope.
func (r *reader) matchConstraints(f, match field) (scope spec.Scope, ok bool) {
	ok = true
	if f.get("kind").text() == "NamespacedMutatingPolicy" {
		namespace := f.get("metadata", "namespace").text()
		if namespace == "" {
			namespace = "default"
		}
		ok = r.selectNamespaces(&scope, []string{namespace}, f.place)
	}
	pods := false
	for _, rule := range match.get("resourceRules").items() {
		resources := rule.get("resources").texts()
		about := slices.ContainsFunc(resources, func(name string) bool {
			name, _, _ = strings.Cut(name, "/")
			return slices.Contains([]string{"pods", "*", "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs"}, name)
		})
		pods = pods || about
		if operations := rule.get("operations").texts(); about && !slices.Contains(operations, "CREATE") && !slices.Contains(operations, "*") {
			r.leave(rule.place, strings.Join(operations, ", "), "is not about the creation of Pods, so that what the policy does is not carried over")
			ok = false
		}
		for _, e := range rule.others("apiGroups", "apiVersions", "operations", "resources", "scope") {
			r.leave(e.key, "", "limits the policy in a way that a MirrorSet has no word for, so that what it does is not carried over")
			ok = false
		}
	}
	if !pods {
		r.leave(match.place, "", "is about no Pod and no workload, so that what the policy does is not carried over")
		return scope, false
	}
	for _, e := range match.others("resourceRules", "namespaceSelector", "objectSelector", "matchPolicy") {
		r.leave(e.key, "", "leaves out in a way that a MirrorSet has no word for; what it leaves out would be rewritten: say it in scope")
	}
	for name, into := range map[string]**spec.Selector{"namespaceSelector": &scope.NamespaceSelector, "objectSelector": &scope.PodSelector} {
		of := match.get(name)
		if len(of.entries()) == 0 {
			continue
		}
		s, why := readSelector(of)
		switch {
		case why != "":
			r.leave(of.place, "", why+", so that what the policy does is not carried over")
			ok = false
		case *into != nil:
			s.MatchExpressions = append(s.MatchExpressions, (*into).MatchExpressions...)
			*into = s
		default:
			*into = s
		}
	}
	return scope, ok
}

// celVariables are a policy's variables. One that is no CEL that is read here is
// absent, so that its use is refused where it stands.
func (r *reader) celVariables(of field) map[string]*expression.Node {
	variables := map[string]*expression.Node{}
	for _, v := range of.items() {
		n, err := expression.ParseCEL(v.get("expression").text())
		if err != nil {
			r.note(v.get("expression").place, v.get("name").text(), err.Error()+"; an engine that takes it for no CEL either refuses the whole policy, which does nothing then")
			continue
		}
		variables[v.get("name").text()] = n
	}
	return variables
}

// matchCondition reads a condition about the namespace, or one that holds for
// every Pod with images.
func (r *reader) matchCondition(c field, scope *spec.Scope) bool {
	text := c.get("expression").text()
	n, err := expression.ParseCEL(text)
	if err == nil && namespaceCondition(n, false, scope) {
		return true
	}
	if err == nil && n.IsCall("has", 1) && strings.HasPrefix(n.Items[0].Path(), "object.spec") {
		return true
	}
	r.leave(c.get("expression").place, text, "is a condition of the policy that is not read here, so that what the policy does is not carried over")
	return false
}

// namespaceCondition reads namespace == 'x', namespace != 'x', namespace in [...]
// and their negations.
func namespaceCondition(n *expression.Node, negated bool, scope *spec.Scope) bool {
	if n.IsCall("!", 1) {
		return namespaceCondition(n.Items[0], !negated, scope)
	}
	if n.IsCall("&&", 2) && !negated {
		return namespaceCondition(n.Items[0], false, scope) && namespaceCondition(n.Items[1], false, scope)
	}
	if n.Kind != expression.Call || len(n.Items) != 2 || !slices.Contains([]string{"==", "!=", "in"}, n.Text) {
		return false
	}
	path := n.Items[0].Path()
	if path != "object.metadata.namespace" && path != "request.namespace" && path != "namespaceObject.metadata.name" {
		return false
	}
	values := []*expression.Node{n.Items[1]}
	if n.Text == "in" {
		values = n.Items[1].Items
	}
	var names []string
	for _, v := range values {
		name, _ := v.Value.(string)
		names = append(names, name)
	}
	if !plainNames(names) {
		return false
	}
	if (n.Text == "!=") != negated {
		scope.ExcludeNamespaces = append(scope.ExcludeNamespaces, names...)
		return true
	}
	if scope.NamespaceSelector == nil {
		scope.NamespaceSelector = &spec.Selector{}
	}
	scope.NamespaceSelector.MatchExpressions = append(scope.NamespaceSelector.MatchExpressions,
		spec.Requirement{Key: spec.NamespaceNameLabel, Operator: "In", Values: slices.Compact(slices.Sorted(slices.Values(names)))})
	return true
}
