package document

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
)

// jsonObject reads the document as JSON; done is false where it is none and
// YAML shall be tried. JSON is not wholly a part of YAML: tabs may indent it,
// and two escapes may stand for one character.
func (d Document) jsonObject() (object map[string]any, done bool, err error) {
	data := bytes.TrimLeft(d.Data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' || d.broken != "" || !json.Valid(data) {
		return nil, false, nil
	}
	if line, ok := d.notUTF8(); ok {
		return nil, true, d.errorAt(line, "not UTF-8")
	}
	j := jsonWalker{doc: d, skipped: len(d.Data) - len(data), decoder: json.NewDecoder(bytes.NewReader(data))}
	j.decoder.UseNumber()
	value, err := j.value(0)
	if err != nil {
		return nil, true, err
	}
	object, _ = value.(map[string]any)
	return object, true, nil
}

// A jsonWalker reads tokens rather than values, to see duplicate keys.
type jsonWalker struct {
	doc     Document
	skipped int
	decoder *json.Decoder
}

func (j *jsonWalker) fail(format string, args ...any) error {
	offset := min(len(j.doc.Data), j.skipped+int(j.decoder.InputOffset()))
	return j.doc.errorAt(1+bytes.Count(j.doc.Data[:offset], []byte("\n")), format, args...)
}

func (j *jsonWalker) value(depth int) (any, error) {
	token, err := j.decoder.Token()
	if err != nil && err != io.EOF {
		return nil, j.fail("%v", err)
	}
	switch token := token.(type) {
	case json.Delim:
		if depth >= MaxDepth {
			return nil, j.fail("nested deeper than %d levels", MaxDepth)
		}
		if token == '{' {
			return j.object(depth)
		}
		list := []any{}
		for j.decoder.More() {
			item, err := j.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, _ = j.decoder.Token() // the bracket: the text is known to be valid
		return list, nil
	case json.Number:
		if i, err := strconv.ParseInt(token.String(), 10, 64); err == nil {
			return i, nil
		}
		f, err := token.Float64()
		if err != nil {
			return nil, j.fail("%s is no number that an object can hold", quoted(token.String()))
		}
		return throughJSON(f), nil
	}
	return token, nil
}

func (j *jsonWalker) object(depth int) (any, error) {
	object := map[string]any{}
	for j.decoder.More() {
		token, err := j.decoder.Token()
		if err != nil {
			return nil, j.fail("%v", err)
		}
		name, _ := token.(string)
		if _, ok := object[name]; ok {
			return nil, j.fail("duplicate key %s", quoted(name))
		}
		if object[name], err = j.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, _ = j.decoder.Token() // the brace
	return object, nil
}
