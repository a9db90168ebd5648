package testcase

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// checkMutation holds what a mutation did against what holds for every case:
// a second pass changes nothing, as admission may run twice; and on a stored
// Pod only what the API lets change was touched.
func (r *runner) checkMutation(ctx context.Context, mutator engine.Session, request engine.Request, mutated map[string]any) []string {
	if mutated == nil {
		return nil
	}
	var problems []string
	for _, field := range immutableChanges(request, mutated) {
		problems = append(problems, "the mutation changed "+field+", which the API server refuses to change on a stored Pod")
	}
	if equal(request.Object, mutated) {
		return problems
	}
	request.Phases = []engine.Phase{engine.Mutate}
	request.Object = mutated
	again, err := mutator.Admit(ctx, request)
	switch {
	case err != nil:
		problems = append(problems, "a second pass over the admitted object failed: "+err.Error())
	case !equal(again.Object, mutated):
		problems = append(problems, fmt.Sprintf("a second pass over the admitted object changed it again, at %s: admission may run twice",
			strings.Join(changedPaths(mutated, again.Object, ""), ", ")))
	}
	return problems
}

// immutableChanges lists the fields that a mutation changed on an UPDATE of a
// Pod and that the API server does not let change. Only the images of
// containers and init containers may change on a stored Pod, and those of
// ephemeral containers that are being added.
func immutableChanges(request engine.Request, mutated map[string]any) []string {
	if request.Operation != engine.Update {
		return nil
	}
	if _, isPod, ok := workload.PodTemplate(mutated); !ok || !isPod {
		return nil
	}
	oldSpec, _ := request.OldObject["spec"].(map[string]any)
	oldEphemeral, _ := oldSpec["ephemeralContainers"].([]any)
	var refused []string
	for _, path := range changedPaths(request.Object, mutated, "") {
		if !mutable(path, len(oldEphemeral)) {
			refused = append(refused, path)
		}
	}
	return refused
}

func mutable(path string, oldEphemeral int) bool {
	if strings.HasPrefix(path, "metadata.labels") || strings.HasPrefix(path, "metadata.annotations") {
		return true
	}
	var index int
	var rest string
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		text, ok := strings.CutPrefix(path, "spec."+list+"[")
		if !ok {
			continue
		}
		if n, _ := fmt.Sscanf(text, "%d]%s", &index, &rest); n != 2 || rest != ".image" {
			return false
		}
		return list != "ephemeralContainers" || index >= oldEphemeral
	}
	return false
}

// changedPaths lists the fields in which two values differ, sorted.
func changedPaths(a, b any, path string) []string {
	if equal(a, b) {
		return nil
	}
	var paths []string
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return []string{path}
		}
		keys := map[string]bool{}
		for key := range a {
			keys[key] = true
		}
		for key := range b {
			keys[key] = true
		}
		for _, key := range sortedKeys(keys) {
			inner := key
			if path != "" {
				inner = path + "." + key
			}
			paths = append(paths, changedPaths(a[key], b[key], inner)...)
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return []string{path}
		}
		for i := range a {
			paths = append(paths, changedPaths(a[i], b[i], fmt.Sprintf("%s[%d]", path, i))...)
		}
	default:
		return []string{path}
	}
	if len(paths) == 0 {
		paths = []string{path}
	}
	sort.Strings(paths)
	return paths
}
