package diagnosis

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// maxYAML bounds one object of a YAML stream in bytes. Parsed YAML takes some
// forty times its size; longer ones are for -o json.
const maxYAML = 4 << 20

// readYAML reads what kubectl -o yaml prints: objects with "---" between them.
// A list is taken apart by its lines, as kubectl writes an item's first line
// with a dash and the others indented, so that only one item is parsed at once.
func readYAML(in *bufio.Reader, name string, do func(Item) error) error {
	y := yamlReader{name: name, do: do}
	for number := 1; ; number++ {
		line, cut, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if cut {
			return fmt.Errorf("%s:%d: a line has more than %d bytes; give the output of kubectl get -o json, which is read piece by piece", name, number, MaxMessage)
		}
		if err := y.line(line, number); err != nil {
			return err
		}
		if err != nil {
			return y.flush()
		}
	}
}

type yamlReader struct {
	name string
	do   func(Item) error
	// text is the object that is being gathered, which began at line from.
	text bytes.Buffer
	from int
	// dash is the indentation of the list's dashes; -1 outside of a list.
	dash   int
	inList bool
}

// line takes one line more.
func (y *yamlReader) line(line string, number int) error {
	switch {
	case line == "---" || strings.HasPrefix(line, "--- ") || line == "...":
		y.inList = false
		return y.flush()
	case line == "items:" || line == "items: []":
		// What stands before belongs to the list itself.
		y.text.Reset()
		y.inList, y.dash = true, -1
		return nil
	case y.inList:
		return y.listLine(line, number)
	case y.text.Len() == 0 && strings.HasPrefix(line, "- "):
		// A bare list of objects.
		y.inList, y.dash = true, -1
		return y.listLine(line, number)
	}
	return y.add(line, number)
}

// listLine takes a line behind "items:".
func (y *yamlReader) listLine(line string, number int) error {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	switch {
	case content == "" || content[0] == '#':
		if y.text.Len() == 0 {
			return nil
		}
		return y.add(line, number)
	case y.dash < 0 && strings.HasPrefix(content, "- "):
		y.dash = indent
	case indent < y.dash, indent == y.dash && !strings.HasPrefix(content, "- "), y.dash < 0:
		// A key of the list itself: the items are over.
		y.inList = false
		if err := y.flush(); err != nil {
			return err
		}
		return y.add(line, number)
	}
	if indent == y.dash {
		if err := y.flush(); err != nil {
			return err
		}
		line = line[:indent] + " " + line[indent+1:]
	}
	return y.add(line, number)
}

func (y *yamlReader) add(line string, number int) error {
	if y.text.Len() == 0 {
		y.from = number
	}
	if y.text.Len()+len(line) > maxYAML {
		return fmt.Errorf("%s:%d: an object has more than %d bytes; give the output of kubectl get -o json, which is read piece by piece", y.name, y.from, maxYAML)
	}
	y.text.WriteString(line)
	y.text.WriteByte('\n')
	return nil
}

// flush parses what was gathered.
func (y *yamlReader) flush() error {
	defer y.text.Reset()
	if len(bytes.TrimSpace(y.text.Bytes())) == 0 {
		return nil
	}
	doc := document.Document{Name: y.name, Index: 1, Line: y.from, Data: y.text.Bytes()}
	fields, err := doc.Object()
	if err != nil {
		var broken *document.Error
		if errors.As(err, &broken) {
			return fmt.Errorf("%s:%d: %s; what stands before it was diagnosed", y.name, broken.Line, broken.Message)
		}
		return err
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", y.name, y.from, err)
	}
	return decodeObject(data).each(y.do)
}
