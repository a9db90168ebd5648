package overlay

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// replacedLists warns of strategic merge patches that hold a list of a
// MirrorSet: kustomize knows no merge key for it and replaces the whole list.
// A kustomization that brings a schema of its own is believed to know better.
func (g *guard) replacedLists(path, folder string, k types.Kustomization) []string {
	if g.schema {
		return nil
	}
	var warnings []string
	warn := func(field, patch string, target *types.Selector) {
		for _, list := range listsOf(patch, target) {
			warnings = append(warnings, fmt.Sprintf("%s: %s: the strategic merge replaces the whole list %s, because kustomize has no merge key for a %s; "+
				"patch single entries by JSON 6902 or replacements, and to replace the list say so with `op: replace`",
				g.at.show(path), field, list, kind))
		}
	}
	for i, patch := range k.Patches {
		text := patch.Patch
		if patch.Path != "" {
			text = g.text(folder, patch.Path)
		}
		warn(fmt.Sprintf("patches[%d]", i), text, patch.Target)
	}
	//lint:ignore SA1019 kustomize still applies patchesStrategicMerge
	for i, entry := range k.PatchesStrategicMerge {
		// An entry is a path or the patch itself.
		text := g.text(folder, string(entry))
		if text == "" {
			text = string(entry)
		}
		warn(fmt.Sprintf("patchesStrategicMerge[%d]", i), text, nil)
	}
	return warnings
}

// text is a local file's content, or nothing: a patch that cannot be read is
// kustomize's to report.
func (g *guard) text(folder, path string) string {
	if remote(path) || strings.Contains(path, "\n") || filepath.IsAbs(path) {
		return ""
	}
	dir, file, err := g.FileSystem.CleanedAbs(filepath.Join(folder, path))
	if err != nil || file == "" || !dir.HasPrefix(filesys.ConfirmedDir(folder)) {
		return ""
	}
	data, err := g.FileSystem.ReadFile(dir.Join(file))
	if err != nil {
		return ""
	}
	return string(data)
}

// listsOf names the lists below spec in a patch that is for a MirrorSet.
func listsOf(patch string, target *types.Selector) []string {
	var body map[string]any
	if yaml.Unmarshal([]byte(patch), &body) != nil {
		return nil // a JSON 6902 patch is a list
	}
	if !isMirrorSet(body) && (target == nil || target.Kind != kind) {
		return nil
	}
	return lists("spec", body["spec"])
}

func lists(path string, value any) []string {
	switch node := value.(type) {
	case []any:
		return []string{path}
	case map[string]any:
		var found []string
		for _, key := range slices.Sorted(maps.Keys(node)) {
			found = append(found, lists(path+"."+key, node[key])...)
		}
		return found
	}
	return nil
}
