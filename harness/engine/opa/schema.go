package opa

import (
	"fmt"
	"math"
	"regexp"
	"unicode/utf8"
)

// conform holds a value to the part of a structural OpenAPI schema that
// ConstraintTemplates use; the error names the field. An unknown field is an
// error, as Gatekeeper refuses it. A nil schema takes anything.
func conform(value any, schema map[string]any, at string) error {
	if schema == nil || value == nil && schema["nullable"] == true {
		return nil
	}
	if err := conformType(value, text(schema, "type"), at); err != nil {
		return err
	}
	if options, ok := schema["enum"].([]any); ok && !contains(options, value) {
		return fmt.Errorf("%s: %v: must be one of %v", at, value, options)
	}
	switch v := value.(type) {
	case map[string]any:
		return conformObject(v, schema, at)
	case []any:
		return conformList(v, schema, at)
	case string:
		return conformText(v, schema, at)
	}
	if number, ok := asNumber(value); ok {
		if least, ok := asNumber(schema["minimum"]); ok && number < least {
			return fmt.Errorf("%s: %v: must be at least %v", at, value, schema["minimum"])
		}
		if most, ok := asNumber(schema["maximum"]); ok && number > most {
			return fmt.Errorf("%s: %v: must be at most %v", at, value, schema["maximum"])
		}
	}
	return nil
}

func conformType(value any, want, at string) error {
	ok := true
	switch want {
	case "object":
		_, ok = value.(map[string]any)
	case "array":
		_, ok = value.([]any)
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "number":
		_, ok = asNumber(value)
	case "integer":
		var number float64
		number, ok = asNumber(value)
		ok = ok && number == math.Trunc(number)
	}
	if !ok {
		return fmt.Errorf("%s: must be of type %s", at, want)
	}
	return nil
}

func conformObject(object, schema map[string]any, at string) error {
	required, _ := schema["required"].([]any)
	for _, key := range required {
		if field, ok := key.(string); ok {
			if _, present := object[field]; !present {
				return fmt.Errorf("%s.%s: is required", at, field)
			}
		}
	}
	if least, ok := asNumber(schema["minProperties"]); ok && float64(len(object)) < least {
		return fmt.Errorf("%s: must have at least %v entries", at, schema["minProperties"])
	}
	properties, _ := schema["properties"].(map[string]any)
	further, open := schema["additionalProperties"].(map[string]any)
	open = open || schema["additionalProperties"] == true || schema["x-kubernetes-preserve-unknown-fields"] == true || schema["type"] == nil
	for _, key := range sortedFields(object) {
		below, known := properties[key].(map[string]any)
		if !known {
			if !open {
				return fmt.Errorf("%s.%s: no such field", at, key)
			}
			below = further
		}
		if err := conform(object[key], below, at+"."+key); err != nil {
			return err
		}
	}
	return nil
}

func conformList(list []any, schema map[string]any, at string) error {
	if least, ok := asNumber(schema["minItems"]); ok && float64(len(list)) < least {
		return fmt.Errorf("%s: must have at least %v items", at, schema["minItems"])
	}
	items, _ := schema["items"].(map[string]any)
	for i, item := range list {
		if err := conform(item, items, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func conformText(value string, schema map[string]any, at string) error {
	if least, ok := asNumber(schema["minLength"]); ok && float64(utf8.RuneCountInString(value)) < least {
		return fmt.Errorf("%s: must have at least %v characters", at, schema["minLength"])
	}
	if pattern, ok := schema["pattern"].(string); ok {
		matched, err := regexp.MatchString(pattern, value)
		if err != nil {
			return fmt.Errorf("%s: the schema's pattern: %w", at, err)
		}
		if !matched {
			return fmt.Errorf("%s: %q: must match %s", at, value, pattern)
		}
	}
	return nil
}

// contains compares scalars alone: an enum of ConstraintTemplates has no others.
func contains(options []any, value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return false
	}
	for _, option := range options {
		switch option.(type) {
		case map[string]any, []any:
			continue
		}
		if option == value {
			return true
		}
	}
	return false
}

func asNumber(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
