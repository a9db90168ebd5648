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
in_scope(review, plan, source) if not _is_exempt(_pod(review, source), plan)

# METADATA
# description: |
#   What is wrong with the object: reason, warning (it never denies) and message.
#   First the images in their order, then what they need. The plan has to be usable.
findings(review, plan, source) := [finding |
	pod := _pod(review, source)
	not _is_exempt(pod, plan)
	spec := object.get(pod, "spec", {})
	places := _places(review, source, spec)
	some finding in array.concat(_judged(review, plan, source, spec, places), _overfull(review, plan, source))
]

# The Pod that a review is about: itself, or what a workload's template makes.
# Undefined where it is none of a plan's business: what neither creates nor
# changes a Pod, and static Pods, which the node has pulled already.
_pod(review, source) := pod if {
	object.get(review, "operation", "") in {"", "CREATE", "UPDATE"}
	object.get(review, "subResource", "") in {"", "ephemeralcontainers"}
	pod := _submitted(review.object, source)
	not is_string(object.get(pod, ["metadata", "annotations", "kubernetes.io/config.mirror"], null))
}

_submitted(candidate, _) := candidate if {
	candidate.kind == "Pod"
	candidate.apiVersion == "v1"
}

_submitted(candidate, "Original") := workload.template(candidate) if candidate.kind != "Pod"

_is_exempt(pod, plan) if {
	plan.honourPodSelector
	_is_opted_out(pod, plan)
}

_is_opted_out(pod, plan) if {
	is_object(plan.scope.podSelector)
	not selector.matches(plan.scope.podSelector, selector.labels(pod))
}

_is_template(_, "Generated")

_is_template(review, "Original") if review.object.kind != "Pod"

# A running Pod is judged by what is changed, so that an old one can still take
# a label. A template is judged whole: changing it makes new Pods.
_places(review, source, spec) := workload.changed(spec, object.get(review.oldObject, "spec", {})) if {
	is_object(review.oldObject)
	not _is_template(review, source)
} else := workload.images(spec)

# More image references than are judged one by one are refused together: an
# engine's cost limit must not be a way past the rewrite.
_judged(review, plan, source, spec, places) := [{"reason": "excess", "warning": false, "message": message}] if {
	characters := sum([count(text) | some [_, _, text] in places; is_string(text)])
	true in [count(places) > plan.limits.references, characters > plan.limits.characters]
	message := sprintf(
		concat("", [
			"the object has %d image references of %d characters in all; ",
			"at most %d references of %d characters are allowed",
		]),
		[count(places), characters, plan.limits.references, plan.limits.characters],
	)
} else := array.concat(
	[finding |
		some place in places
		not plans.passes(plan, place[2])
		finding := _finding(plan, spec, place, _view(review, plan, source))
	],
	_lacking(review, plan, source, places),
)

# What is new on a stored Pod may need a pull secret that the Pod does not name:
# it cannot be given one any more.
_lacking(review, plan, source, places) := [finding |
	object.get(plan, "pullSecrets", {}) != {}
	_is_stored(review)
	not _is_template(review, source)
	spec := review.object.spec
	some place in places
	secret := plans.pull_secret(plan, place[2])
	not secret in _named(spec)
	finding := {"reason": "no-pull-secret", "warning": true, "message": concat("", [
		workload.place_name(place, spec), ": image ", plans.show(place[2]), " needs pull secret ",
		plans.quote(secret), ", which a stored Pod cannot get; create the Pod anew",
	])}
]

_is_stored(review) if is_object(review.oldObject)

_named(spec) := {name |
	is_array(spec.imagePullSecrets)
	some entry in spec.imagePullSecrets
	name := entry.name
}

# What a serverless platform reads of a new Pod has a limit there.
_limited := {"huawei-cci": ["cci.io/http-registries", "cci.io/insecure-registries"]}

_most := 10

_overfull(review, plan, source) := [finding |
	some platform in object.get(plan, "serverless", [])
	not _is_stored(review)
	not _is_template(review, source)
	some key in _limited[platform]
	value := review.object.metadata.annotations[key]
	is_string(value)
	entries := count(split(value, ","))
	entries > _most
	message := sprintf(
		"metadata.annotations[%s]: lists %d registries; %s takes at most %d",
		[plans.quote(key), entries, platform, _most],
	)
	finding := {"reason": "too-many-registries", "warning": false, "message": message}
]

_view(review, plan, source) := "admitted" if {
	not _is_template(review, source)
} else := "opted-out" if {
	_is_opted_out(_pod(review, source), plan)
} else := "template"

_finding(plan, spec, place, view) := object.union(finding, {"message": message}) if {
	is_string(place[2])
	finding := plans.judge(plan, place[2], view)
	message := concat(": ", [workload.place_name(place, spec), finding.message])
}

_finding(_, spec, place, _) := {"reason": "invalid", "warning": false, "message": message} if {
	not is_string(place[2])
	message := concat(": ", [workload.place_name(place, spec), "image is missing or not a string"])
}
