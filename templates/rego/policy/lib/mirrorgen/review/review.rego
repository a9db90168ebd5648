# METADATA
# title: Review
# description: |
#   Judges one object by one plan. A review has object, oldObject, operation and
#   subResource as in an admission request; without an operation (an audit, a
#   file) the object is judged whole. The source is Original, or Generated for a
#   Pod that stands for a workload's template.
package lib.mirrorgen.review

import data.lib.mirrorgen.plan as plans
import data.lib.mirrorgen.selector
import data.lib.mirrorgen.workload

# METADATA
# description: Whether the object is one that the plan judges; namespaces apart.
in_scope(review, plan, source) if {
	subject := _subject(review, source)
	not _is_exempt(subject, plan)
}

# METADATA
# description: |
#   What is wrong with the object, in the order of its images: reason, warning
#   (it never denies) and message. The plan has to be usable.
findings(review, plan, source) := [finding |
	subject := _subject(review, source)
	not _is_exempt(subject, plan)
	some finding in _found(plan, _places(review, subject), _view(subject, plan))
]

# Nothing but what creates or changes a Pod, or an ephemeral container, is judged.
_is_concerned(review) if {
	object.get(review, "operation", "") in {"", "CREATE", "UPDATE"}
	object.get(review, "subResource", "") in {"", "ephemeralcontainers"}
}

# A static Pod's mirror object is left alone: the node has pulled already.
_subject(review, source) := subject if {
	_is_concerned(review)
	subject := _pod(review.object, source)
	not workload.is_static(subject.pod)
}

_pod(candidate, "Original") := {"pod": candidate, "template": false} if workload.is_pod(candidate)

_pod(candidate, "Original") := {"pod": workload.template(candidate), "template": true}

_pod(candidate, "Generated") := {"pod": candidate, "template": true} if workload.is_pod(candidate)

_is_exempt(subject, plan) if {
	plan.honourPodSelector
	_is_opted_out(subject, plan)
}

_is_opted_out(subject, plan) if {
	is_object(plan.scope.podSelector)
	not selector.matches(plan.scope.podSelector, selector.labels(subject.pod))
}

_view(subject, _) := "admitted" if not subject.template

_view(subject, plan) := "template" if {
	subject.template
	not _is_opted_out(subject, plan)
}

_view(subject, plan) := "opted-out" if {
	subject.template
	_is_opted_out(subject, plan)
}

# A running Pod is judged by what is changed, so that an old one can still take
# a label. A template is judged whole: changing it makes new Pods.
_places(review, subject) := workload.changed(_spec(subject.pod), _spec(review.oldObject)) if _is_change(review, subject)

_places(review, subject) := workload.images(_spec(subject.pod)) if not _is_change(review, subject)

_is_change(review, subject) if {
	not subject.template
	is_object(review.oldObject)
}

_spec(holder) := object.get(holder, "spec", {})

_found(plan, places, view) := [finding |
	some place in places
	finding := _placed(plan, place, view)
] if {
	not _excess(plan, places)
}

_found(plan, places, _) := [_excess(plan, places)]

_placed(plan, place, view) := object.union(finding, {"message": message}) if {
	text := workload.text(place)
	finding := plans.judge(plan, text, view)
	message := concat(": ", [workload.place_name(place), finding.message])
}

_placed(_, place, _) := {"reason": "invalid", "warning": false, "message": message} if {
	not workload.text(place)
	message := concat(": ", [workload.place_name(place), "image is missing or not a string"])
}

# More image references than are judged one by one: an engine's cost limit must
# not be a way past the rewrite.
_excess(plan, places) := {"reason": "excess", "warning": false, "message": message} if {
	references := count(places)
	characters := sum([count(text) |
		some place in places
		text := workload.text(place)
	])
	_is_excess(plan.limits, references, characters)
	message := sprintf(
		concat("", [
			"the object has %d image references of %d characters in all; ",
			"at most %d references of %d characters are allowed",
		]),
		[references, characters, plan.limits.references, plan.limits.characters],
	)
}

_is_excess(limits, references, _) if references > limits.references

_is_excess(limits, _, characters) if characters > limits.characters
