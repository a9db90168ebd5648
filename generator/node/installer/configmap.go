package installer

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
)

const (
	// full is the size at which another ConfigMap begins: kubectl apply without
	// --server-side, and Argo CD, keep the object in an annotation, and all
	// annotations of an object may have 256 KiB.
	full = 200 << 10
	// tooLarge is what a ConfigMap holds at most, by the API server.
	tooLarge = 1 << 20
)

// A configMap holds some of the files.
type configMap struct {
	name  string
	items []item
}

// An item is one file under a key, and its path below the mount.
type item struct{ key, path, data string }

// pack puts files into as few ConfigMaps as their sizes allow, in their order.
func pack(files []artifact.File) ([]configMap, error) {
	var maps []configMap
	keys := map[string]bool{}
	size := 0
	for _, file := range files {
		if len(file.Data) > tooLarge {
			return nil, fmt.Errorf("%s: has %d bytes, and a ConfigMap holds %d; name a CA file with the CAs of that host alone, or use the installer script", file.Path, len(file.Data), tooLarge)
		}
		if len(maps) == 0 || size > 0 && size+len(file.Data) > full {
			maps = append(maps, configMap{name: fmt.Sprintf("mirrorgen-files-%d", len(maps)+1)})
			size = 0
		}
		last := &maps[len(maps)-1]
		last.items = append(last.items, item{key: key(file.Path, keys), path: file.Path, data: string(file.Data)})
		size += len(file.Data)
	}
	return maps, nil
}

// key is a path as a key of a ConfigMap, which has letters, digits, "-", "_" and
// "." alone, and is given once.
func key(path string, taken map[string]bool) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, strings.TrimPrefix(path, hostsFolder))
	// A key has 253 characters at most, and a host alone may have as many.
	text = text[:min(len(text), 240)]
	found := text
	for n := 2; taken[found]; n++ {
		found = fmt.Sprintf("%s-%d", text, n)
	}
	taken[found] = true
	return found
}

func (m configMap) object() map[string]any {
	data := map[string]any{}
	for _, item := range m.items {
		data[item.key] = item.data
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": m.name, "namespace": Namespace, "labels": labels(),
			// Flux would take the script's own ${...} for variables of its postBuild.
			"annotations": map[string]any{"kustomize.toolkit.fluxcd.io/substitute": "disabled"}},
		"data": data,
	}
}

// sources are the ConfigMaps as one volume, every file at its path.
func sources(maps []configMap) []any {
	var all []any
	for _, m := range maps {
		var items []any
		for _, item := range m.items {
			items = append(items, map[string]any{"key": item.key, "path": item.path})
		}
		all = append(all, map[string]any{"configMap": map[string]any{"name": m.name, "items": items}})
	}
	return all
}
