package document

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func read(t testing.TB, text string) (map[string]any, error) {
	t.Helper()
	doc, err := NewReader("f.yaml", strings.NewReader(text)).Next()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return doc.Object()
}

// TestScalarsReadAsKubectlDoes lists what was checked against sigs.k8s.io/yaml
// v1.6.0 followed by the JSON decoding of k8s.io/apimachinery.
func TestScalarsReadAsKubectlDoes(t *testing.T) {
	for _, row := range []struct {
		text string
		want any
	}{
		{"yes", true}, {"Yes", true}, {"YES", true}, {"on", true}, {"On", true}, {"ON", true}, {"y", true}, {"Y", true}, {"true", true}, {"True", true}, {"TRUE", true},
		{"no", false}, {"No", false}, {"NO", false}, {"off", false}, {"Off", false}, {"OFF", false}, {"n", false}, {"N", false}, {"false", false}, {"FALSE", false},
		{"yEs", "yEs"}, {"oN", "oN"}, {"tRUE", "tRUE"}, {`"yes"`, "yes"}, {"'no'", "no"}, {"nope", "nope"}, {"none", "none"},
		{"", nil}, {"~", nil}, {"null", nil}, {"Null", nil}, {"NULL", nil}, {"nUll", "nUll"}, {`""`, ""}, {"# comment", nil},
		{"1", int64(1)}, {"-1", int64(-1)}, {"+1", int64(1)}, {"0", int64(0)}, {"-0", int64(0)}, {"0777", int64(511)}, {"0o17", int64(15)}, {"0x1F", int64(31)}, {"-0x1", int64(-1)},
		{"0b11", int64(3)}, {"-0b11", int64(-3)}, {"1_000", int64(1000)}, {"08", int64(8)}, {"089", int64(89)}, {"1.5", 1.5}, {".5", 0.5}, {"1.", int64(1)}, {"1e3", int64(1000)}, {"1.0", int64(1)},
		{"1e-3", 0.001}, {"1e21", 1e21}, {"1e400", "1e400"}, {"9223372036854775807", int64(math.MaxInt64)}, {"9223372036854775808", float64(1 << 63)}, {"-9223372036854775808", int64(math.MinInt64)},
		{"18446744073709551616", 18446744073709551616.0}, {"0x", "0x"}, {"1.2.3", "1.2.3"}, {"v1", "v1"}, {"1:30", "1:30"}, {"190:20:30", "190:20:30"}, {"+", "+"}, {".", "."}, {"._", "._"}, {"1e", "1e"}, {"0x_", "0x_"}, {"-.5", -0.5},
		{"2001-01-01", "2001-01-01"}, {"2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"}, {"!!timestamp 2001-01-01", "2001-01-01"},
		{"!!str 5", "5"}, {"!!int \"5\"", int64(5)}, {"!!float 5", int64(5)}, {"!!bool yes", true}, {"!!binary aGVsbG8=", "hello"}, {"!!binary /w==", "\uFFFD"}, {"!custom 5", "5"}, {"!!null ''", nil},
		{"[a, 1, [yes]]", []any{"a", int64(1), []any{true}}}, {"{b: {c: }}", map[string]any{"b": map[string]any{"c": nil}}}, {"[]", []any{}}, {"{}", map[string]any{}},
		{"|\n  x\n  y\n", "x\ny\n"}, {">-\n  x\n  y\n", "x y"},
	} {
		got, err := read(t, "a: "+row.text+"\n")
		if err != nil {
			t.Errorf("%q: %v", row.text, err)
			continue
		}
		if !reflect.DeepEqual(got["a"], row.want) {
			t.Errorf("%q: got %#v, want %#v", row.text, got["a"], row.want)
		}
	}
}

func TestObjects(t *testing.T) {
	for _, row := range []struct{ why, in, want string }{
		{"keys become their JSON text", "1: a\ntrue: b\nno: c\n1.5: d\n0x10: e\n1e10: f\n.inf: g\n", `{"1":"a","true":"b","false":"c","1.5":"d","16":"e","1e+10":"f",".inf":"g"}`},
		{"aliases", "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n", `{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]}`},
		{"an alias as a key", "a: &x b\n*x : c\n", `{"a":"b","b":"c"}`},
		{"a merge key", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", `{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}`},
		{"a merge behind a key wins, as in kubectl", "a: &x {b: 1}\nd:\n  b: 2\n  <<: *x\n", `{"a":{"b":1},"d":{"b":1}}`},
		{"the first of a merged list wins", "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}\n", `{"a":{"b":1},"c":{"b":2,"d":3},"e":{"b":1,"d":3}}`},
		{"two merge keys", "a: &x {b: 1}\nc: &y {d: 2}\ne:\n  <<: *x\n  <<: *y\n", `{"a":{"b":1},"c":{"d":2},"e":{"b":1,"d":2}}`},
		{"a quoted << is a key", "'<<': 1\n", `{"<<":1}`},
		{"a root that is anchored", "&r\na: 1\n", `{"a":1}`},
		{"CRLF", "a: |\r\n  x\r\n  y\r\nb: 1\r\n", `{"a":"x\ny\n","b":1}`},
		{"JSON with tabs and an escaped pair", "\n{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1, 1.0, 1.5, null, true, {}]\n}\n", `{"a":"😀","b":[1,1,1.5,null,true,{}]}`},
		{"a flow mapping that is no JSON", "{a: 1}\n", `{"a":1}`},
	} {
		got, err := read(t, row.in)
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(row.want), &want); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(got)
		var again map[string]any
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s: got %s, want %s", row.why, text, row.want)
		}
	}
}

func TestAliasedValuesAreNotShared(t *testing.T) {
	object, err := read(t, "a: &x {b: 1}\nc: *x\n")
	if err != nil {
		t.Fatal(err)
	}
	object["a"].(map[string]any)["b"] = int64(2)
	if got := object["c"].(map[string]any)["b"]; got != int64(1) {
		t.Errorf("a change through the anchor shows through the alias: %v", got)
	}
}

// bomb doubles a list n times.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	return b.String()
}

func TestObjectRefuses(t *testing.T) {
	deep := strings.Repeat("[", 1100) + strings.Repeat("]", 1100)
	for _, row := range []struct{ why, in, want string }{
		{"a duplicate key", "---\na: 1\nb: 2\na: 3\n", `f.yaml: document 1: line 4: duplicate key "a"`},
		{"a duplicate once keys are text", "1: a\n\"1\": b\n", `f.yaml: document 1: line 2: duplicate key "1"`},
		{"a duplicate beside a merge key", "x: &x {b: 1}\ny:\n  <<: *x\n  b: 2\n  b: 3\n", `f.yaml: document 1: line 5: duplicate key "b"`},
		{"a duplicate in JSON", "{\"a\": 1,\n\"a\": 2}", `f.yaml: document 1: line 2: duplicate key "a"`},
		{"a list", "- a\n", `f.yaml: document 1: line 1: not an object: a mapping with apiVersion and kind must stand here`},
		{"a scalar", "a\n", `f.yaml: document 1: line 1: not an object: a mapping with apiVersion and kind must stand here`},
		{"null", "~\n", `f.yaml: document 1: line 1: not an object: a mapping with apiVersion and kind must stand here`},
		{"a mapping as a key", "a: 1\n{b: 1}: 2\n", `f.yaml: document 1: line 2: a key must be a string`},
		{"null as a key", "~: 1\n", `f.yaml: document 1: line 1: a key must be a string, not null`},
		{"no number", "a: .nan\n", `f.yaml: document 1: line 1: .nan is no number that an object can hold`},
		{"a JSON number beyond float64", `{"a": 1e999}`, `f.yaml: document 1: line 1: "1e999" is no number that an object can hold`},
		{"a tag that lies", "a: !!int x\n", `f.yaml: document 1: line 1: the value does not have the type that its tag !!int says`},
		{"broken base64", "a: !!binary x\n", `f.yaml: document 1: line 1: a !!binary value must be base64`},
		{"a merge of a scalar", "<<: 1\n", `f.yaml: document 1: line 1: a merge key needs a mapping or a list of mappings`},
		{"an anchor within itself", "a: &x [*x]\n", `f.yaml: document 1: line 1: an anchor's value contains an alias of itself`},
		{"a merge within itself", "a: &x\n  <<: *x\n", `f.yaml: document 1: line 2: an anchor's value contains an alias of itself`},
		{"an unknown anchor is not repeated", "a: *hunter2\n", `f.yaml: document 1: near line 1: an alias names an anchor that is not defined before it`},
		{"a bomb", bomb(9), `f.yaml: document 1: line 1: aliases stand for too many values; write the values out`},
		{"a bomb of merge keys", "a: &a {}\nb: &b {<<: [" + strings.Repeat("*a,", 300) + "]}\nc: &c {<<: [" + strings.Repeat("*b,", 300) + "]}\nd: {<<: [" + strings.Repeat("*c,", 300) + "]}\n", `f.yaml: document 1: line 1: aliases stand for too many values; write the values out`},
		{"too deep", "a: " + deep, `f.yaml: document 1: line 1: nested deeper than 1000 levels`},
		{"too deep in JSON", `{"a": ` + deep + `}`, `f.yaml: document 1: line 1: nested deeper than 1000 levels`},
		{"not UTF-8", "a: 1\nb: \xff\n", `f.yaml: document 1: line 2: not UTF-8`},
		{"two documents in one", "{a: 1}\n{b: 1}\n", `f.yaml: document 1: near line 1: did not find expected <document start>`},
		{"a control character", "a: \x01\n", `f.yaml: document 1: near line 1: control characters are not allowed`},
		{"a tab", "a:\n\tb: 1\n", `f.yaml: document 1: near line 2: found character that cannot start any token`},
		{"text behind a separator", "---\n--- x\n", `f.yaml: document 1: line 2: text behind the separator "---"; write it on the next line, since kubectl refuses it there`},
	} {
		_, err := read(t, row.in)
		if err == nil {
			t.Errorf("%s: accepted", row.why)
			continue
		}
		if err.Error() != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.why, err, row.want)
		}
	}
}

func TestErrorCountsLinesOfTheFile(t *testing.T) {
	r := NewReader("f.yaml", strings.NewReader("a: 1\n---\n\nb: 1\nb: 2\n---\nc: [\n"))
	var got []string
	for {
		doc, err := r.Next()
		if err != nil {
			break
		}
		if _, err := doc.Object(); err != nil {
			got = append(got, err.Error())
		}
	}
	want := []string{`f.yaml: document 2: line 5: duplicate key "b"`, `f.yaml: document 3: near line 7: did not find expected node content`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func pods(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `apiVersion: v1
kind: Pod
metadata:
  name: web-%d
  namespace: shop
  labels:
    app: web
    app.kubernetes.io/name: web
    app.kubernetes.io/version: "1.25"
  annotations:
    example.com/owner: team-a
spec:
  containers:
  - name: web
    image: nginx:1.25
    imagePullPolicy: IfNotPresent
    ports:
    - containerPort: 8080
      protocol: TCP
    resources:
      limits:
        memory: 128Mi
  - name: sidecar
    image: quay.io/acme/sidecar:2.1
    args: ["--log", "info"]
  restartPolicy: Always
---
`, i)
	}
	return b.String()
}

func BenchmarkTenThousandPods(b *testing.B) {
	text := pods(10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader("f", strings.NewReader(text))
		count := 0
		for {
			doc, err := r.Next()
			if err != nil {
				break
			}
			if _, err := doc.Object(); err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != 10_000 {
			b.Fatalf("%d documents", count)
		}
	}
}
