package spec

import "encoding/json"

// Schema is the JSON Schema (draft-07) of one MirrorSet document, for editors.
// It refuses what breaks the structure or the spelling of a value; Parse
// refuses that and what only the values together show.
func Schema() ([]byte, error) {
	s := schemaOf(mirrorSet())
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	s["title"] = Kind
	s["description"] = "Which registries are served by which mirrors, for which namespaces and Pods, and what is refused."
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func schemaOf(s *shape) map[string]any {
	switch s.kind {
	case objectShape:
		properties := map[string]any{}
		var required []string
		for _, f := range s.fields {
			property := schemaOf(f.shape)
			property["description"] = f.doc
			if f.unset != nil {
				property["default"] = f.unset
			}
			properties[f.name] = property
			if f.need != "" {
				required = append(required, f.name)
			}
		}
		schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
		if required != nil {
			schema["required"] = required
		}
		return schema
	case listShape:
		schema := map[string]any{"type": "array", "items": schemaOf(s.item)}
		if s.empty != "" {
			schema["minItems"] = 1
		}
		if s.unique {
			schema["uniqueItems"] = true
		}
		return schema
	case mapShape:
		// patternProperties rather than propertyNames, which editors support less.
		return map[string]any{"type": "object", "additionalProperties": false,
			"patternProperties": map[string]any{s.key.pattern: schemaOf(s.item)}}
	case boolShape:
		return map[string]any{"type": "boolean"}
	}
	schema := map[string]any{"type": "string"}
	if s.text.enum != nil {
		schema["enum"] = s.text.enum
		return schema
	}
	if s.text.pattern != "" {
		schema["pattern"] = s.text.pattern
	}
	schema["maxLength"] = maxString
	if s.text.maxLength > 0 {
		schema["maxLength"] = s.text.maxLength
	}
	return schema
}
