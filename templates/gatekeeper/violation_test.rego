package mirroredimages_test

import data.mirroredimages

_plan := {
	"set": "cn",
	"mirrors": {"quay": {"source": "quay.io", "address": "m.example.com/quay", "only": ["acme"]}},
	"table": {"quay.io": {"mirror": "quay"}, "quay.io/acme": {"to": "m.example.com/quay/acme", "mirror": "quay"}},
	"scope": {},
	"limits": {"references": 500, "characters": 40000},
}

_pod := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "x"},
	"spec": {"containers": [{"image": "quay.io/b"}, {"image": "NGINX"}]},
}

_denial := {
	"msg": `spec.containers[1]: image "NGINX" is not a valid reference`,
	"details": {"reason": "invalid", "position": 1},
}

_warning := {
	"msg": `spec.containers[0]: image "quay.io/b" is not served by mirror quay (it holds acme)`,
	"details": {"reason": "not-held", "position": 0},
}

_input(findings, operation) := {
	"parameters": {"plan": _plan, "source": "Original", "findings": findings},
	"review": {"operation": operation, "object": _pod},
}

test_what_is_reported_is_chosen if {
	mirroredimages.violation == {_denial} with input as _input("denials", "CREATE")
	mirroredimages.violation == {_warning} with input as _input("warnings", "CREATE")
	mirroredimages.violation == {_denial, _warning} with input as _input("all", "CREATE")
	mirroredimages.in_scope with input as _input("all", "CREATE")
}

test_an_audit_has_no_operation if {
	mirroredimages.violation == {_denial} with input as object.remove(_input("denials", ""), ["operation"])
}

test_a_deletion_is_not_judged if {
	mirroredimages.violation == set() with input as _input("denials", "DELETE")
	mirroredimages.in_scope == false with input as _input("denials", "DELETE")
}

test_parameters_that_cannot_be_used_refuse_everything if {
	every parameters in [
		{},
		{"plan": {}, "source": "Original", "findings": "denials"},
		{"plan": _plan, "source": "Other", "findings": "denials"},
		{"plan": _plan, "source": "Original", "findings": "some"},
	] {
		reasons := {violation.details.reason |
			some violation in mirroredimages.violation with input as {"parameters": parameters, "review": {"object": _pod}}
		}
		reasons == {"parameters"}
	}
	count(mirroredimages.violation) == 1 with input as {"review": {"operation": "UPDATE", "object": _pod}}
}

test_parameters_that_cannot_be_used_refuse_no_deletion if {
	mirroredimages.violation == set() with input as {"parameters": {}, "review": {"operation": "DELETE", "object": _pod}}
}
