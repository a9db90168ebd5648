package mirrortest

import (
	"math/rand"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// RandomPod makes a Pod as plain JSON values, its images spread over
// containers, initContainers, ephemeralContainers and volumes. Some images,
// names and lists are absent or of a wrong type.
func RandomPod(r *rand.Rand, set *spec.MirrorSet) map[string]any {
	podSpec := map[string]any{"containers": randomContainers(r, set, 1+r.Intn(4))}
	for _, list := range []string{"initContainers", "ephemeralContainers"} {
		switch r.Intn(6) {
		case 0:
			podSpec[list] = nil
		case 1, 2:
			podSpec[list] = randomContainers(r, set, r.Intn(4))
		}
	}
	switch r.Intn(12) {
	case 0:
		podSpec["volumes"] = nil
	case 1, 2, 3, 4:
		podSpec["volumes"] = randomVolumes(r, set, r.Intn(4))
	case 5:
		podSpec[pick(r, []string{"volumes", "initContainers", "containers"})] = pick(r, []any{"x", 1.0, true, map[string]any{"image": "nginx"}})
	}
	pod := map[string]any{
		"apiVersion": "v1",
		"kind":       "Pod",
		"metadata":   map[string]any{"name": "web", "namespace": "default"},
		"spec":       podSpec,
	}
	addNeedy(r, set, pod)
	return pod
}

// RandomUpdate makes what a Pod is updated to: most images stay, some change,
// go, come, or change places.
func RandomUpdate(r *rand.Rand, set *spec.MirrorSet, pod map[string]any) map[string]any {
	updated := Copy(pod).(map[string]any)
	podSpec := updated["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		items, _ := podSpec[list].([]any)
		for i, item := range items {
			if container, ok := item.(map[string]any); ok && r.Intn(3) == 0 {
				setImage(r, set, container, "image")
			}
			if r.Intn(8) == 0 {
				j := r.Intn(len(items))
				items[i], items[j] = items[j], items[i]
			}
		}
		switch r.Intn(6) {
		case 0:
			podSpec[list] = append(items, randomContainers(r, set, 1+r.Intn(2))...)
		case 1:
			if len(items) > 0 {
				podSpec[list] = items[1:]
			}
		}
	}
	if r.Intn(4) == 0 {
		podSpec["volumes"] = randomVolumes(r, set, 1)
	}
	return updated
}

// Copy copies plain JSON values deeply.
func Copy(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, item := range value {
			object[key] = Copy(item)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = Copy(item)
		}
		return list
	}
	return value
}

func randomContainers(r *rand.Rand, set *spec.MirrorSet, n int) []any {
	containers := make([]any, 0, n)
	for i := range n {
		container := map[string]any{}
		setName(r, container, i)
		setImage(r, set, container, "image")
		if r.Intn(4) == 0 {
			container["command"] = []any{"sh", "-c", "echo {{ x }} $(X) ${Y}"}
		}
		containers = append(containers, container)
	}
	if r.Intn(60) == 0 {
		containers = append(containers, pick(r, []any{nil, "x", 1.0, []any{map[string]any{"image": "nginx"}}}))
	}
	return containers
}

func randomVolumes(r *rand.Rand, set *spec.MirrorSet, n int) []any {
	volumes := make([]any, 0, n)
	for i := range n {
		volume := map[string]any{}
		setName(r, volume, i)
		switch r.Intn(6) {
		case 0:
			volume["emptyDir"] = map[string]any{}
		case 1:
			volume["image"] = pick(r, []any{nil, "nginx", map[string]any{}, map[string]any{"pullPolicy": "Always"}, 1.0})
		default:
			source := map[string]any{}
			setImage(r, set, source, "reference")
			volume["image"] = source
		}
		volumes = append(volumes, volume)
	}
	return volumes
}

func setName(r *rand.Rand, item map[string]any, i int) {
	switch r.Intn(12) {
	case 0:
	case 1:
		item["name"] = pick(r, []any{nil, 1.0, "", true, []any{}, map[string]any{"a": "b"}})
	case 2, 3:
		item["name"] = pick(r, Hostile())
	case 4:
		item["name"] = strings.Repeat("n", 1001)
	case 5:
		item["name"] = "c0"
	default:
		item["name"] = "c" + strconv.Itoa(i)
	}
}

func setImage(r *rand.Rand, set *spec.MirrorSet, item map[string]any, field string) {
	switch r.Intn(40) {
	case 0:
		delete(item, field)
	case 1:
		item[field] = pick(r, []any{nil, 1.0, true, []any{"nginx"}, map[string]any{"image": "nginx"}})
	case 2:
		item[field] = strings.Repeat(pick(r, []string{"x", "é", `"`, "\n", " "}), 995+r.Intn(10))
	default:
		item[field] = RandomImage(r, set)
	}
}
