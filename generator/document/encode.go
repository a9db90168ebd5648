package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Encode writes v as one YAML document: keys sorted, indented by two, no line
// folded, the same bytes for the same value. Strings are quoted where some
// reader, YAML 1.1 included, would take them for anything else, so that Object
// reads back what was given.
//
// v is made of map[string]any, map[string]string, []any, []string,
// []map[string]any, string, bool, int, int32, int64, float64 and nil. Another
// type, text that is not UTF-8 and a float that JSON cannot hold are errors.
func Encode(w io.Writer, v any) error {
	data, err := Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Marshal returns what Encode writes.
func Marshal(v any) (data []byte, err error) {
	node, err := encodeValue(v, 0)
	if err != nil {
		return nil, fmt.Errorf("encode YAML: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			data, err = nil, fmt.Errorf("encode YAML: the library failed: %v", p)
		}
	}()
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return nil, fmt.Errorf("encode YAML: %w", err)
	}
	return out.Bytes(), nil
}

func encodeValue(v any, depth int) (*yaml.Node, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", MaxDepth)
	}
	switch v := v.(type) {
	case nil:
		return plain("!!null", "null"), nil
	case bool:
		return plain("!!bool", strconv.FormatBool(v)), nil
	case int:
		return plain("!!int", strconv.Itoa(v)), nil
	case int32:
		return plain("!!int", strconv.Itoa(int(v))), nil
	case int64:
		return plain("!!int", strconv.FormatInt(v, 10)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("a float that JSON cannot hold")
		}
		return plain("", strconv.FormatFloat(v, 'g', -1, 64)), nil
	case string:
		return text(v)
	case map[string]any:
		return encodeMap(v, depth)
	case map[string]string:
		return encodeMap(v, depth)
	case []any:
		return encodeList(v, depth)
	case []string:
		return encodeList(v, depth)
	case []map[string]any:
		return encodeList(v, depth)
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

func plain(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func encodeMap[V any](m map[string]V, depth int) (*yaml.Node, error) {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if len(keys) == 0 {
		node.Style = yaml.FlowStyle
	}
	for _, key := range keys {
		name, err := text(key)
		if err != nil {
			return nil, err
		}
		value, err := encodeValue(m[key], depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, name, value)
	}
	return node, nil
}

func encodeList[V any](list []V, depth int) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if len(list) == 0 {
		node.Style = yaml.FlowStyle
	}
	for _, item := range list {
		value, err := encodeValue(item, depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, value)
	}
	return node, nil
}

// text chooses how a string is written.
func text(s string) (*yaml.Node, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("text that is not UTF-8")
	}
	node := plain("!!str", s)
	switch {
	case strings.Contains(s, "\n"):
		node.Style = yaml.DoubleQuotedStyle
		if literal(s) {
			node.Style = yaml.LiteralStyle
		}
	case misread(s):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node, nil
}

// literal reports text that a literal block gives back exactly, and that is the
// more readable for it. A blank at the start would need an indentation
// indicator, with which the library errs.
func literal(s string) bool {
	switch s[0] {
	case ' ', '\t', '\n':
		return false
	}
	return !strings.HasSuffix(s, "\n\n") && !strings.ContainsAny(s, "\r\u0085\u2028\u2029\uFEFF")
}

// misread reports text that, written plain, would not be a string to every
// reader: YAML 1.1 numbers to the base of 60 and "=" beyond what kubectl knows.
func misread(s string) bool {
	if _, ok := resolve(s).(string); !ok || s == "<<" || s == "=" {
		return true
	}
	if strings.ContainsAny(s, "\u0085\u2028\u2029\uFEFF") {
		return true
	}
	switch c := s[0]; {
	case '0' <= c && c <= '9', c == '+', c == '-':
		return isBase60(s) || isDate(s)
	}
	return false
}

// isBase60 is [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
func isBase60(s string) bool {
	if strings.IndexByte(s, ':') < 0 || strings.Trim(s, "0123456789_:.+-") != "" {
		return false // spares most strings, such as images with a port
	}
	return regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`).MatchString(s)
}

// isDate reports four digits and a dash, with which every timestamp begins.
func isDate(s string) bool {
	if len(s) < 5 || s[4] != '-' {
		return false
	}
	for i := 0; i < 4; i++ {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return true
}
