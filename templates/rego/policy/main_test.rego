package main_test

import data.main

_set := {
	"set": "cn",
	"enforcement": "deny",
	"mirrors": {
		"hub": {"source": "docker.io", "address": "m.example.com/hub"},
		"quay": {"source": "quay.io", "address": "m.example.com/quay", "only": ["acme"]},
	},
	"table": {
		"docker.io": {"to": "m.example.com/hub", "mirror": "hub"},
		"quay.io": {"mirror": "quay"},
		"quay.io/acme": {"to": "m.example.com/quay/acme", "mirror": "quay"},
	},
	"scope": {"excludeNamespaces": ["kube-system"]},
	"limits": {"references": 500, "characters": 40000},
}

_selective := object.union(_set, {"scope": {"namespaceSelector": {"matchLabels": {"mirror": "enabled"}}}})

_data(set) := {"sets": {"cn": set}}

_pod(namespace) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "x", "namespace": namespace},
	"spec": {"containers": [{"name": "web", "image": "NGINX"}, {"image": "quay.io/b"}]},
}

_denial := `spec.containers[0] "web": image "NGINX" is not a valid reference`

_warning := `spec.containers[1]: image "quay.io/b" is not served by mirror quay (it holds acme)`

test_a_denial_is_denied_and_a_warning_warned if {
	main.deny == {_denial} with input as _pod("shop") with data.mirrorgen as _data(_set)
	main.warn == {_warning} with input as _pod("shop") with data.mirrorgen as _data(_set)
	main.recorded == set() with input as _pod("shop") with data.mirrorgen as _data(_set)
	main.matched == {"cn"} with input as _pod("shop") with data.mirrorgen as _data(_set)
	main.fired == {"cn"} with input as _pod("shop") with data.mirrorgen as _data(_set)
}

test_warn_denies_nothing if {
	warned := _data(object.union(_set, {"enforcement": "warn"}))
	main.deny == set() with input as _pod("shop") with data.mirrorgen as warned
	main.warnings == [_denial, _warning] with input as _pod("shop") with data.mirrorgen as warned
}

test_dryrun_records if {
	dryrun := _data(object.union(_set, {"enforcement": "dryrun"}))
	main.deny == set() with input as _pod("shop") with data.mirrorgen as dryrun
	main.warn == set() with input as _pod("shop") with data.mirrorgen as dryrun
	main.recorded == {_denial, _warning} with input as _pod("shop") with data.mirrorgen as dryrun
}

test_every_set_is_asked_in_order if {
	main.denials == [_denial, _denial] with input as _pod("shop")
		with data.mirrorgen as {"sets": {"b": object.union(_set, {"set": "b"}), "a": _set}}
}

test_without_a_set_everything_is_refused if {
	every given in [{}, {"sets": {}}, {"sets": null}] {
		count(main.deny) == 1 with input as {"kind": "ConfigMap"} with data.mirrorgen as given
	}
}

test_a_set_that_cannot_be_used_refuses_everything if {
	every broken in [object.remove(_set, ["table"]), object.remove(_set, ["enforcement"])] {
		count(main.deny) == 1 with input as {"kind": "ConfigMap"} with data.mirrorgen as _data(broken)
	}
}

test_an_excluded_namespace_is_left_alone if {
	main.denials == [] with input as _pod("kube-system") with data.mirrorgen as _data(_set)
	main.matched == set() with input as _pod("kube-system") with data.mirrorgen as _data(_set)
}

test_a_namespace_is_selected_by_the_labels_given_as_data if {
	known := object.union(_data(_selective), {"namespaces": {"shop": {"mirror": "enabled"}, "other": {}}})
	main.deny == {_denial} with input as _pod("shop") with data.mirrorgen as known
	main.deny == set() with input as _pod("other") with data.mirrorgen as known
}

test_a_namespace_is_selected_by_the_labels_in_the_request if {
	asked := {"kind": "AdmissionReview", "request": {
		"operation": "CREATE",
		"object": _pod(""),
		"namespace": "shop",
		"namespaceObject": {"metadata": {"labels": {"mirror": "enabled"}}},
	}}
	main.deny == {_denial} with input as asked with data.mirrorgen as _data(_selective)
}

test_the_name_of_a_namespace_is_a_label_of_it if {
	selector := {"matchLabels": {"kubernetes.io/metadata.name": "default"}}
	named := object.union(_set, {"scope": {"namespaceSelector": selector}})
	known := object.union(_data(named), {"namespaces": {"default": {}}})
	main.deny == {_denial} with input as _pod("") with data.mirrorgen as known
}

test_the_name_alone_decides_where_no_other_label_is_asked_for if {
	named := object.union(_set, {"scope": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}})
	main.deny == {_denial} with input as _pod("shop") with data.mirrorgen as _data(named)
	main.deny == set() with input as _pod("web") with data.mirrorgen as _data(named)
}

test_a_name_that_is_not_selected_decides_whatever_other_labels_are if {
	selector := {"matchLabels": {"kubernetes.io/metadata.name": "shop", "mirror": "enabled"}}
	both := object.union(_set, {"scope": {"namespaceSelector": selector}})
	main.deny == set() with input as _pod("web") with data.mirrorgen as _data(both)
	count(main.problems) == 1 with input as _pod("shop") with data.mirrorgen as _data(both)
}

test_unknown_labels_are_no_guess if {
	main.problems == [concat("", [
		`the labels of namespace "shop" are not known, and mirror set cn selects namespaces by label: `,
		"give them in data.mirrorgen.namespaces",
	])] with input as _pod("shop") with data.mirrorgen as _data(_selective)
	count(main.deny) == 1 with input as _pod("shop") with data.mirrorgen as _data(_selective)
}

test_unknown_labels_are_not_asked_for_in_vain if {
	main.deny == set() with input as {"kind": "ConfigMap"} with data.mirrorgen as _data(_selective)
}

test_a_list_is_judged_item_by_item if {
	list := {"apiVersion": "v1", "kind": "List", "items": [_pod("shop"), _pod("kube-system")]}
	main.denials == [_denial] with input as list with data.mirrorgen as _data(_set)
}

test_combined_files_are_judged_document_by_document if {
	files := [{"path": "a", "contents": _pod("shop")}, {"path": "b", "contents": [_pod("shop"), null]}]
	main.denials == [_denial, _denial] with input as files with data.mirrorgen as _data(_set)
}

test_a_deletion_is_not_judged if {
	asked := {"kind": "AdmissionReview", "request": {"operation": "DELETE", "object": null, "oldObject": _pod("shop")}}
	main.deny == set() with input as asked with data.mirrorgen as _data(_set)
}

test_every_list_is_judged_item_by_item if {
	bare := {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "NGINX"}]}}
	typed := object.union(bare, {"apiVersion": "v1", "kind": "Pod"})
	pods := {"apiVersion": "v1", "kind": "PodList", "items": [bare]}
	every list in [
		pods,
		{"apiVersion": "v1", "kind": "PodList", "items": [typed]},
		{"apiVersion": "v1", "kind": "List", "items": [typed]},
		{"apiVersion": "v1", "kind": "List", "items": [pods]},
	] {
		main.denials == [`spec.containers[0] "c": image "NGINX" is not a valid reference`] with input as list
			with data.mirrorgen.sets as {"cn": _set}
	}
}

test_a_list_that_hides_its_items_is_refused if {
	pods := {"apiVersion": "v1", "kind": "PodList", "items": []}
	every list in [
		{"apiVersion": "v1", "kind": "List", "items": {"a": 1}},
		{"apiVersion": "v1", "kind": "List", "items": [7]},
		{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "List", "items": [pods]}]},
	] {
		count(main.denials) == 1 with input as list with data.mirrorgen.sets as {"cn": _set}
		contains(main.denials[0], "cannot be judged") with input as list with data.mirrorgen.sets as {"cn": _set}
	}
}
