package diagnosis

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"
)

// items reads an input whole.
func items(t *testing.T, text string, o Options) (Format, []Item, error) {
	t.Helper()
	if o.Name == "" {
		o.Name = "f"
	}
	reader, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	var list []Item
	err = reader.Each(func(i Item) error {
		list = append(list, i)
		return nil
	})
	return reader.Format(), list, err
}

// shown is an item on one line.
func shown(list []Item) string {
	var b strings.Builder
	for _, i := range list {
		fmt.Fprintf(&b, "%s|%s|%s|%d|%s\n", i.Object, i.Reason, i.Message, i.Count, i.Image)
	}
	return b.String()
}

func TestFormatsAreToldByTheirFirstBytes(t *testing.T) {
	for _, row := range []struct {
		why, text string
		want      Format
	}{
		{"nothing", "", PlainText},
		{"a message", "Failed to pull image", PlainText},
		{"kubeadm's bracket", "[ERROR ImagePull]: failed to pull image", PlainText},
		{"a log in JSON", `{"level":"error","msg":"failed to pull image"}`, PlainText},
		{"the table of kubectl get events", "LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n1m   Warning   Failed   pod/a   x", PlainText},
		{"a list", "\n{\n  \"apiVersion\": \"v1\",\n  \"items\": []}", JSON},
		{"an array", `[{"kind":"Event"}]`, JSON},
		{"an empty array", `[ ]`, JSON},
		{"a watch", `{"type":"ADDED","object":{}}`, JSON},
		{"YAML", "# saved\n---\napiVersion: v1\nitems:\n", YAML},
		{"a bare list in YAML", "- apiVersion: v1\n", YAML},
		{"a description", "Name:         web-1\nNamespace:    default\n", Description},
		{"its events alone", "Events:\n  Type     Reason   Age   From     Message\n", Description},
		{"a name in prose", "Name: what failed?\n", PlainText},
	} {
		if got := detect([]byte(row.text)); got != row.want {
			t.Errorf("%s: %q, want %q", row.why, got, row.want)
		}
	}
	if !PlainText.Lines() || !WholeText.Lines() || JSON.Lines() || Description.Lines() {
		t.Error("only plain text is answered line by line")
	}
}

func TestPlainTextIsOneMessageALine(t *testing.T) {
	_, list, err := items(t, "a\r\n\n  \n\x1b[31mb\x1b[0m\nc", Options{})
	if err != nil || len(list) != 3 || list[0].Message != "a" || list[0].Line != 1 || list[1].Message != "\x1b[31mb\x1b[0m" || list[1].Line != 4 || list[2].Message != "c" {
		t.Errorf("%+v, %v", list, err)
	}
	_, list, err = items(t, "a\nb\r\n", Options{Whole: true})
	if err != nil || len(list) != 1 || list[0].Message != "a\nb" {
		t.Errorf("whole: %+v, %v", list, err)
	}
	if _, list, err = items(t, " \n", Options{Whole: true}); err != nil || len(list) != 0 {
		t.Errorf("whole and blank: %+v, %v", list, err)
	}
}

func TestALongLineIsCutAndTheNextOneIsRead(t *testing.T) {
	long := strings.Repeat("x", MaxMessage+10)
	_, list, err := items(t, long+"\nErrImagePull\n", Options{})
	if err != nil || len(list) != 2 || !list[0].Cut || len(list[0].Message) != MaxMessage || list[1].Message != "ErrImagePull" || list[1].Cut {
		t.Errorf("%d items, %v", len(list), err)
	}
	if f := list[0].Diagnose(English); f.Note == "" {
		t.Error("the finding does not say that the message was cut")
	}
	_, list, err = items(t, long, Options{Whole: true})
	if err != nil || len(list) != 1 || !list[0].Cut {
		t.Errorf("whole: %d items, %v", len(list), err)
	}
}

func TestPowerShellsUTF16IsRead(t *testing.T) {
	text := "Failed to pull image: toomanyrequests 镜像 😀\r\nx"
	for _, row := range []struct {
		why  string
		mark string
		high int
	}{{"little endian", "\xff\xfe", 1}, {"big endian", "\xfe\xff", 0}} {
		data := []byte(row.mark)
		for _, unit := range utf16.Encode([]rune(text)) {
			pair := [2]byte{}
			pair[row.high], pair[1-row.high] = byte(unit>>8), byte(unit)
			data = append(data, pair[:]...)
		}
		_, list, err := items(t, string(data), Options{})
		if err != nil || len(list) != 2 || list[0].Message != "Failed to pull image: toomanyrequests 镜像 😀" {
			t.Errorf("%s: %q, %v", row.why, shown(list), err)
		}
	}
	if _, list, err := items(t, "\xff\xfea\x00b", Options{}); err != nil || len(list) != 1 || list[0].Message != "a" {
		t.Errorf("an odd byte: %+v, %v", list, err)
	}
	if _, list, err := items(t, "\uFEFF{\"kind\":\"Event\",\"message\":\"m\"}", Options{}); err != nil || len(list) != 1 {
		t.Errorf("a mark of UTF-8: %+v, %v", list, err)
	}
}

const (
	eventV1 = `{"apiVersion":"v1","kind":"Event","metadata":{"namespace":"default","name":"web-1.1"},"reason":"Failed","message":"Error: ErrImagePull","count":3,"type":"Warning","involvedObject":{"kind":"Pod","namespace":"default","name":"web-1"}}`
	eventEv = `{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"namespace":"shop"},"reason":"BackOff","note":"Back-off pulling image \"nginx\"","series":{"count":7},"deprecatedCount":2,"regarding":{"kind":"Pod","namespace":"shop","name":"cart"}}`
	aPod    = `{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"default","name":"web-2"},"spec":{"containers":[{"name":"a","image":"nginx:x"}]},"status":{"phase":"Pending",
"initContainerStatuses":[{"name":"i","image":"busybox","state":{"terminated":{"reason":"Completed","exitCode":0}}}],
"containerStatuses":[{"name":"a","image":"nginx:x","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"nginx:x\""}}},{"name":"b","image":"r/b","state":{"running":{}}}],
"ephemeralContainerStatuses":[{"name":"d","image":"r.example/d:1","state":{"waiting":{"reason":"ErrImagePull"}}}]}}`
	podItems = "default/web-2|Completed|Completed|1|busybox\ndefault/web-2|ImagePullBackOff|ImagePullBackOff: Back-off pulling image \"nginx:x\"|1|nginx:x\ndefault/web-2|ErrImagePull|ErrImagePull|1|r.example/d:1\n"
)

func TestObjectsOfAClusterAreRead(t *testing.T) {
	const v1 = "default/web-1|Failed|Error: ErrImagePull|3|\n"
	const ev = "shop/cart|BackOff|Back-off pulling image \"nginx\"|7|\n"
	for _, row := range []struct{ why, text, want string }{
		{"kubectl get events -o json", `{"apiVersion":"v1","items":[` + eventV1 + `,` + eventEv + `],"kind":"List","metadata":{"resourceVersion":""}}`, v1 + ev},
		{"the API's own list, whose items have no kind", `{"kind":"EventList","apiVersion":"v1","metadata":{},"items":[` + strings.Replace(eventV1, `"kind":"Event",`, "", 1) + `]}`, v1},
		{"one event", eventV1, v1},
		{"one event, indented", "\n" + strings.ReplaceAll(eventV1, ",", ",\n  "), v1},
		{"objects one after another", eventV1 + "\n" + eventEv + eventV1, v1 + ev + v1},
		{"a watch", `{"type":"ADDED","object":` + eventV1 + `}` + "\n" + `{"type":"MODIFIED","object":` + eventEv + `}`, v1 + ev},
		{"an array", `[` + eventV1 + `,` + aPod + `]`, v1 + podItems},
		{"kubectl get pods -o json", `{"apiVersion":"v1","items":[` + aPod + `],"kind":"List"}`, podItems},
		{"Pods and events together", `{"apiVersion":"v1","kind":"List","items":[` + aPod + `,` + eventV1 + `]}`, podItems + v1},
		{"a list in a list", `{"kind":"List","items":[{"kind":"List","items":[` + eventV1 + `]}]}`, v1},
		{"other kinds are passed over", `{"kind":"List","items":[{"kind":"Node","status":{"conditions":[]},"message":"x"},{"kind":"Status","status":"Failure","message":"ErrImagePull"},7,null,"x",[]]}`, ""},
		{"no items", `{"kind":"List","items":null}`, ""},
		{"fields of other types", `{"kind":"Event","reason":7,"message":"ErrImagePull","count":"x","involvedObject":[]}`, "||ErrImagePull|1|\n"},
		{"an event without a message", `{"kind":"Event","reason":"ErrImagePull"}`, "|ErrImagePull|ErrImagePull|1|\n"},
		{"what a node says of itself", `{"kind":"Event","reason":"x","message":"m","involvedObject":{"kind":"Node","name":"n1"}}`, "n1|x|m|1|\n"},
	} {
		format, list, err := items(t, row.text, Options{})
		if err != nil || format != JSON || shown(list) != row.want {
			t.Errorf("%s: %s, %v\n%swant\n%s", row.why, format, err, shown(list), row.want)
		}
	}
}

func TestBrokenJSONIsReadUpToThePlace(t *testing.T) {
	list := `{"apiVersion":"v1","items":[` + "\n" + eventV1 + ",\n" + eventV1 + "\n" + `],"kind":"List"}`
	for _, row := range []struct {
		why, text string
		read      int
		want      string
	}{
		{"cut in the middle of an event", list[:len(list)-150], 1, "f:3:100: items[1]: the JSON ends here, in the middle of a value; what stands before it was diagnosed; save the whole output and run again"},
		{"cut behind an event", list[:29+len(eventV1)], 1, "f:2:233: items: the JSON ends here"},
		{"cut before the first", `{"apiVersion":"v1","items":[`, 0, "f:1:29: items: the JSON ends here"},
		{"cut in a key", `{"apiVersion":"v1","it`, 0, "f:1:23: the JSON ends here"},
		{"cut behind a key", `{"apiVersion":`, 0, "f:1:15: apiVersion: the JSON ends here"},
		{"something else behind an event", `{"apiVersion":"v1","items":[` + "\n" + eventV1 + "\nError from server", 1, "f:3:1: items[1]: is no JSON behind this place: "},
		{"text behind the list", eventV1 + "\nlater", 1, "f:2:1: is no JSON behind this place"},
		{"items that are no list", `{"kind":"List","items":{"a":1}}`, 0, "f:1:25: items: is no list; give the output of kubectl get -o json"},
	} {
		_, found, err := items(t, row.text, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), row.want) || len(found) != row.read {
			t.Errorf("%s: read %d, want %d; %v\nwant %s", row.why, len(found), row.read, err, row.want)
		}
	}
}

// A stream gives one text again and again, between a beginning and an end.
type stream struct {
	begin, again, end string
	times             int
	rest              string
	started           bool
}

func (s *stream) Read(p []byte) (int, error) {
	for s.rest == "" {
		switch {
		case !s.started:
			s.rest, s.started = s.begin, true
		case s.times > 0:
			s.rest = s.again
			s.times--
		case s.end != "":
			s.rest, s.end = s.end, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func TestALongListIsReadInBoundedMemory(t *testing.T) {
	item := strings.Replace(eventV1, "Error: ErrImagePull", "Failed to pull image \\\"nginx\\\": "+strings.Repeat("x", 4000), 1)
	for _, row := range []struct{ why, begin, again, end string }{
		{"JSON", `{"apiVersion":"v1","items":[` + eventV1, "," + item, "]}"},
		{"text", "", "Failed to pull image \"nginx\": " + strings.Repeat("x", 4000) + "\n", "x"},
		{"YAML", "apiVersion: v1\nitems:\n", "- kind: Event\n  message: |\n    " + strings.Repeat("x", 4000) + "\n", "kind: List\n"},
	} {
		times := 16 << 20 / len(row.again)
		reader, err := NewReader(&stream{begin: row.begin, again: row.again, end: row.end, times: times}, Options{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		seen, most := 0, uint64(0)
		together := Collector{Emit: func(Report) error { return nil }}
		err = reader.Each(func(i Item) error {
			if seen++; seen%1000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
			}
			return together.Add(i, Finding{Cause: causeGeneric, Message: i.Message})
		})
		if err != nil || seen < times || most > 6<<20 {
			t.Errorf("%s: %d of %d messages, %d bytes held, %v", row.why, seen, times, most, err)
		}
	}
}

func TestAValueWithoutAnEndIsRefused(t *testing.T) {
	for _, row := range []struct{ why, begin, again, want string }{
		{"JSON", `{"kind":"List","items":[{"message":"`, strings.Repeat("x", 1<<20), "items[0]: one value has more than 16777216 bytes"},
		{"YAML", "kind: Event\nmessage: |\n", "  " + strings.Repeat("x", 1000) + "\n", "f:1: an object has more than 4194304 bytes; give the output of kubectl get -o json"},
		{"a line of YAML", "kind: Event\nmessage: ", strings.Repeat("x", 1<<20), "f:2: a line has more than 1048576 bytes"},
	} {
		reader, err := NewReader(&stream{begin: row.begin, again: row.again, times: 1 << 16}, Options{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Each(func(Item) error { return nil }); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestAnErrorOfTheCallerEndsTheReading(t *testing.T) {
	stop := errors.New("stop")
	for _, text := range []string{"a\nb\n", `{"kind":"List","items":[` + eventV1 + `,` + eventV1 + `]}`, aPod, "kind: Event\nmessage: m\n---\nkind: Event\nmessage: n\n", "Events:\n  Type  Reason  Age  From  Message\n  Warning  Failed  3m  kubelet  x\n  Warning  Failed  3m  kubelet  y\n"} {
		reader, err := NewReader(strings.NewReader(text), Options{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = reader.Each(func(Item) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 {
			t.Errorf("%q: %d messages, %v", text, n, err)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestAnErrorOfTheInputIsReported(t *testing.T) {
	for _, row := range []struct{ why, begin string }{{"at once", ""}, {"in text", "a\nb"}, {"in JSON", `{"kind":"List","items":[`}, {"in YAML", "apiVersion: v1\n"}, {"in a description", "Name: a\nNamespace: b\n"}} {
		reader, err := NewReader(io.MultiReader(strings.NewReader(row.begin), brokenReader{}), Options{Name: "f"})
		if err == nil {
			err = reader.Each(func(Item) error { return nil })
		}
		if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestThePlaceIsRightBehindManyLines(t *testing.T) {
	item := strings.ReplaceAll(eventV1, ",", ",\n") // 9 line breaks
	breaks := strings.Count(item, "\n") + 1
	const times = 40_000
	reader, err := NewReader(&stream{begin: `{"items":[` + item, again: "\n," + item, end: "\n  oops", times: times}, Options{Name: "f"})
	if err != nil {
		t.Fatal(err)
	}
	err = reader.Each(func(Item) error { return nil })
	want := fmt.Sprintf("f:%d:3: items[%d]: is no JSON behind this place", breaks*times+breaks+1, times+1)
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
	for _, row := range []struct{ why, begin, want string }{
		{"blank lines", `{"items":[`, "f:524289:1: items[0]: is no JSON behind this place"},
		{"a value that begins before the lines that are remembered", `{"items":[{"a":`, "f: items[0]: is no JSON behind this place"},
	} {
		reader, err := NewReader(&stream{begin: row.begin, again: strings.Repeat("\n", 1<<10), end: "!", times: 1 << 9}, Options{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		if err = reader.Each(func(Item) error { return nil }); err == nil || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.why, err, row.want)
		}
	}
}
