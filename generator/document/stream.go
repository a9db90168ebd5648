package document

import "bytes"

// Stream encodes objects as one YAML stream with "---" between two documents
// and none at the end.
func Stream(objects []map[string]any) ([]byte, error) {
	var out bytes.Buffer
	for i, object := range objects {
		if i > 0 {
			out.WriteString("---\n")
		}
		if err := Encode(&out, object); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
