package overlay

import (
	"bytes"
	"fmt"

	"mirrorgen.dev/gen/generator/artifact"
	"sigs.k8s.io/yaml"
)

// Files gives objects as one file at path: a YAML stream in their order, keys
// sorted, the same bytes for the same objects. No objects make no file.
func Files(path string, objects []map[string]any) ([]artifact.File, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	var stream bytes.Buffer
	for i, object := range objects {
		data, err := yaml.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		if i > 0 {
			stream.WriteString("---\n")
		}
		stream.Write(data)
	}
	return []artifact.File{{Path: path, Data: stream.Bytes()}}, nil
}
