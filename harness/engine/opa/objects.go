package opa

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
)

// A loaded object is one document of a file, with the file's name for errors.
type loaded struct {
	file   string
	object map[string]any
}

// readObjects reads the YAML and JSON files among files; others are passed over.
func readObjects(files []artifact.File) ([]loaded, error) {
	var all []loaded
	for _, file := range files {
		switch path.Ext(file.Path) {
		case ".yaml", ".yml", ".json":
		default:
			continue
		}
		reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
		for {
			doc, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			object, err := doc.Object()
			if err != nil {
				return nil, err
			}
			all = append(all, loaded{file.Path, object})
		}
	}
	return all, nil
}

func (l loaded) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s %q: %w", l.file, text(l.object, "kind"), name(l.object), fmt.Errorf(format, args...))
}

// field follows a path of mappings; nil where it breaks off.
func field(object map[string]any, path ...string) any {
	var value any = object
	for _, key := range path {
		mapping, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = mapping[key]
	}
	return value
}

// text is the string at a path; empty where there is none.
func text(object map[string]any, path ...string) string {
	value, _ := field(object, path...).(string)
	return value
}

func name(object map[string]any) string { return text(object, "metadata", "name") }

// groupVersion splits apiVersion.
func groupVersion(object map[string]any) (group, version string) {
	apiVersion := text(object, "apiVersion")
	group, version = path.Split(apiVersion)
	if group == "" {
		return "", version
	}
	return group[:len(group)-1], version
}
