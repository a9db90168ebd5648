package target

import "strconv"

// celCreate is whether nothing is stored yet: Kyverno hands over {} then, the API
// server null.
const celCreate = "oldObject == null || !has(oldObject.spec)"

// A celList is where an object keeps images, in terms of the templates: each of
// the list's items is called c there.
type celList struct {
	// Object and Old are the list of the submitted and of the stored object.
	Object, Old string
	// Name is the list's in a message and among the stored images.
	Name string
	// Pointer and Tail stand around an item's index in its image's JSON Pointer.
	Pointer, Tail string
	// Filter says which items have an image, besides what differs on an update.
	Filter string
	// Mark is the text with an "s" in front, or '' where it is not there.
	Mark string
	// Image is the item's image; Present is whether it is there and a string, and
	// Text is it, or '' where it is not.
	Image, Present, Text string
	// CreateOnly: the list is looked at on creation alone.
	CreateOnly bool
}

// celPodLists are the lists of a Pod, in the order of messages.
func celPodLists() []celList {
	var lists []celList
	for _, name := range []string{"containers", "initContainers", "ephemeralContainers"} {
		lists = append(lists, celList{
			Object:  "object.spec." + name,
			Old:     "oldObject.spec." + name,
			Name:    name,
			Pointer: "/spec/" + name + "/",
			Tail:    "/image",
			Image:   "c.image",
			Present: "type(c) == map && has(c.image) && type(c.image) == string",
		})
	}
	lists = append(lists, celList{
		Object:     "object.spec.volumes",
		Name:       "volumes",
		Pointer:    "/spec/volumes/",
		Tail:       "/image/reference",
		Filter:     "type(c) == map && has(c.image) && type(c.image) == map",
		Image:      "c.image.reference",
		Present:    "has(c.image.reference) && type(c.image.reference) == string",
		CreateOnly: true,
	})
	return withTexts(lists)
}

// celCacheLists is the one list of an ImageCache, which is looked at on creation.
func celCacheLists() []celList {
	return withTexts([]celList{{
		Object:     "variables.spec.images",
		Pointer:    "/spec/images/",
		Image:      "c",
		Present:    "type(c) == string",
		CreateOnly: true,
	}})
}

// withTexts fills in what follows from the rest.
func withTexts(lists []celList) []celList {
	for i := range lists {
		l := &lists[i]
		l.Text = l.Present + " ? string(" + l.Image + ") : ''"
		l.Mark = l.Present + " ? 's' + string(" + l.Image + ") : ''"
		if !l.CreateOnly {
			item := "variables.stored[" + strconv.Itoa(i) + "][i]"
			l.Filter = celCreate + " || !(i < size(variables.stored[" + strconv.Itoa(i) + "]) && " + celImageOf(item) + " == " + celImageOf("c") + ")"
		}
	}
	return lists
}

// celItems is what a field holds; an empty list where it is absent or holds something
// else.
func celItems(field string) string {
	return "has(" + field + ") && type(" + field + ") == list ? dyn(" + field + ") : []"
}

// celImageOf is a container's image, whatever it is; null where there is none.
func celImageOf(container string) string {
	return "(type(" + container + ") == map && has(" + container + ".image) ? dyn(" + container + ".image) : null)"
}

// celStored are the lists whose stored images are compared with.
func celStored(lists []celList) []celList {
	var stored []celList
	for _, l := range lists {
		if !l.CreateOnly {
			stored = append(stored, l)
		}
	}
	return stored
}
