# METADATA
# title: Label selectors
# description: Matches labels as Kubernetes does.
package lib.mirrorgen.selector

# METADATA
# description: Whether the labels satisfy every label and every expression of the selector.
matches(selector, labels) if {
	every key, value in object.get(selector, "matchLabels", {}) {
		labels[key] == value
	}
	every requirement in object.get(selector, "matchExpressions", []) {
		_holds(requirement, labels)
	}
}

_holds(requirement, labels) if {
	requirement.operator == "In"
	_is_among(requirement, labels)
}

# As in Kubernetes, NotIn holds where the label is absent.
_holds(requirement, labels) if {
	requirement.operator == "NotIn"
	not _is_among(requirement, labels)
}

_holds(requirement, labels) if {
	requirement.operator == "Exists"
	labels[requirement.key]
}

_holds(requirement, labels) if {
	requirement.operator == "DoesNotExist"
	not labels[requirement.key]
}

_is_among(requirement, labels) if labels[requirement.key] in requirement.values

# METADATA
# description: What a selector asks of one label.
about(selector, label) := {
	"matchLabels": object.filter(object.get(selector, "matchLabels", {}), [label]),
	"matchExpressions": [requirement |
		some requirement in object.get(selector, "matchExpressions", [])
		requirement.key == label
	],
}

# METADATA
# description: Whether a selector asks for no label but one.
asks_alone(selector, label) if {
	every key, _ in object.get(selector, "matchLabels", {}) {
		key == label
	}
	every requirement in object.get(selector, "matchExpressions", []) {
		requirement.key == label
	}
}

# METADATA
# description: |
#   The labels in an object's metadata; values that are no strings are left out,
#   as no API server admits them.
labels(object_) := {key: value |
	is_object(object_.metadata.labels)
	some key, value in object_.metadata.labels
	is_string(value)
}
