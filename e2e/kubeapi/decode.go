package kubeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// object reads a JSON object. Whole numbers stay int64, as the harness has them.
func object(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if value == nil {
		return nil, errors.New("null is no object")
	}
	return numbers(value).(map[string]any), nil
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		// A number that JSON allows and float64 does not hold is as near as it gets.
		number, _ := v.Float64()
		return number
	case map[string]any:
		for key, item := range v {
			v[key] = numbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = numbers(item)
		}
	}
	return value
}

// warningText is the text of a Warning header: 299 - "text", with \" and \\
// inside (RFC 7234, section 5.5).
func warningText(header string) string {
	_, quoted, found := strings.Cut(header, ` "`)
	if !found {
		return header
	}
	var text strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch {
		case quoted[i] == '\\' && i+1 < len(quoted):
			i++
			text.WriteByte(quoted[i])
		case quoted[i] == '"':
			return text.String()
		default:
			text.WriteByte(quoted[i])
		}
	}
	return header
}
