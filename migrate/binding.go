package migrate

import (
	"maps"
	"slices"

	"mirrorgen.dev/gen/generator/spec"
)

// binding reads a MutatingAdmissionPolicyBinding, which may limit its policy. What
// it says is put to the policy when all inputs were read.
func (r *reader) binding(f field) bool {
	if params := f.get("spec", "paramRef"); params.written() {
		r.leave(params.place, f.get("spec", "policyName").text(), "gives the policy parameters of the cluster, which is not asked here")
	}
	r.bindings = append(r.bindings, f)
	return true
}

// bind limits what came of each MutatingAdmissionPolicy to what its binding is about.
func (r *reader) bind() {
	for _, f := range r.bindings {
		name := f.get("spec", "policyName").text()
		if !slices.ContainsFunc(r.policies, func(p OldPolicy) bool { return p.Kind == "MutatingAdmissionPolicy" && p.Name == name }) {
			r.passed = append(r.passed, problem(f.place, "binds "+abridged(name)+", which is no policy among the inputs that rewrites images, and is passed over"))
		}
	}
	for _, p := range r.policies {
		if p.Kind != "MutatingAdmissionPolicy" {
			continue
		}
		what := p.Kind + " " + p.Name
		isOf := func(of row) bool { return of.what == what }
		at := slices.IndexFunc(r.rows, isOf)
		if at < 0 {
			continue
		}
		bindings := slices.DeleteFunc(slices.Clone(r.bindings), func(f field) bool { return f.get("spec", "policyName").text() != p.Name })
		if len(bindings) == 0 {
			r.note(r.rows[at].at[0], "", "no binding of "+what+" is among the inputs, and without one it does nothing; give its MutatingAdmissionPolicyBinding too, which may limit it")
			continue
		}
		before := scopeKey(r.rows[at].scope)
		scope, ok := r.boundScope(r.rows[at].scope, bindings)
		if !ok {
			continue
		}
		for i := range r.rows {
			if isOf(r.rows[i]) {
				r.rows[i].scope = scope
			}
		}
		for i := range r.settings {
			if scopeKey(r.settings[i].scope) == before && r.settings[i].what == what {
				r.settings[i].scope = scope
			}
		}
	}
}

// boundScope is a policy's scope with that of its binding. It is false where there
// is none to be told: what the policy does is carried over for all of its own scope.
func (r *reader) boundScope(scope spec.Scope, bindings []field) (spec.Scope, bool) {
	const everywhere = ", and the policy is carried over without this limit: say it in the MirrorSet's scope"
	for _, f := range bindings {
		limits := f.get("spec", "matchResources")
		if len(bindings) > 1 && len(limits.entries()) > 0 {
			r.leave(limits.place, f.get("spec", "policyName").text(), "is one of several bindings of the policy"+everywhere)
			return scope, false
		}
		for _, e := range limits.others("namespaceSelector", "objectSelector", "matchPolicy") {
			r.leave(e.key, "", "limits the policy by its binding in a way that a MirrorSet has no word for"+everywhere)
		}
		for name, into := range map[string]**spec.Selector{"namespaceSelector": &scope.NamespaceSelector, "objectSelector": &scope.PodSelector} {
			of := limits.get(name)
			if len(of.entries()) == 0 {
				continue
			}
			s, why := readSelector(of)
			if why != "" {
				r.leave(of.place, "", why+everywhere)
				continue
			}
			*into = bothSelectors(*into, s)
		}
	}
	return scope, true
}

// bothSelectors selects what two selectors select.
func bothSelectors(a, b *spec.Selector) *spec.Selector {
	if a == nil {
		return b
	}
	all := spec.Selector{MatchLabels: a.MatchLabels, MatchExpressions: slices.Concat(a.MatchExpressions, b.MatchExpressions)}
	for _, key := range slices.Sorted(maps.Keys(b.MatchLabels)) {
		all.MatchExpressions = append(all.MatchExpressions, spec.Requirement{Key: key, Operator: "In", Values: []string{b.MatchLabels[key]}})
	}
	return &all
}
