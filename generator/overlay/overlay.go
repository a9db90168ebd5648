// Package overlay builds kustomizations in this process, as the kustomize
// program does by default, and takes the MirrorSets out of what they yield.
//
// A build reads local files only: what is remote is refused before a connection
// is opened or a program is started (Options.AllowRemote lifts that), plugins,
// functions and Helm charts are always refused, and every file must lie in or
// below the folder of the kustomization that names it, symbolic links followed.
//
// Deprecated kustomization fields make kustomize itself print a warning to
// standard error; that cannot be held back.
package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// Options say what a build may do beyond reading local files.
type Options struct {
	// AllowRemote lets a kustomization name git repositories and http(s) files;
	// kustomize then runs git and opens connections. Unset: they are refused.
	AllowRemote bool
}

// building guards kyaml's OpenAPI schema, which is global to the process: a
// kustomization with an `openapi:` field would change every build that runs
// beside it, silently.
var building sync.Mutex

// Build returns what `kustomize build` prints for path, object by object in the
// same order: sorted by kind in kustomize's legacy order, unless the
// kustomization says otherwise with sortOptions. path is a folder that holds a
// kustomization, or the kustomization file itself.
//
// Numbers are int64 where they are whole and float64 elsewhere. A build that
// yields nothing returns no objects and no error.
func Build(path string, options Options) ([]map[string]any, error) {
	objects, _, err := build(path, options, nil)
	return objects, err
}

// build runs one kustomization. edit, where not nil, changes the outermost
// kustomization in memory before kustomize sees it.
func build(path string, options Options, edit func(*types.Kustomization)) ([]map[string]any, *guard, error) {
	at, err := locate(path)
	if err != nil {
		return nil, nil, err
	}
	g := newGuard(filesys.MakeFsOnDisk(), at, options, edit)
	resources, err := run(g, at.root)
	switch {
	case g.refusal != nil:
		return nil, nil, fmt.Errorf("%s: %w", at.shown, g.refusal)
	case err != nil:
		return nil, nil, at.explain(err)
	}
	objects, err := plain(resources)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", at.shown, err)
	}
	return objects, g, nil
}

// run is the only place that calls kustomize.
func run(g *guard, root string) (resmap.ResMap, error) {
	building.Lock()
	defer building.Unlock()
	defer func() {
		// A reset makes the next build parse the built-in schema again, some 50 ms,
		// so it is done only after a build that replaced the schema.
		if g.schema {
			openapi.ResetOpenAPI()
		}
	}()
	o := krusty.MakeDefaultOptions()
	// What the program does without --reorder: the legacy order, or sortOptions.
	o.Reorder = krusty.ReorderOptionUnspecified
	o.LoadRestrictions = types.LoadRestrictionsRootOnly
	o.PluginConfig = types.DisabledPluginConfig()
	return krusty.MakeKustomizer(o).Run(g, root)
}

// plain turns resources into objects by way of JSON, as kustomize prints them.
func plain(resources resmap.ResMap) ([]map[string]any, error) {
	var objects []map[string]any
	for _, r := range resources.Resources() {
		data, err := r.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		objects = append(objects, numbers(object).(map[string]any))
	}
	return objects, nil
}

// numbers replaces json.Number, which no engine expects.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = numbers(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = numbers(inner)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		// The error is out of range alone, and then the value is the nearest there is.
		broken, _ := v.Float64()
		return broken
	}
	return value
}
