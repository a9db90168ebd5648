package agreement

import (
	"slices"
	"time"

	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/harness/engine"
)

// Smaller requests are tried so many times and for so long at most.
const (
	attempts = 300
	patience = 20 * time.Second
)

// shrink is the least of a request for which still holds what is asked: items of
// its lists and fields are left out as long as it does.
func shrink(request engine.Request, still func(engine.Request) bool) engine.Request {
	tried, began := 0, time.Now()
	try := func(change func(object map[string]any)) bool {
		if tried++; tried > attempts || time.Since(began) > patience {
			return false
		}
		smaller := request
		smaller.Object = mirrortest.Copy(request.Object).(map[string]any)
		change(smaller.Object)
		if length(smaller, "containers") == 0 {
			return false
		}
		if request.OldObject != nil {
			// What comes and what stands keep their places side by side.
			smaller.OldObject = mirrortest.Copy(request.OldObject).(map[string]any)
			change(smaller.OldObject)
		}
		if !still(smaller) {
			return false
		}
		request = smaller
		return true
	}
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers", "volumes", "imagePullSecrets"} {
		// Halves first, then single items.
		for size := length(request, list); size > 0; size /= 2 {
			for from := length(request, list) - size; from >= 0; from -= size {
				try(func(object map[string]any) { cut(object, list, from, from+size) })
			}
		}
	}
	for _, field := range []string{"annotations", "labels"} {
		metadata, _ := request.Object["metadata"].(map[string]any)
		fields, _ := metadata[field].(map[string]any)
		for key := range fields {
			try(func(object map[string]any) {
				metadata, _ := object["metadata"].(map[string]any)
				fields, _ := metadata[field].(map[string]any)
				delete(fields, key)
			})
		}
	}
	return request
}

func length(request engine.Request, list string) int {
	spec, _ := request.Object["spec"].(map[string]any)
	items, _ := spec[list].([]any)
	return len(items)
}

func cut(object map[string]any, list string, from, to int) {
	spec, _ := object["spec"].(map[string]any)
	items, _ := spec[list].([]any)
	if from = min(from, len(items)); from < len(items) {
		spec[list] = slices.Delete(items, from, min(to, len(items)))
	}
}
