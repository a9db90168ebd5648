# METADATA
# title: Mirrored images
# description: |
#   Judges Pods by the plan in the constraint's parameters. source says what the
#   Pod is: Original as submitted, Generated from a workload's template by an
#   ExpansionTemplate. findings picks what is reported: denials, warnings (what
#   never denies), or all.
package mirroredimages

import data.lib.mirrorgen.plan
import data.lib.mirrorgen.review

# METADATA
# description: What the constraint reports; details.position orders it.
violation contains {"msg": finding.message, "details": {"reason": finding.reason, "position": position}} if {
	some position, finding in _findings
	_is_reported[input.parameters.findings][finding.warning]
}

# Parameters that cannot be used refuse everything that the constraint matches:
# an object is never admitted for want of a plan.
violation contains {"msg": message, "details": {"reason": "parameters", "position": 0}} if {
	not _is_usable
	in_scope
	message := concat("", [
		"the constraint's parameters cannot be used: plan needs set, mirrors, table, scope and limits; ",
		"source is Original or Generated; findings is denials, warnings or all",
	])
}

# METADATA
# description: Whether the object is one that the constraint judges.
default in_scope := false

in_scope if review.in_scope(input.review, input.parameters.plan, input.parameters.source)

in_scope if {
	not _is_usable
	object.get(input.review, "operation", "") in {"", "CREATE", "UPDATE"}
}

_findings := review.findings(input.review, input.parameters.plan, input.parameters.source) if _is_usable

# By what the parameters ask for, and by whether a finding is a warning.
_is_reported := {
	"denials": {false: true},
	"warnings": {true: true},
	"all": {false: true, true: true},
}

_is_usable if {
	plan.usable(input.parameters.plan)
	input.parameters.source in {"Original", "Generated"}
	_is_reported[input.parameters.findings]
}
