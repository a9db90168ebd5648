# METADATA
# title: Mirrored images
# description: |
#   Judges Pods, and the Pod templates of workloads, by every mirror set in
#   data.mirrorgen.sets; for conftest, and for OPA itself. The input is an object,
#   a List of objects, an AdmissionReview, or what conftest --combine makes of
#   several files. Where a set selects namespaces by label, the labels come from
#   data.mirrorgen.namespaces[name], or from the AdmissionReview's
#   request.namespaceObject.
package main

import data.lib.mirrorgen.plan as plans
import data.lib.mirrorgen.review
import data.lib.mirrorgen.selector

# METADATA
# description: Why the input is refused.
# entrypoint: true
deny contains message if some message in denials

# METADATA
# description: What is wrong and yet admitted.
# entrypoint: true
warn contains message if some message in warnings

# METADATA
# description: What is wrong by a set that is only recorded (dryrun).
# entrypoint: true
recorded contains message if some message in records

# METADATA
# description: The messages of deny, in order; first why there is no verdict, if there is none.
denials := array.concat(problems, [finding.message |
	some verdict in _verdicts
	verdict.enforcement == "deny"
	some finding in verdict.findings
	not finding.warning
])

# METADATA
# description: The messages of warn, in order.
warnings := [finding.message |
	some verdict in _verdicts
	some finding in verdict.findings
	_is_warning(verdict.enforcement, finding)
]

# METADATA
# description: The messages of recorded, in order.
records := [finding.message |
	some verdict in _verdicts
	verdict.enforcement == "dryrun"
	some finding in verdict.findings
]

# METADATA
# description: Why there is no verdict. Nothing is guessed; what cannot be judged is refused.
problems := array.concat(array.concat(_data_problems, _input_problems), [message |
	some request in _requests
	some name in _usable
	_is_undecided(request, name)
	message := concat("", [
		"the labels of namespace ", plans.quote(request.namespace), " are not known, and mirror set ", name,
		" selects namespaces by label: give them in data.mirrorgen.namespaces",
	])
])

# METADATA
# description: The sets that the input is judged by.
matched contains verdict.set if some verdict in _verdicts

# METADATA
# description: The sets that have something to say of the input.
fired contains verdict.set if {
	some verdict in _verdicts
	verdict.findings != []
}

_is_warning("warn", _)

_is_warning("deny", finding) if finding.warning

default _sets := {}

_sets := data.mirrorgen.sets if is_object(data.mirrorgen.sets)

_names := sort(object.keys(_sets))

_usable := [name |
	some name in _names
	_is_usable(_sets[name])
]

_is_usable(set) if {
	plans.usable(set)
	set.enforcement in {"deny", "warn", "dryrun"}
}

_data_problems := ["there is no mirror set in data.mirrorgen.sets: pass the generated folder rego/data as data"] if {
	_names == []
}

_data_problems := [message |
	some name in _names
	not _is_usable(_sets[name])
	message := concat("", [
		"data.mirrorgen.sets[", plans.quote(name),
		"] cannot be used: it needs set, mirrors, table, limits, and an enforcement of deny, warn or dryrun",
	])
] if {
	_names != []
}

# A list that hides its items from the judge is not passed over.
_input_problems := ["a List has items that cannot be judged: they must be objects, in no list within a list within it" |
	some document in _documents
	_hides(document)
]

_hides(document) if {
	document.kind == "List"
	not is_array(document.items)
}

_hides(document) if {
	_is_list(document)
	some item in document.items
	some leaf in _leaves(item)
	_is_hidden(leaf)
}

_is_hidden(leaf) if not is_object(leaf)

_is_hidden(leaf) if _is_list(leaf)

_verdicts := [verdict |
	some name in _usable
	set := _sets[name]
	some request in _requests
	review.in_scope(request.review, set, "Original")
	_covers(set.scope, request)
	verdict := {
		"set": name,
		"enforcement": set.enforcement,
		"findings": review.findings(request.review, set, "Original"),
	}
]

_is_undecided(request, name) if {
	scope := _sets[name].scope
	_is_selective(scope)
	not request.namespace in _excluded(scope)
	review.in_scope(request.review, _sets[name], "Original")
	not _labels(request)
	not _is_decided_by_name(scope.namespaceSelector, request)
}

_covers(scope, request) if {
	not request.namespace in _excluded(scope)
	_selects(scope, request)
}

_excluded(scope) := object.get(scope, "excludeNamespaces", [])

_selects(scope, _) if not _is_selective(scope)

_selects(scope, request) if selector.matches(scope.namespaceSelector, _labels(request))

_selects(scope, request) if {
	not _labels(request)
	selector.asks_alone(scope.namespaceSelector, _name_label)
	selector.matches(scope.namespaceSelector, {_name_label: request.namespace})
}

_is_selective(scope) if is_object(scope.namespaceSelector)

# Of a namespace whose labels are not known one is, its name: it decides where no other
# is asked for, or where it does not match.
_is_decided_by_name(of, _) if selector.asks_alone(of, _name_label)

_is_decided_by_name(of, request) if {
	not selector.matches(selector.about(of, _name_label), {_name_label: request.namespace})
}

# The label by which an API server tells the name of a namespace.
_name_label := "kubernetes.io/metadata.name"

# The labels of the request's namespace; undefined where they are not known.
_labels(request) := object.union(known, {_name_label: request.namespace}) if {
	known := _known(request)
	is_object(known)
}

_known(request) := selector.labels(request.review.namespaceObject) if request.review.namespaceObject

_known(request) := data.mirrorgen.namespaces[request.namespace] if not request.review.namespaceObject

# What the input asks to be judged.
_requests := [{"review": asked, "namespace": _namespace(asked)} |
	some document in _documents
	some asked in _reviews(document)
]

_documents := [input] if is_object(input)

# conftest --combine: a list of files, each with one document or several.
_documents := [document |
	some file in input
	some document in _contents(file.contents)
] if {
	is_array(input)
}

_contents(contents) := contents if is_array(contents)

_contents(contents) := [contents] if not is_array(contents)

_reviews(document) := [document.request] if document.kind == "AdmissionReview"

# What kubectl submits one by one: the items of a List, of a list of one kind
# (PodList), and of such lists within a List.
_reviews(document) := [{"object": _typed(leaf, holder)} |
	some item in document.items
	some holder in _holders(item, document)
	some leaf in _leaves(item)
] if {
	_is_list(document)
}

_reviews(document) := [{"object": document}] if {
	document.kind != "AdmissionReview"
	not _is_list(document)
}

_is_list(document) if {
	endswith(document.kind, "List")
	is_array(document.items)
}

_leaves(item) := item.items if _is_list(item)

_leaves(item) := [item] if not _is_list(item)

# The list that an item's leaves stand in.
_holders(item, _) := [item] if _is_list(item)

_holders(item, document) := [document] if not _is_list(item)

# The items of a list of one kind may leave out what they are.
_typed(item, holder) := object.union(
	{"apiVersion": holder.apiVersion, "kind": trim_suffix(holder.kind, "List")},
	item,
) if {
	is_object(item)
	holder.kind != "List"
}

_typed(item, holder) := item if holder.kind == "List"

# Where none is written, kubectl submits to default.
_namespace(asked) := array.concat(_written(asked), ["default"])[0]

_written(asked) := array.concat(
	[name | name := asked.object.metadata.namespace; _is_name(name)],
	[name | name := asked.namespace; _is_name(name)],
)

_is_name(value) if {
	is_string(value)
	value != ""
}
