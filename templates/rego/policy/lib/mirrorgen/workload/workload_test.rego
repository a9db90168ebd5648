package lib.mirrorgen.workload_test

import data.lib.mirrorgen.workload

test_the_template_of_a_workload if {
	workload.template({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"a": 1}}}) == {"a": 1}
}

test_the_template_of_a_cron_job if {
	workload.template({
		"apiVersion": "batch/v1",
		"kind": "CronJob",
		"spec": {"jobTemplate": {"spec": {"template": {"a": 1}}}},
	}) == {"a": 1}
}

test_another_kind_has_no_template if {
	not workload.template({"apiVersion": "example.com/v1", "kind": "Deployment", "spec": {"template": {}}})
	not workload.template({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}})
}

_spec := {
	"containers": [{"name": "web", "image": "a"}, {"name": "q\"", "image": 7}, {}, null],
	"initContainers": {"image": "b"},
	"ephemeralContainers": [{"name": "", "image": "c"}],
	"volumes": [{"emptyDir": {}}, {"name": "v", "image": {"reference": "d"}}, {"image": {}}, {"image": "e"}],
}

test_images_are_listed_in_order if {
	workload.images(_spec) == [
		["containers", 0, "a"],
		["containers", 1, 7],
		["containers", 2, null],
		["containers", 3, null],
		["ephemeralContainers", 0, "c"],
		["volumes", 1, "d"],
		["volumes", 2, null],
	]
	workload.images({}) == []
	workload.images({"containers": null, "volumes": "x"}) == []
}

test_what_changed_is_told_by_list_and_index if {
	old := {"containers": [{"image": "a"}, {"image": "x"}, {"image": null}], "ephemeralContainers": null}
	workload.changed(_spec, old) == [
		["containers", 1, 7],
		["containers", 3, null],
		["ephemeralContainers", 0, "c"],
	]
}

test_a_place_is_named_as_in_the_object if {
	workload.place_name(["containers", 0, "a"], _spec) == `spec.containers[0] "web"`
	workload.place_name(["containers", 1, 7], _spec) == `spec.containers[1] "q\""`
	workload.place_name(["containers", 2, null], _spec) == "spec.containers[2]"
	workload.place_name(["ephemeralContainers", 0, "c"], _spec) == "spec.ephemeralContainers[0]"
}
