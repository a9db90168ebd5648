package migrate

import (
	"slices"

	"mirrorgen.dev/gen/migrate/expression"
)

// mutation reads what a rule does, as steps.
func (r *reader) mutation(rule field) []step {
	mutate := rule.get("mutate")
	context, outer := r.context(rule.get("context"), expression.Context{})
	var steps []step
	if patch := mutate.get("patchStrategicMerge"); patch.written() {
		steps = append(steps, r.overlay(patch, "", context, nil)...)
	}
	if patch := mutate.get("patchesJson6902"); patch.written() {
		steps = append(steps, r.jsonPatch(patch, "", context, nil)...)
	}
	for _, each := range mutate.get("foreach").items() {
		steps = append(steps, r.foreach(each, context, outer)...)
	}
	return steps
}

// foreach reads one entry of a rule's foreach.
func (r *reader) foreach(each field, context expression.Context, outer []expression.Expr) []step {
	written := each.get("list")
	list, filter, err := filteredList(written.text())
	if err != nil {
		r.leave(written.place, written.text(), err.Error())
		return nil
	}
	if nested := each.get("foreach"); nested.written() {
		r.leave(nested.place, "", "a foreach within another is not read here")
		return nil
	}
	context, within := r.context(each.get("context"), context)
	when, ok := r.conditions(each.get("preconditions"), context)
	if !ok {
		return nil
	}
	when = slices.Concat(filter, when)
	for _, e := range each.others("list", "context", "preconditions", "patchStrategicMerge", "patchesJson6902", "order") {
		r.leave(e.key, "", "is not read here")
	}
	var steps []step
	if patch := each.get("patchStrategicMerge"); patch.written() {
		steps = append(steps, r.overlay(patch, list, context, when)...)
	}
	if patch := each.get("patchesJson6902"); patch.written() {
		steps = append(steps, r.jsonPatch(patch, list, context, when)...)
	}
	for i := range steps {
		steps[i].within = slices.Concat(outer, within)
	}
	return steps
}
