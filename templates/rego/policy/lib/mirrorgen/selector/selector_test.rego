package lib.mirrorgen.selector_test

import data.lib.mirrorgen.selector

_labels := {"a": "1", "b": "2"}

test_what_holds if {
	every held in [
		{},
		{"matchLabels": {"a": "1"}},
		{"matchExpressions": [{"key": "a", "operator": "In", "values": ["0", "1"]}]},
		{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["2"]}]},
		{"matchExpressions": [{"key": "absent", "operator": "NotIn", "values": ["1"]}]},
		{"matchExpressions": [{"key": "a", "operator": "Exists"}]},
		{"matchExpressions": [{"key": "absent", "operator": "DoesNotExist", "values": []}]},
	] {
		selector.matches(held, _labels)
	}
}

test_what_does_not_hold if {
	every failed in [
		{"matchLabels": {"a": "2"}},
		{"matchLabels": {"a": "1", "absent": "1"}},
		{"matchExpressions": [{"key": "a", "operator": "In", "values": ["0"]}]},
		{"matchExpressions": [{"key": "absent", "operator": "In", "values": ["0"]}]},
		{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]},
		{"matchExpressions": [{"key": "absent", "operator": "Exists"}]},
		{"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]},
		{"matchExpressions": [{"key": "a", "operator": "Unknown"}]},
	] {
		not selector.matches(failed, _labels)
	}
}

test_what_is_asked_of_one_label if {
	asked := {
		"matchLabels": {"a": "1", "b": "2"},
		"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "c", "operator": "Exists"}],
	}
	selector.about(asked, "a") == {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}
	selector.about({}, "a") == {"matchLabels": {}, "matchExpressions": []}
}

test_which_label_is_asked_for_alone if {
	selector.asks_alone({}, "a")
	selector.asks_alone({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a")
	not selector.asks_alone({"matchLabels": {"b": "1"}}, "a")
	not selector.asks_alone({"matchExpressions": [{"key": "b", "operator": "Exists"}]}, "a")
}

test_labels_that_are_no_strings_are_left_out if {
	selector.labels({"metadata": {"labels": {"a": "1", "b": 2}}}) == {"a": "1"}
	selector.labels({"metadata": {"labels": ["a"]}}) == {}
	selector.labels({}) == {}
}
