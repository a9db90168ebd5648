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
# description: Whether the object is a Pod.
is_pod(object_) if {
	object_.apiVersion == "v1"
	object_.kind == "Pod"
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
#   Whether the object is the API server's picture of a static Pod, which the
#   node runs from a file whatever the API server says.
is_static(object_) if object_.metadata.annotations["kubernetes.io/config.mirror"]

is_static(object_) if object_.metadata.annotations["kubernetes.io/config.mirror"] == false

# METADATA
# description: |
#   The places in a Pod spec that name an image, in the order of the messages:
#   list, index and item, and the object (holder) whose field is the image. What
#   is no list counts as empty.
images(spec) := array.concat(containers(spec), [place |
	is_array(spec.volumes)
	some index, item in spec.volumes
	is_object(item.image)
	place := {"list": "volumes", "index": index, "item": item, "holder": item.image, "field": "reference"}
])

# METADATA
# description: The same for the containers alone, which are all that an UPDATE of a Pod can change.
containers(spec) := [{"list": list, "index": index, "item": item, "holder": item, "field": "image"} |
	some list in ["containers", "initContainers", "ephemeralContainers"]
	is_array(spec[list])
	some index, item in spec[list]
]

# METADATA
# description: The image at a place; undefined where it is absent or no string.
text(place) := image if {
	image := place.holder[place.field]
	is_string(image)
}

# METADATA
# description: |
#   The containers whose image differs from the stored spec's at the same list
#   and index; an index beyond the old list is new.
changed(spec, old) := [place |
	some place in containers(spec)
	not _is_same(place, old)
]

_is_same(place, old) if {
	is_array(old[place.list])
	place.index < count(old[place.list])
	_written(place.item) == _written(old[place.list][place.index])
}

# null and absent are alike.
_written(item) := [image | image := item.image; image != null]

# METADATA
# description: Where an image stands, as messages name it.
place_name(place) := concat("", [_path(place), " ", plan.quote(place.item.name)]) if _is_named(place.item)

place_name(place) := _path(place) if not _is_named(place.item)

_is_named(item) if {
	is_string(item.name)
	item.name != ""
}

_path(place) := sprintf("spec.%s[%d]", [place.list, place.index])
