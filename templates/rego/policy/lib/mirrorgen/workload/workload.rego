# METADATA
# title: Workloads
# description: Finds the Pod template and the images in an object.
package lib.mirrorgen.workload

import data.lib.mirrorgen.plan

_templates := {
	"apps/v1/DaemonSet",
	"apps/v1/Deployment",
	"apps/v1/ReplicaSet",
	"apps/v1/StatefulSet",
	"batch/v1/Job",
	"v1/ReplicationController",
}

# METADATA
# description: The Pod template of a workload; undefined for every other kind.
template(object_) := object_.spec.template if {
	concat("/", [object_.apiVersion, object_.kind]) in _templates
	is_object(object_.spec.template)
}

template(object_) := object_.spec.jobTemplate.spec.template if {
	object_.apiVersion == "batch/v1"
	object_.kind == "CronJob"
	is_object(object_.spec.jobTemplate.spec.template)
}

# METADATA
# description: |
#   The places in a Pod spec that name an image, in the order of the messages:
#   list, index, and the image; null where it is absent. What is no list counts
#   as empty.
images(spec) := array.concat(containers(spec), [["volumes", index, text] |
	is_array(spec.volumes)
	some index, volume in spec.volumes
	is_object(volume.image)
	text := object.get(volume.image, "reference", null)
])

# METADATA
# description: The same for the containers alone, which are all that an UPDATE of a Pod can change.
containers(spec) := [[list, index, text] |
	some list in ["containers", "initContainers", "ephemeralContainers"]
	is_array(spec[list])
	some index, _ in spec[list]
	text := object.get(spec, [list, index, "image"], null)
]

# METADATA
# description: |
#   The containers whose image differs from the stored spec's at the same list
#   and index; an index beyond the old list is new.
changed(spec, old) := [place |
	some place in containers(spec)
	not _is_same(place, old)
]

_is_same([list, index, text], old) if {
	is_array(old[list])
	index < count(old[list])
	text == object.get(old, [list, index, "image"], null)
}

# METADATA
# description: Where an image of the spec stands, as messages name it.
place_name([list, index, _], spec) := concat("", [path, suffix]) if {
	path := sprintf("spec.%s[%d]", [list, index])
	suffix := _quoted(object.get(spec, [list, index, "name"], null))
}

_quoted(name) := concat(" ", ["", plan.quote(name)]) if {
	is_string(name)
	name != ""
}

_quoted("") := ""

_quoted(name) := "" if not is_string(name)
