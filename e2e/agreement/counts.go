package agreement

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// counts are what was asked of a cluster and what came of it.
type counts struct {
	sets, requests, pods, images int
	// rewritten and untouched are images of admitted objects; denied, warned and
	// recorded are findings about images.
	rewritten, untouched, denied, warned, recorded int
	// secrets and annotations are objects to which a policy added some.
	secrets, annotations int
	// caches are ImageCaches, changedCaches those that a policy changed.
	caches, changedCaches int
	// refusals are requests that were denied, second those admitted that were
	// submitted again, unsubmittable those that the server takes from nobody.
	refusals, second, unsubmittable int
	differences                     int
	// late are requests that were answered as wanted when they were asked again; see mayLag.
	late int
}

// add counts a request that was answered as wanted.
func (c *counts) add(request engine.Request, want engine.Outcome) {
	c.requests++
	if request.Object["kind"] == "ImageCache" {
		c.caches++
		if show(request.Object) != show(want.Object) {
			c.changedCaches++
		}
		return
	}
	before := images(request.Object)
	if request.OldObject == nil {
		c.pods++
	}
	c.images += len(before)
	if !want.Allowed {
		c.refusals++
	}
	c.denied += findings(want.Messages)
	c.warned += findings(want.Warnings)
	c.recorded += findings(want.Recorded)
	if !want.Allowed {
		return
	}
	for i, image := range images(want.Object) {
		if image.Text != before[i].Text {
			c.rewritten++
		} else {
			c.untouched++
		}
	}
	field := func(object map[string]any, of, name string) string {
		fields, _ := object[of].(map[string]any)
		return show(fields[name])
	}
	if field(request.Object, "spec", "imagePullSecrets") != field(want.Object, "spec", "imagePullSecrets") {
		c.secrets++
	}
	if field(request.Object, "metadata", "annotations") != field(want.Object, "metadata", "annotations") {
		c.annotations++
	}
}

func images(object map[string]any) []workload.Image {
	spec, _ := object["spec"].(map[string]any)
	return workload.Images(spec)
}

// findings counts those that are about an image.
func findings(messages []string) int {
	n := 0
	for _, message := range messages {
		if strings.HasPrefix(message, "spec.") {
			n++
		}
	}
	return n
}

// lacks names what did not happen: without it agreement says nothing.
func (c *counts) lacks() []string {
	var names []string
	for _, what := range []struct {
		name string
		n    int
	}{
		{"rewritten", c.rewritten}, {"untouched", c.untouched}, {"denied", c.denied}, {"warned of", c.warned}, {"recorded", c.recorded},
		{"given a pull secret", c.secrets}, {"given an annotation", c.annotations}, {"submitted again", c.second}, {"changed in an ImageCache", c.changedCaches},
	} {
		if what.n == 0 {
			names = append(names, what.name)
		}
	}
	return names
}

func (c *counts) String() string {
	return fmt.Sprintf("%d sets, %d requests (%d new Pods, %d denied), %d images: %d rewritten, %d untouched, %d denied, %d warned of, %d recorded; "+
		"%d Pods given secrets, %d annotations; %d ImageCaches, %d changed; %d submitted again; %d unsubmittable; %d late; %d differences",
		c.sets, c.requests, c.pods, c.refusals, c.images, c.rewritten, c.untouched, c.denied, c.warned, c.recorded,
		c.secrets, c.annotations, c.caches, c.changedCaches, c.second, c.unsubmittable, c.late, c.differences)
}
