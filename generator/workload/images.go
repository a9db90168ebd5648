package workload

import (
	"reflect"
	"strconv"

	"mirrorgen.dev/gen/generator/mirror"
)

// containerLists are the lists of a Pod spec whose items have an image, in the
// order in which messages name them.
var containerLists = []string{"containers", "initContainers", "ephemeralContainers"}

// An Image is one place in a Pod spec that names an image.
type Image struct {
	// List is containers, initContainers, ephemeralContainers or volumes.
	List  string
	Index int
	// Name is the item's name; empty where it is absent or no string.
	Name string
	// Text is the reference as written; meaningless where Present is false.
	Text string
	// Present is false where the image is absent or no string.
	Present bool

	// holder is the object whose field is the image; nil where there is none.
	holder map[string]any
	field  string
}

// Set writes the image in place.
func (i Image) Set(text string) { i.holder[i.field] = text }

// Place is where the image stands, as messages name it: spec.containers[0] "web".
func (i Image) Place() string {
	place := "spec." + i.List + "[" + strconv.Itoa(i.Index) + "]"
	if i.Name != "" {
		place += " " + mirror.Quote(i.Name)
	}
	return place
}

// Path leads from a Pod to the image: field names and list indexes.
func (i Image) Path() []any {
	if i.List == "volumes" {
		return []any{"spec", i.List, i.Index, "image", "reference"}
	}
	return []any{"spec", i.List, i.Index, "image"}
}

// Images lists the images of a Pod spec: containers, initContainers,
// ephemeralContainers, and volumes that are OCI images, in this order. What is
// no list or holds no image where one may be absent is passed over; what an API
// server would refuse for its type is listed as not Present.
func Images(podSpec map[string]any) []Image {
	var images []Image
	for _, list := range containerLists {
		items, _ := podSpec[list].([]any)
		for i, item := range items {
			container, _ := item.(map[string]any)
			images = append(images, imageAt(list, i, container, container, "image"))
		}
	}
	volumes, _ := podSpec["volumes"].([]any)
	for i, item := range volumes {
		volume, _ := item.(map[string]any)
		source, ok := volume["image"].(map[string]any)
		if !ok {
			continue
		}
		images = append(images, imageAt("volumes", i, volume, source, "reference"))
	}
	return images
}

func imageAt(list string, index int, item, holder map[string]any, field string) Image {
	name, _ := item["name"].(string)
	text, present := holder[field].(string)
	return Image{List: list, Index: index, Name: name, Text: text, Present: present, holder: holder, field: field}
}

// Changed lists the images of a Pod spec that differ from the stored object's
// at the same list and index; an index beyond the old list is new. Volumes
// cannot change on a stored Pod and are left out.
func Changed(podSpec, oldSpec map[string]any) []Image {
	var changed []Image
	for _, image := range Images(podSpec) {
		if image.List == "volumes" {
			continue
		}
		oldItems, _ := oldSpec[image.List].([]any)
		if image.Index < len(oldItems) {
			var old any
			if item, ok := oldItems[image.Index].(map[string]any); ok {
				old = item["image"]
			}
			var now any
			if image.holder != nil {
				now = image.holder["image"]
			}
			if reflect.DeepEqual(old, now) {
				continue
			}
		}
		changed = append(changed, image)
	}
	return changed
}
