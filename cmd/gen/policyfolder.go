package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/overlay"
	"mirrorgen.dev/gen/harness/testcase"
)

// builtPolicies reads what --policies names: a kustomization is built, a plain
// folder or file is read as it is.
func builtPolicies(path string, allowRemote bool) (*testcase.PolicySet, error) {
	if overlay.IsKustomization(path) {
		objects, err := overlay.Build(path, overlay.Options{AllowRemote: allowRemote})
		if err != nil {
			return nil, err
		}
		return testcase.FromObjects(path, objects)
	}
	info, err := look(path, "name a folder or kustomization of policies with --policies")
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return testcase.HandWritten([]string{path})
	}
	files, err := yamlFiles(path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: holds neither a kustomization.yaml nor any .yaml file", path)
	}
	return testcase.HandWritten(files)
}

// yamlFiles lists the YAML files below dir, sorted.
func yamlFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch strings.ToLower(filepath.Ext(name)) {
		case ".yaml", ".yml", ".json":
			if !entry.IsDir() {
				files = append(files, name)
			}
		}
		return nil
	})
	sort.Strings(files)
	return files, errors.Join(err)
}
