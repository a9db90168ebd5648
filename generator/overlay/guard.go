package overlay

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"

	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// A guard is the file system that kustomize reads through. kustomize reads every
// kustomization, and every file that configures a generator or transformer,
// before it acts on it, so the guard checks the very bytes that kustomize is
// about to get and withholds them where they name something remote. Walking the
// files beforehand would have to find the same files that kustomize finds.
type guard struct {
	filesys.FileSystem
	at      place
	options Options
	edit    func(*types.Kustomization)
	factory *resmap.Factory

	// kustomizations maps the real path of a kustomization file to the folder
	// that it was asked for in: the file itself may be a symbolic link.
	kustomizations map[string]string
	// configs are the real paths of files and folders that configure generators,
	// transformers or validators.
	configs map[string]bool

	// refusal is why a file was withheld. kustomize itself reports an unreadable
	// kustomization as a missing one.
	refusal error
	// schema is set once a kustomization replaces the OpenAPI schema.
	schema bool
	// warnings are what is legal and hardly meant.
	warnings []string
}

func newGuard(disk filesys.FileSystem, at place, options Options, edit func(*types.Kustomization)) *guard {
	return &guard{
		FileSystem:     disk,
		at:             at,
		options:        options,
		edit:           edit,
		factory:        resmap.NewFactory(provider.NewDepProvider().GetResourceFactory()),
		kustomizations: map[string]string{},
		configs:        map[string]bool{},
	}
}

// CleanedAbs is what kustomize resolves a path with before it reads it.
func (g *guard) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	dir, file, err := g.FileSystem.CleanedAbs(path)
	if err == nil && file != "" && isName(filepath.Base(path)) {
		g.kustomizations[dir.Join(file)] = filepath.Dir(path)
	}
	return dir, file, err
}

// ReadFile hands out the file, or records and returns a refusal.
func (g *guard) ReadFile(path string) ([]byte, error) {
	data, err := g.FileSystem.ReadFile(path)
	if err != nil {
		return nil, err
	}
	folder, ok := g.kustomizations[path]
	if !ok && isName(filepath.Base(path)) {
		folder, ok = filepath.Dir(path), true
	}
	switch {
	case ok:
		data, err = g.kustomization(path, folder, data)
	case g.configs[path] && !g.options.AllowRemote:
		err = g.checkConfig(path, "", data)
	}
	if err != nil {
		if g.refusal == nil {
			g.refusal = err
		}
		return nil, err
	}
	return data, nil
}

func (g *guard) kustomization(path, folder string, data []byte) ([]byte, error) {
	var k types.Kustomization
	if k.Unmarshal(data) != nil {
		// kustomize reads it with the same function and says what is wrong.
		return data, nil
	}
	if len(k.OpenAPI) > 0 {
		g.schema = true
	}
	g.warnings = append(g.warnings, g.replacedLists(path, folder, k)...)
	if err := g.check(path, folder, k); err != nil {
		return nil, err
	}
	if folder != g.at.root || g.edit == nil || k.CheckEmpty() != nil {
		return data, nil
	}
	g.edit(&k)
	return json.Marshal(k)
}

// check refuses what a kustomization may not name.
func (g *guard) check(path, folder string, k types.Kustomization) error {
	if len(k.HelmCharts) > 0 || len(k.HelmChartInflationGenerator) > 0 {
		return fmt.Errorf("%s: helmCharts: %s", g.at.show(path), noHelm)
	}
	if g.options.AllowRemote {
		return nil
	}
	tree, err := generic(k)
	if err != nil {
		return fmt.Errorf("%s: %w", g.at.show(path), err)
	}
	if field, value, found := firstRemote("", tree); found {
		return g.refuse(path, field, value)
	}
	for _, entries := range []struct {
		field string
		list  []string
	}{{"generators", k.Generators}, {"transformers", k.Transformers}, {"validators", k.Validators}} {
		for i, entry := range entries.list {
			// An entry is a document itself, or a path: decided as kustomize does.
			if _, err := g.factory.NewResMapFromBytes([]byte(entry)); err != nil {
				g.markConfig(folder, entry)
				continue
			}
			if err := g.checkConfig(path, fmt.Sprintf("%s[%d]: ", entries.field, i), []byte(entry)); err != nil {
				return err
			}
		}
	}
	if !g.configs[folder] {
		return nil
	}
	// What such a kustomization yields decides what is loaded next; patched or
	// replaced, it could be anything.
	rest := k
	//lint:ignore SA1019 kustomize still reads bases, so what they name has to be seen
	rest.TypeMeta, rest.MetaData, rest.BuildMetadata, rest.Resources, rest.Bases = types.TypeMeta{}, nil, nil, nil, nil
	if !reflect.DeepEqual(rest, types.Kustomization{}) {
		return fmt.Errorf("%s: configures generators or transformers of another kustomization, so it may only list resources: "+
			"gen must see what they load before they load it; name the files one by one, or allow remote resources with --allow-remote", g.at.show(path))
	}
	//lint:ignore SA1019 kustomize still reads bases, so what they name has to be seen
	for _, entry := range append(append([]string{}, k.Resources...), k.Bases...) {
		g.markConfig(folder, entry)
	}
	return nil
}

// markConfig remembers a file or folder so that it is checked when it is read.
func (g *guard) markConfig(folder, entry string) {
	dir, file, err := g.FileSystem.CleanedAbs(filepath.Join(folder, entry))
	if err != nil {
		return // kustomize cannot read it either, and says so
	}
	if file == "" {
		g.configs[dir.String()] = true
		return
	}
	g.configs[dir.Join(file)] = true
}

// checkConfig refuses a generator or transformer that would load something
// remote. within says where in the file data stands.
func (g *guard) checkConfig(path, within string, data []byte) error {
	documents, err := g.factory.NewResMapFromBytes(data)
	if err != nil {
		return nil // kustomize parses it the same way and says what is wrong
	}
	for _, document := range documents.Resources() {
		tree, err := generic(document)
		if err != nil {
			return fmt.Errorf("%s: %s%w", g.at.show(path), within, err)
		}
		if field, value, found := firstRemote("", tree); found {
			return g.refuse(path, within+field, value)
		}
	}
	return nil
}

func (g *guard) refuse(path, field, value string) error {
	return fmt.Errorf("%s: %s: %q is remote, and only local files are read; copy it into the repository, or allow remote resources with --allow-remote",
		g.at.show(path), field, redact(value))
}
