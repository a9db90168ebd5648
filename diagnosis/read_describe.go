package diagnosis

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/terminal"
)

// readDescription reads what kubectl describe prints: of Pods the containers'
// states, of every object its table of events. Messages that a terminal or the
// table wrapped over several lines are put together again.
func readDescription(in *bufio.Reader, do func(Item) error) error {
	d := describeReader{do: do}
	for {
		line, _, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := d.line(terminal.StripSequences(line)); err != nil {
			return err
		}
		if err != nil {
			return d.flush()
		}
	}
}

type describeReader struct {
	do              func(Item) error
	namespace, name string
	// image, state, reason and message are those of the container at hand.
	image, state, reason, message string
	inEvents                      bool
	// event is the row that is being gathered; its Message is empty where none is.
	event Item
}

// line takes one line more.
func (d *describeReader) line(line string) error {
	if name, ok := topField(line, "Name"); ok {
		err := d.flush()
		*d = describeReader{do: d.do, name: name}
		return err
	}
	if namespace, ok := topField(line, "Namespace"); ok {
		d.namespace = namespace
		return nil
	}
	switch {
	case isEventHeader(line), strings.HasPrefix(line, "Events:"):
		d.inEvents = true
		return d.flush()
	case d.inEvents:
		return d.eventLine(line)
	}
	return d.containerLine(line)
}

// topField is the value of a field that is not indented.
func topField(line, name string) (string, bool) {
	rest, ok := strings.CutPrefix(line, name+":")
	if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	return strings.TrimSpace(rest), true
}

// containerLine takes a line of the part that lists containers.
func (d *describeReader) containerLine(line string) error {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	key, value, ok := strings.Cut(content, ":")
	value = strings.TrimSpace(value)
	if indent <= 2 && strings.HasSuffix(strings.TrimSpace(content), ":") || indent == 0 {
		// The next container, or the next part.
		return d.flushContainer()
	}
	if !ok {
		return nil
	}
	switch key {
	case "Image":
		d.image = value
	case "State":
		d.state = value
	case "Last State", "Ready":
		return d.flushState()
	case "Reason":
		if d.state == "Waiting" || d.state == "Terminated" {
			d.reason = value
		}
	case "Message":
		if d.state == "Waiting" || d.state == "Terminated" {
			d.message = value
		}
	}
	return nil
}

// flushState hands over the state that was gathered.
func (d *describeReader) flushState() error {
	reason, message := d.reason, d.message
	d.state, d.reason, d.message = "", "", ""
	item, ok := newItem(Item{Message: stateText(reason, message), Reason: reason, Image: d.image, Namespace: d.namespace, Object: object(d.namespace, d.name)})
	if !ok {
		return nil
	}
	return d.do(item)
}

func (d *describeReader) flushContainer() error {
	err := d.flushState()
	d.image = ""
	return err
}

// flush hands over whatever was gathered.
func (d *describeReader) flush() error {
	if err := d.flushContainer(); err != nil {
		return err
	}
	event := d.event
	d.event = Item{}
	if item, ok := newItem(event); ok {
		return d.do(item)
	}
	return nil
}

// eventLine takes a line of the table of events: a row, or the rest of one.
func (d *describeReader) eventLine(line string) error {
	content := strings.TrimSpace(line)
	if strings.HasPrefix(content, "----") {
		return nil
	}
	if row, ok := eventRow(line); ok {
		if err := d.flush(); err != nil {
			return err
		}
		row.Namespace, row.Object = d.namespace, object(d.namespace, d.name)
		d.event = row
		return nil
	}
	if content != "" && d.event.Message != "" && len(d.event.Message) < MaxMessage {
		d.event.Message += "\n" + content
	}
	return nil
}

// isEventHeader reports the heading of the table.
func isEventHeader(line string) bool {
	fields := strings.Fields(line)
	return len(fields) >= 4 && fields[len(fields)-1] == "Message" && strings.Contains(line, "Reason") && strings.Contains(line, "Type")
}

// eventRow takes a row apart: "Warning  Failed  3m (x4 over 4m)  kubelet
// Failed to pull ...". Older kubectl puts columns before the type.
func eventRow(line string) (Item, bool) {
	for _, kind := range []string{"Normal", "Warning"} {
		before, rest, ok := strings.Cut(line, kind)
		if !ok || before != "" && before[len(before)-1] != ' ' && before[len(before)-1] != '\t' || len(before) > 300 {
			continue
		}
		old := strings.TrimSpace(before) != ""
		if old && !strings.Contains(before, "\t") && !strings.Contains(before, "  ") {
			continue
		}
		columns := splitColumns(rest)
		if len(columns) < 2 {
			continue
		}
		item := Item{Reason: columns[0], Count: repeats(rest)}
		columns = columns[1:]
		if !old {
			columns = columns[min(2, len(columns)-1):] // age and source
		} else if fields := strings.Fields(before); len(fields) >= 3 {
			item.Count, _ = strconv.Atoi(fields[2])
		}
		item.Message = strings.Join(columns, "  ")
		return item, true
	}
	return Item{}, false
}

// splitColumns cuts at tabs and at two blanks or more.
func splitColumns(text string) []string {
	var columns []string
	for _, part := range strings.FieldsFunc(strings.ReplaceAll(text, "  ", "\t"), func(r rune) bool { return r == '\t' }) {
		if part = strings.TrimSpace(part); part != "" {
			columns = append(columns, part)
		}
	}
	return columns
}

// repeats reads "(x4 over 4m)".
func repeats(text string) int {
	_, rest, ok := strings.Cut(text, "(x")
	if !ok {
		return 1
	}
	digits, _, ok := strings.Cut(rest, " over ")
	count, err := strconv.Atoi(digits)
	if !ok || err != nil || count < 1 {
		return 1
	}
	return count
}
