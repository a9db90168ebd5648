package lib.mirrorgen.plan_test

import data.lib.mirrorgen.plan

_long := concat("", ["m.example.com/", concat("/", [part | some _ in numbers.range(1, 60); part := "long"])])

_far := concat("/", ["docker.io", concat("", ["a" | some _ in numbers.range(1, 256)])])

_plan := {
	"set": "cn",
	"mirrors": {
		"hub": {"source": "docker.io", "address": "m.example.com/hub"},
		"quay": {"source": "quay.io", "address": "m.example.com", "only": ["acme", "tools/go"]},
		"long": {"source": "long.io", "address": _long},
		"moved": {"source": "old.io", "address": "docker.io"},
	},
	"table": {
		"docker.io": {"to": "m.example.com/hub", "mirror": "hub"},
		"docker.io/library/registry": {},
		"quay.io": {"mirror": "quay"},
		"quay.io/acme": {"to": "m.example.com", "mirror": "quay"},
		"long.io": {"to": _long, "mirror": "long"},
		"old.io": {"to": "docker.io", "mirror": "moved"},
		"old.io/far": {"to": _far, "mirror": "moved"},
	},
	"scope": {},
	"limits": {"references": 500, "characters": 40000},
}

_limited := object.union(_plan, {
	"allowRegistries": ["registry.corp.example"],
	"allowed": {"m.example.com/hub": true, "m.example.com": true, "registry.corp.example": true},
})

test_a_whole_plan_is_usable if plan.usable(_plan)

test_a_part_of_a_plan_is_not if {
	every key in ["set", "mirrors", "table", "scope", "limits"] {
		not plan.usable(object.remove(_plan, [key]))
	}
	not plan.usable(object.union(_plan, {"limits": {"references": 500, "characters": "many"}}))
	not plan.usable({})
}

_message(text, view) := plan.judge(_limited, text, view).message

test_an_image_from_a_source_has_to_be_rewritten if {
	_message("nginx", "admitted") == concat("", [
		`image "nginx" (docker.io/library/nginx:latest) must be `,
		`"m.example.com/hub/library/nginx:latest"`,
	])
	plan.judge(_limited, "quay.io:443/acme/x:1", "admitted").reason == "upstream"
}

test_a_template_may_use_a_source if {
	not plan.judge(_limited, "nginx", "template")
}

test_a_template_that_opted_out_may_not_use_another_registry if {
	plan.judge(_limited, "nginx", "opted-out").reason == "registry"
	not plan.judge(_plan, "nginx", "opted-out")
}

test_what_is_no_reference_is_refused if {
	_message("NGINX", "template") == `image "NGINX" is not a valid reference`
}

test_what_cannot_be_rewritten_is_refused if {
	_message("quay.io/acme", "admitted") == concat("", [
		`image "quay.io/acme" cannot be rewritten to mirror quay: `,
		`nothing would be left but the host "m.example.com"`,
	])
	_message("old.io/x", "admitted") == concat("", [
		`image "old.io/x" cannot be rewritten to mirror moved: `,
		`"docker.io/x" would be read as "docker.io/library/x"`,
	])
	contains(_message("old.io/far", "admitted"), `would be read as "docker.io/library/a`)
	_message("long.io/x", "template") == concat("", [
		`image "long.io/x" cannot be rewritten to mirror long: `,
		"the repository would be longer than 255 characters",
	])
}

test_what_a_mirror_does_not_hold_is_warned_about if {
	finding := plan.judge(_plan, "quay.io/other/x", "admitted")
	finding.warning
	finding.message == `image "quay.io/other/x" is not served by mirror quay (it holds acme, tools/go)`
}

test_what_a_mirror_does_not_hold_is_refused_where_registries_are_limited if {
	finding := plan.judge(_limited, "quay.io/other/x", "admitted")
	finding.reason == "not-held"
	not finding.warning
}

test_another_registry_is_refused_where_registries_are_limited if {
	_message("ghcr.io/a/b", "admitted") == concat("", [
		`image "ghcr.io/a/b" comes from ghcr.io, which is not allowed; `,
		"allowed: m.example.com, m.example.com/hub, registry.corp.example",
	])
	plan.judge(_limited, "registry", "admitted").reason == "registry"
	not plan.judge(_plan, "ghcr.io/a/b", "admitted")
	not plan.judge(_limited, "registry.corp.example/a", "admitted")
}

test_a_list_of_registries_without_its_set_allows_nothing if {
	plan.judge(object.remove(_limited, ["allowed"]), "m.example.com/a", "admitted").reason == "registry"
}

test_the_first_look_passes_what_breaks_no_rule if {
	plan.passes(_limited, "m.example.com/hub/library/nginx:latest")
	plan.passes(_limited, "registry.corp.example/a/b")
	plan.passes(_plan, "ghcr.io/a/b")
}

test_the_first_look_passes_nothing_else if {
	every text in ["ghcr.io/a/b", "quay.io/acme/x", "nginx", "registry.corp.example2/a", "NGINX", null] {
		not plan.passes(_limited, text)
	}
}

test_a_text_stays_on_one_line if {
	plan.quote("a\"b\\c\n\r\td") == `"a\"b\\c\n\r\td"`
}

test_a_long_text_is_not_repeated if {
	plan.show(concat("", [letter | some _ in numbers.range(1, 1001); letter := "é"])) == "of 1001 characters"
}

test_a_control_character_is_not_repeated_but_for_what_is_escaped if {
	plan.show("nginx\u0000") == "of 6 characters"
	plan.show("a\u007f\u009b") == "of 3 characters"
	plan.show("a\tb\r\n") == `"a\tb\r\n"`
}
