package agreement

import (
	"math/rand"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/workload"
)

// drawUpdate draws what a stored Pod may be updated to: other images, images that
// another of its containers has, other labels and annotations.
func drawUpdate(r *rand.Rand, set *spec.MirrorSet, pod map[string]any) map[string]any {
	updated := mirrortest.Copy(pod).(map[string]any)
	body := updated["spec"].(map[string]any)
	images := workload.Images(pod["spec"].(map[string]any))
	for _, list := range []string{"containers", "initContainers"} {
		items, _ := body[list].([]any)
		for _, item := range items {
			fields := item.(map[string]any)
			switch r.Intn(5) {
			case 0, 1:
				fields["image"] = drawImage(r, set)
			case 2:
				fields["image"] = images[r.Intn(len(images))].Text
			}
		}
	}
	metadata := updated["metadata"].(map[string]any)
	switch r.Intn(4) {
	case 0:
		metadata["labels"] = map[string]any{podLabel: "yes"}
	case 1:
		metadata["annotations"] = drawPod(r, set)["metadata"].(map[string]any)["annotations"]
	}
	return updated
}

// drawDebug draws what kubectl debug makes of a stored Pod: ephemeral containers
// come to those that it has.
func drawDebug(r *rand.Rand, set *spec.MirrorSet, pod map[string]any) map[string]any {
	debugged := mirrortest.Copy(pod).(map[string]any)
	body := debugged["spec"].(map[string]any)
	images := workload.Images(body)
	names := map[string]bool{}
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		items, _ := body[list].([]any)
		for _, item := range items {
			names[item.(map[string]any)["name"].(string)] = true
		}
	}
	items, _ := body["ephemeralContainers"].([]any)
	for range 1 + r.Intn(3) {
		added := container(r, set, names)
		if r.Intn(3) == 0 {
			added["image"] = images[r.Intn(len(images))].Text
		}
		items = append(items, added)
	}
	body["ephemeralContainers"] = items
	return debugged
}

// crowd is a Pod with as many images as the plan's limits let through, the dearest
// that a policy has to be able to look at; with one more where it is to be beyond them.
func crowd(plan *mirror.Plan, beyond bool, draw func() string) map[string]any {
	var containers []any
	characters := 0
	names := map[string]bool{}
	for {
		image := draw()
		characters += utf8.RuneCountInString(image)
		_, excess := plan.JudgeExcess(len(containers)+1, characters)
		if !excess || beyond {
			containers = append(containers, map[string]any{"name": named(nil, names), "image": image})
		}
		if excess {
			break
		}
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "crowd", "namespace": namespace, "labels": map[string]any{podLabel: "yes"}},
		"spec":     map[string]any{"containers": containers}}
}
