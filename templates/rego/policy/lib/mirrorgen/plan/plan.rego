# METADATA
# title: Plan
# description: |
#   Judges one image by a plan. A plan's table maps prefixes of image names to
#   what becomes of the images below them; it is probed with the prefixes of the
#   image's name, so that the cost does not grow with the number of mirrors.
package lib.mirrorgen.plan

import data.lib.mirrorgen.image

# METADATA
# description: Whether the plan has what judging needs.
usable(plan) if {
	is_string(plan.set)
	is_object(plan.mirrors)
	is_object(plan.table)
	is_object(plan.scope)
	count(plan.mirrors) > 0
	count(plan.table) > 0
	is_number(plan.limits.references)
	is_number(plan.limits.characters)
}

# METADATA
# description: |
#   Whether a first look shows that an image breaks no rule: a reference in its
#   usual form that no row covers, from where it may come from. That is what
#   nearly every image is; judge decides the others.
passes(plan, text) if {
	prefixes := _prefixes(image.plain_name(text))
	object.filter(plan.table, prefixes) == {}
	unlimited := object.get(plan, "allowRegistries", []) == []
	allowed := object.filter(object.get(plan, "allowed", {}), prefixes) != {}
	true in [unlimited, allowed]
}

# METADATA
# description: |
#   The rule that an image breaks, as reason, warning (it never denies) and
#   message; undefined where it breaks none. The view is admitted (a Pod after
#   mutation), template (a Pod template whose Pods will be rewritten) or
#   opted-out (one whose Pods the scope's podSelector leaves alone).
judge(_, text, _) := {"reason": "invalid", "warning": false, "message": message} if {
	not image.parse(text)
	message := concat("", ["image ", show(text), " is not a valid reference"])
}

judge(plan, text, view) := finding if {
	reference := image.parse(text)
	finding := _finding(_route(plan, reference, view), plan, text, reference)
}

# METADATA
# description: |
#   The pull secret of the mirror that an image lies on; undefined where it lies
#   on none that needs one, or is no reference.
pull_secret(plan, text) := secret if {
	secrets := [plan.pullSecrets[prefix] | some prefix in _prefixes(image.parse(text).name)]
	secret := secrets[count(secrets) - 1]
}

_finding({"status": "rewritten", "view": "admitted", "image": rewritten}, _, text, reference) := {
	"reason": "upstream",
	"warning": false,
	"message": concat("", [
		"image ", show(text),
		" (", reference.registry, "/", reference.repository, reference.suffix, ") must be \"", rewritten, "\"",
	]),
}

_finding({"status": "unrewritable", "mirror": mirror, "problem": problem}, _, text, _) := {
	"reason": "invalid",
	"warning": false,
	"message": concat("", ["image ", show(text), " cannot be rewritten to mirror ", mirror, ": ", problem]),
}

_finding({"status": "not-held", "mirror": mirror}, plan, text, reference) := {
	"reason": "not-held",
	"warning": _allows(plan, reference.name),
	"message": concat("", [
		"image ", show(text), " is not served by mirror ", mirror,
		" (it holds ", concat(", ", object.get(plan.mirrors, [mirror, "only"], [])), ")",
	]),
}

_finding({"status": "left-alone"}, plan, text, reference) := {
	"reason": "registry",
	"warning": false,
	"message": concat("", [
		"image ", show(text), " comes from ", reference.registry,
		", which is not allowed; allowed: ", concat(", ", object.keys(object.get(plan, "allowed", {}))),
	]),
} if {
	not _allows(plan, reference.name)
}

default _allows(_, _) := false

_allows(plan, _) if object.get(plan, "allowRegistries", []) == []

_allows(plan, name) if {
	some prefix in _prefixes(name)
	plan.allowed[prefix]
}

# What the plan does with an image.
_route(plan, reference, view) := _decision(found, reference, view) if found := _found(plan.table, reference, view)

_route(plan, reference, view) := {"status": "left-alone"} if not _found(plan.table, reference, view)

_found(table, reference, view) := found if {
	view != "opted-out"
	found := _lookup(table, reference.name)
}

# The rewrite leaves an image with the default port alone, as ports are
# significant; the Pod would pull from the source all the same.
_found(table, reference, "admitted") := found if {
	not _lookup(table, reference.name)
	found := _lookup(table, image.portless(reference))
}

_decision(found, _, _) := {"status": "left-alone"} if {
	object.get(found.row, "to", "") == ""
	object.get(found.row, "mirror", "") == ""
}

_decision(found, _, _) := {"status": "not-held", "mirror": found.row.mirror} if {
	object.get(found.row, "to", "") == ""
	found.row.mirror != ""
}

_decision(found, _, _) := {"status": "unrewritable", "mirror": found.row.mirror, "problem": problem} if {
	problem := _problem(_rewritten(found))
}

_decision(found, reference, view) := {"status": "rewritten", "view": view, "image": rewritten} if {
	name := _rewritten(found)
	not _problem(name)
	rewritten := concat("", [name, reference.suffix])
}

_rewritten(found) := concat("", [found.row.to, rest]) if {
	found.row.to != ""
	rest := substring(found.name, count(found.prefix), -1)
}

# Why a rewritten name would not parse back to its own host and path.
_problem(name) := concat("", ["nothing would be left but the host \"", name, "\""]) if not contains(name, "/")

_problem(name) := concat("", ["\"", name, "\" would be read as \"docker.io/library/", repository, "\""]) if {
	[host, repository] := split(name, "/")
	host == "docker.io"
}

_problem(name) := "the repository would be longer than 255 characters" if {
	start := indexof(name, "/") + 1
	start > 0
	count(name) - start > 255
	not _on_hub_root(name)
}

_on_hub_root(name) if {
	startswith(name, "docker.io/")
	count(split(name, "/")) == 2
}

# The row that decides a name: the one at its longest prefix in the table.
_lookup(table, name) := {"row": table[prefix], "prefix": prefix, "name": name} if {
	held := [prefix | some prefix in _prefixes(name); table[prefix]]
	prefix := held[count(held) - 1]
}

# The prefixes of a name that end at a "/" boundary, the shortest first.
_prefixes(name) := [substring(name, 0, end) |
	some end in array.concat(indexof_n(name, "/"), [count(name)])
]

# METADATA
# description: |
#   A text in a message; quoted, or as its length where it is too long to repeat or holds
#   a control character that is not escaped: an API server drops a warning with one.
show(text) := quote(text) if not _unshowable(text)

show(text) := sprintf("of %d characters", [count(text)]) if _unshowable(text)

_unshowable(text) if count(text) > 1000

_unshowable(text) if regex.match(`[^\P{Cc}\n\r\t]`, text)

# METADATA
# description: Text between quotes, on one line.
quote(text) := concat("", ["\"", escaped, "\""]) if {
	escaped := strings.replace_n({"\\": `\\`, "\"": `\"`, "\n": `\n`, "\r": `\r`, "\t": `\t`}, text)
}
