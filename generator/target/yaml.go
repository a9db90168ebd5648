package target

import (
	"bytes"
	"encoding/json"

	"mirrorgen.dev/gen/generator/document"
)

// block encodes a value's JSON form as YAML in block style, keys sorted.
func block(value any) (string, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return "", err
	}
	if plain, err = integers(plain); err != nil {
		return "", err
	}
	text, err := document.Marshal(plain)
	return string(text), err
}

// integers turns JSON's numbers into int64: nothing that is generated has a
// fraction, and an exponent would not read as an integer.
func integers(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case json.Number:
		return v.Int64()
	case map[string]any:
		for key, item := range v {
			if v[key], err = integers(item); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, item := range v {
			if v[i], err = integers(item); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}
