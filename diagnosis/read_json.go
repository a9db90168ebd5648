package diagnosis

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxObject bounds one object of a stream in bytes: an API server stores
// 1.5 MiB, and what is longer would have to be held in memory.
const maxObject = 16 << 20

// readJSON reads objects one after another. The items of a list are handed over
// one by one, so that a list may be longer than memory.
func readJSON(in io.Reader, name string, do func(Item) error) error {
	j := jsonReader{name: name, gauge: &gauge{in: in, left: maxObject}, do: do}
	j.decoder = json.NewDecoder(j.gauge)
	for {
		token, err := j.decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return j.fail("", err)
		}
		switch token {
		case json.Delim('{'):
			err = j.object()
		case json.Delim('['):
			err = j.list("")
		default:
			continue // a value that is no object says nothing
		}
		if err != nil {
			return err
		}
	}
}

type jsonReader struct {
	name    string
	gauge   *gauge
	decoder *json.Decoder
	do      func(Item) error
}

// object reads an object whose brace is read already.
func (j *jsonReader) object() error {
	fields := map[string]json.RawMessage{}
	for j.decoder.More() {
		token, err := j.decoder.Token()
		if err != nil {
			return j.fail("", err)
		}
		key, _ := token.(string)
		if key == "items" {
			token, err := j.decoder.Token()
			if err != nil {
				return j.fail(key, err)
			}
			if token == json.Delim('[') {
				if err := j.list(key); err != nil {
					return err
				}
				continue
			}
			if token != nil {
				return j.at(key, "is no list; give the output of kubectl get -o json")
			}
			continue
		}
		var value json.RawMessage
		if err := j.decoder.Decode(&value); err != nil {
			return j.fail(key, err)
		}
		if knownField(key) {
			fields[key] = value
		}
		j.gauge.reset(j.decoder.InputOffset())
	}
	if _, err := j.decoder.Token(); err != nil { // the brace
		return j.fail("", err)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return j.fail("", err)
	}
	return decodeObject(data).each(j.do)
}

// list reads a list whose bracket is read already.
func (j *jsonReader) list(path string) error {
	for i := 0; j.decoder.More(); i++ {
		var item json.RawMessage
		if err := j.decoder.Decode(&item); err != nil {
			return j.fail(fmt.Sprintf("%s[%d]", path, i), err)
		}
		if len(item) > 0 && item[0] == '{' {
			if err := decodeObject(item).each(j.do); err != nil {
				return err
			}
		}
		j.gauge.reset(j.decoder.InputOffset())
	}
	if _, err := j.decoder.Token(); err != nil { // the bracket
		return j.fail(path, err)
	}
	return nil
}

// fail says where the input is broken.
func (j *jsonReader) fail(path string, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooLarge):
		return j.at(path, fmt.Sprintf("one value has more than %d bytes, which no object of a cluster has", maxObject))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && strings.Contains(syntax.Error(), "unexpected end"):
		line, column := j.gauge.place(j.gauge.read)
		return j.error(line, column, path, "the JSON ends here, in the middle of a value; what stands before it was diagnosed; save the whole output and run again")
	case errors.As(err, &syntax):
		return j.at(path, "is no JSON behind this place: "+syntax.Error())
	}
	return fmt.Errorf("%s: %w", j.name, err)
}

// at is an error at the last thing that was understood.
func (j *jsonReader) at(path, rule string) error {
	line, column := j.gauge.place(j.decoder.InputOffset())
	return j.error(line, column, path, rule)
}

func (j *jsonReader) error(line, column int, path, rule string) error {
	where := j.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d:%d", j.name, line, column)
	}
	if path != "" {
		where += ": " + path
	}
	return fmt.Errorf("%s: %s", where, rule)
}
