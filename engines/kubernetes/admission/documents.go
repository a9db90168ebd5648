package admission

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// documents splits a YAML stream; documents that hold nothing are left out.
func documents(stream string) ([][]byte, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(stream)))
	var all [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if !blank(document) {
			all = append(all, document)
		}
	}
}

// blank: nothing but comments and markers.
func blank(document []byte) bool {
	for line := range bytes.Lines(document) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.HasPrefix(line, []byte("---")) && !bytes.Equal(line, []byte("...")) {
			return false
		}
	}
	return true
}
