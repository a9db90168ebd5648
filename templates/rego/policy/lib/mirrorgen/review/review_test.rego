package lib.mirrorgen.review_test

import data.lib.mirrorgen.review

_plan := {
	"set": "cn",
	"mirrors": {"hub": {"source": "docker.io", "address": "m.example.com/hub"}},
	"table": {"docker.io": {"to": "m.example.com/hub", "mirror": "hub"}},
	"scope": {"podSelector": {"matchExpressions": [{"key": "opt-out", "operator": "DoesNotExist"}]}},
	"allowRegistries": ["registry.corp.example"],
	"allowed": {"m.example.com/hub": true, "registry.corp.example": true},
	"limits": {"references": 3, "characters": 100},
}

_honouring := object.union(_plan, {"honourPodSelector": true})

_pod(images) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "x"},
	"spec": {"containers": [{"image": image} | some image in images]},
}

_opted_out(object_) := object.union(object_, {"metadata": {"labels": {"opt-out": "yes"}}})

_deployment(pod) := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}}

_messages(asked, plan, source) := [finding.message | some finding in review.findings(asked, plan, source)]

_upstream := concat("", [
	`spec.containers[0]: image "nginx" (docker.io/library/nginx:latest) must be `,
	`"m.example.com/hub/library/nginx:latest"`,
])

test_a_pod_is_judged_image_by_image if {
	_messages({"object": _pod(["nginx", "m.example.com/hub/a", 7])}, _plan, "Original") == [
		_upstream,
		"spec.containers[2]: image is missing or not a string",
	]
}

test_a_pod_without_a_spec_has_nothing_to_judge if {
	review.findings({"object": {"apiVersion": "v1", "kind": "Pod"}}, _plan, "Original") == []
}

test_a_template_is_judged_by_what_its_pods_will_be if {
	_messages({"object": _deployment(_pod(["nginx", "ghcr.io/a"]))}, _plan, "Original") == [concat("", [
		`spec.containers[1]: image "ghcr.io/a" comes from ghcr.io, which is not allowed; `,
		"allowed: m.example.com/hub, registry.corp.example",
	])]
	review.findings({"object": _pod(["nginx"])}, _plan, "Generated") == []
}

test_a_template_that_opted_out_is_judged_as_it_stands if {
	findings := review.findings({"object": _deployment(_opted_out(_pod(["nginx"])))}, _plan, "Original")
	[finding.reason | some finding in findings] == ["registry"]
	generated := review.findings({"object": _opted_out(_pod(["nginx"]))}, _plan, "Generated")
	[finding.reason | some finding in generated] == ["registry"]
}

test_a_pod_that_opted_out_is_judged_all_the_same if {
	_messages({"object": _opted_out(_pod(["nginx"]))}, _plan, "Original") == [_upstream]
}

test_a_pod_that_opted_out_is_exempt_where_that_is_honoured if {
	asked := {"object": _opted_out(_pod(["nginx"]))}
	review.findings(asked, _honouring, "Original") == []
	not review.in_scope(asked, _honouring, "Original")
	review.in_scope({"object": _pod(["nginx"])}, _honouring, "Original")
}

test_only_changed_images_of_a_pod_are_judged if {
	asked := {"operation": "UPDATE", "object": _pod(["nginx", "redis"]), "oldObject": _pod(["nginx", "a"])}
	[finding.reason | some finding in review.findings(asked, _plan, "Original")] == ["upstream"]
	startswith(_messages(asked, _plan, "Original")[0], "spec.containers[1]")
}

test_a_template_is_judged_whole_on_an_update if {
	deployment := _deployment(_pod(["ghcr.io/a"]))
	asked := {"operation": "UPDATE", "object": deployment, "oldObject": deployment}
	count(review.findings(asked, _plan, "Original")) == 1
	pod := _pod(["ghcr.io/a"])
	count(review.findings({"operation": "UPDATE", "object": pod, "oldObject": pod}, _plan, "Generated")) == 1
}

test_what_changes_no_pod_is_not_judged if {
	every asked in [
		{"operation": "DELETE", "object": _pod(["nginx"])},
		{"operation": "CONNECT", "object": _pod(["nginx"])},
		{"operation": "UPDATE", "subResource": "status", "object": _pod(["nginx"])},
		{"object": object.union(_pod(["nginx"]), {"metadata": {"annotations": {"kubernetes.io/config.mirror": ""}}})},
		{"object": {"apiVersion": "v1", "kind": "ConfigMap"}},
		{"object": null},
	] {
		review.findings(asked, _plan, "Original") == []
		not review.in_scope(asked, _plan, "Original")
	}
}

test_ephemeral_containers_are_judged if {
	review.in_scope({"operation": "UPDATE", "subResource": "ephemeralcontainers", "object": _pod([])}, _plan, "Original")
}

test_too_many_references_are_refused_in_one_message if {
	_messages({"object": _pod(["a", "b", "c", "d"])}, _plan, "Original") == [concat("", [
		"the object has 4 image references of 4 characters in all; ",
		"at most 3 references of 100 characters are allowed",
	])]
}

test_too_long_references_are_refused_in_one_message if {
	long := concat("", ["é" | some _ in numbers.range(1, 101)])
	_messages({"object": _pod([long])}, _plan, "Original") == [concat("", [
		"the object has 1 image references of 101 characters in all; ",
		"at most 3 references of 100 characters are allowed",
	])]
}

_needy := object.union(_plan, {
	"pullSecrets": {"m.example.com/hub": "mirrorgen-cn-hub", "m.example.com/hub/deep": "mirrorgen-cn-deep"},
	"serverless": ["alibaba-eci", "huawei-cci"],
})

_with_secrets(object_, secrets) := object.union(object_, {"spec": {"imagePullSecrets": secrets}})

_stored(images) := {"operation": "UPDATE", "object": _pod(images), "oldObject": _pod(["m.example.com/hub/old"])}

_lacks(name, secret) := concat("", [
	`spec.containers[0]: image "`, name, `" needs pull secret "`, secret,
	`", which a stored Pod cannot get; create the Pod anew`,
])

test_a_new_image_on_a_stored_pod_lacks_its_pull_secret if {
	findings := review.findings(_stored(["m.example.com/hub/new"]), _needy, "Original")
	findings == [{
		"reason": "no-pull-secret", "warning": true,
		"message": _lacks("m.example.com/hub/new", "mirrorgen-cn-hub"),
	}]
}

test_the_longest_address_decides_the_pull_secret if {
	asked := _stored(["M.example.com/hub/deep/er:1"])
	_messages(asked, _needy, "Original") == [_lacks("M.example.com/hub/deep/er:1", "mirrorgen-cn-deep")]
}

test_a_stored_pod_that_names_the_secret_lacks_nothing if {
	pod := _with_secrets(_pod(["m.example.com/hub/new"]), [{"name": "mine"}, {"name": "mirrorgen-cn-hub"}])
	asked := {"operation": "UPDATE", "object": pod, "oldObject": _pod(["m.example.com/hub/old"])}
	_messages(asked, _needy, "Original") == []
}

test_secrets_that_are_no_list_name_nothing if {
	pod := _with_secrets(_pod(["m.example.com/hub/new"]), "mirrorgen-cn-hub")
	asked := {"operation": "UPDATE", "object": pod, "oldObject": _pod(["m.example.com/hub/old"])}
	count(_messages(asked, _needy, "Original")) == 1
}

test_a_new_pod_gets_its_secret_and_is_not_warned_of if {
	_messages({"object": _pod(["m.example.com/hub/new"])}, _needy, "Original") == []
}

test_an_image_elsewhere_or_unchanged_needs_no_secret if {
	_messages(_stored(["registry.corp.example/x"]), _needy, "Original") == []
	_messages(_stored(["m.example.com/hub/old"]), _needy, "Original") == []
}

_annotated(key, entries) := object.union(_pod(["m.example.com/hub/a"]), {"metadata": {"annotations": {key: concat(
	",",
	[sprintf("r%d.example", [n]) | some n in numbers.range(1, entries)],
)}}})

test_a_platform_takes_only_so_many_registries if {
	review.findings({"object": _annotated("cci.io/http-registries", 11)}, _needy, "Original") == [{
		"reason": "too-many-registries", "warning": false,
		"message": `metadata.annotations["cci.io/http-registries"]: lists 11 registries; huawei-cci takes at most 10`,
	}]
	review.findings({"object": _annotated("cci.io/insecure-registries", 10)}, _needy, "Original") == []
	review.findings({"object": _annotated("k8s.aliyun.com/insecure-registry", 11)}, _needy, "Original") == []
	review.findings({"object": _annotated("cci.io/http-registries", 11)}, _plan, "Original") == []
}

test_the_annotations_of_a_stored_pod_are_not_judged if {
	pod := _annotated("cci.io/http-registries", 11)
	review.findings({"operation": "UPDATE", "object": pod, "oldObject": pod}, _needy, "Original") == []
}
