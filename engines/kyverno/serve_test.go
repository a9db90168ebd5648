package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

const policy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: rewrite}
spec:
  rules:
  - name: images
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate:
      foreach:
      - list: request.object.spec.containers
        preconditions: {all: [{key: "{{ starts_with(element.image, 'm.example.com/') }}", operator: Equals, value: false}]}
        patchesJson6902: |-
          - {op: replace, path: "/spec/containers/{{elementIndex}}/image", value: "m.example.com/{{ element.image }}"}
      - list: request.object.spec.initContainers
        preconditions: {all: [{key: "{{ starts_with(element.image, 'm.example.com/') }}", operator: Equals, value: false}]}
        patchesJson6902: |-
          - {op: replace, path: "/spec/initContainers/{{elementIndex}}/image", value: "m.example.com/{{ element.image }}"}
`

const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"initContainers":[{"name":"i","image":"busybox"}],` +
	`"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":9007199254740993}]},{"name":"b","image":"redis"}]}}`

// A conversation runs the program as a function, over pipes.
type conversation struct {
	t     testing.TB
	in    *io.PipeWriter
	lines *protocol.LineReader
	end   chan error
}

func converse(t testing.TB, limit int) *conversation {
	t.Helper()
	theirIn, in := io.Pipe()
	out, theirOut := io.Pipe()
	c := &conversation{t: t, in: in, lines: protocol.NewLineReader(out, protocol.MaxLine), end: make(chan error, 1)}
	go func() {
		p := program()
		p.MaxLine = limit
		err := p.Serve(context.Background(), theirIn, theirOut)
		theirIn.CloseWithError(errors.New("the program ended"))
		theirOut.Close()
		c.end <- err
	}()
	return c
}

func (c *conversation) write(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *conversation) read(value any) {
	c.t.Helper()
	line, err := c.lines.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(line, value); err != nil {
		c.t.Fatal(err)
	}
}

func (c *conversation) ask(request protocol.Request) protocol.Response {
	c.t.Helper()
	line, err := protocol.Encode(request, protocol.MaxLine)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(strings.TrimSpace(string(line)))
	var response protocol.Response
	c.read(&response)
	return response
}

func (c *conversation) finish() error {
	c.in.Close()
	return <-c.end
}

func (c *conversation) load() int64 {
	c.t.Helper()
	var hello protocol.Hello
	c.read(&hello)
	response := c.ask(protocol.Request{ID: 1, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: policy}}}})
	if response.Load == nil || response.ID != 1 || strings.Join(response.Load.Rules, " ") != "rewrite/images" {
		c.t.Fatalf("load: %+v", response)
	}
	return response.Load.Session
}

func TestAConversation(t *testing.T) {
	c := converse(t, protocol.MaxLine)
	var hello protocol.Hello
	c.read(&hello)
	if hello.Protocol != protocol.Version || hello.Engine != "kyverno" || hello.Version == "" || strings.Join(hello.Phases, " ") != "mutate validate background" {
		t.Errorf("hello %+v", hello)
	}
	bad := c.ask(protocol.Request{ID: 7, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: strings.Replace(policy, "match:", "macth:", 1)}}}})
	if bad.ID != 7 || bad.Load != nil || !strings.Contains(bad.Error, "p.yaml") || !strings.Contains(bad.Error, "macth") {
		t.Errorf("a typo: %+v", bad)
	}
	loaded := c.ask(protocol.Request{ID: 8, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: policy}}}})
	if loaded.Load == nil {
		t.Fatalf("load: %+v", loaded)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(pod), &object); err != nil {
		t.Fatal(err)
	}
	c.write(`{"id":9,"admit":{"session":1,"operation":"CREATE","phases":["mutate","validate"],"namespaceLabels":null,"object":` + pod + `}}`)
	line, err := c.lines.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"id":9`, `"allowed":true`, "m.example.com/nginx", "m.example.com/redis", "m.example.com/busybox", "9007199254740993"} {
		if !strings.Contains(string(line), part) {
			t.Errorf("%s is missing in %s", part, line)
		}
	}
	for _, test := range []struct {
		reason, line, says string
	}{
		{"nothing asked for", `{"id":10}`, "unknown request"},
		{"something unknown asked for", `{"id":10,"dance":{}}`, "unknown request"},
		{"two things asked for", `{"id":10,"load":{"files":[]},"unload":{"session":1}}`, "unknown request"},
		{"an unknown session", `{"id":10,"admit":{"session":99,"phases":["mutate"]}}`, "session 99 is not loaded"},
		{"no files", `{"id":10,"load":{"files":[]}}`, "nothing to judge by"},
		{"no phase", `{"id":10,"admit":{"session":1,"object":` + pod + `}}`, "phase"},
	} {
		c.write(test.line)
		var response protocol.Response
		c.read(&response)
		if response.ID != 10 || response.Admit != nil || !strings.Contains(response.Error, test.says) {
			t.Errorf("%s: %+v", test.reason, response)
		}
	}
	if gone := c.ask(protocol.Request{ID: 11, Unload: &protocol.Unload{Session: loaded.Load.Session}}); !gone.Unloaded {
		t.Errorf("unload: %+v", gone)
	}
	if twice := c.ask(protocol.Request{ID: 12, Unload: &protocol.Unload{Session: loaded.Load.Session}}); twice.Error == "" {
		t.Errorf("unload again: %+v", twice)
	}
	if err := c.finish(); err != nil {
		t.Errorf("the end of input is a clean end: %v", err)
	}
}

func TestTheClusterGoesOverTheWire(t *testing.T) {
	c := converse(t, protocol.MaxLine)
	var hello protocol.Hello
	c.read(&hello)
	clone := `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: pull-secrets}
spec:
  rules:
  - name: clone
    match: {any: [{resources: {kinds: [Namespace]}}]}
    generate: {synchronize: true, apiVersion: v1, kind: Secret, name: cloned, namespace: "{{ request.object.metadata.name }}", clone: {namespace: home, name: own}}
`
	loaded := c.ask(protocol.Request{ID: 1, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: clone}}}})
	if loaded.Load == nil || strings.Join(loaded.Load.Rules, " ") != "pull-secrets/clone" {
		t.Fatalf("load: %+v", loaded)
	}
	const home = `{"apiVersion":"v1","data":{"a":"Yg=="},"kind":"Secret","metadata":{"name":"own","namespace":"home"},"type":"Opaque"}`
	const cloned = `{"apiVersion":"v1","data":{"a":"Yg=="},"kind":"Secret","metadata":{"name":"cloned","namespace":"shop"},"type":"Opaque"}`
	for _, test := range []struct{ reason, cluster, says string }{
		{"a clone", "[" + home + "]", `"cluster":[` + home + "," + cloned + "]"},
		{"an empty cluster is not an unknown one", "[]", `"cluster":[]`},
		{"an unknown one is an error", "null", "cluster is null"},
	} {
		c.write(`{"id":2,"admit":{"session":1,"operation":"CREATE","phases":["background"],"namespaceLabels":null,"object":{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}},"cluster":` + test.cluster + `}}`)
		line, err := c.lines.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), test.says) {
			t.Errorf("%s: %s", test.reason, line)
		}
	}
	if err := c.finish(); err != nil {
		t.Error(err)
	}
}

func TestAnswersBearTheIDOfTheirRequest(t *testing.T) {
	c := converse(t, protocol.MaxLine)
	session := c.load()
	const count = 40
	go func() {
		for i := range count {
			line, err := protocol.Encode(protocol.Request{ID: int64(100 + i), Admit: &protocol.Admit{
				Session: session, Operation: "CREATE", Phases: []string{"mutate"},
				Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"}, "spec": map[string]any{
					"initContainers": []any{}, "containers": []any{map[string]any{"name": "a", "image": "n" + strconv.Itoa(i)}}}},
			}}, protocol.MaxLine)
			if err == nil {
				_, err = c.in.Write(line)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	seen := map[int64]bool{}
	for range count {
		var response protocol.Response
		c.read(&response)
		if response.Admit == nil || seen[response.ID] {
			t.Fatalf("%+v", response)
		}
		seen[response.ID] = true
		text, _ := json.Marshal(response.Admit.Object)
		if want := "m.example.com/n" + strconv.FormatInt(response.ID-100, 10) + `"`; !strings.Contains(string(text), want) {
			t.Errorf("answer %d is %s", response.ID, text)
		}
	}
	if err := c.finish(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoRequestEndsTheConversation(t *testing.T) {
	cases := []struct {
		reason, line, says string
	}{
		{"no JSON", "hello?", "read request"},
		{"another shape", `{"id":"one"}`, "read request"},
		{"a line over the limit", strings.Repeat("x", 3000), "line too long"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			c := converse(t, 2000)
			var hello protocol.Hello
			c.read(&hello)
			_, _ = io.WriteString(c.in, test.line+"\n")
			// A reader that waits for more learns of it by the end of the output only.
			if err := c.finish(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestAnAnswerOverTheLimitIsAnError(t *testing.T) {
	c := converse(t, 2000)
	session := c.load()
	var object map[string]any
	text := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"initContainers":[],"containers":[` +
		strings.TrimSuffix(strings.Repeat(`{"name":"a","image":"nginx"},`, 60), ",") + `]}}`
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	response := c.ask(protocol.Request{ID: 5, Admit: &protocol.Admit{Session: session, Object: object, Operation: "CREATE", Phases: []string{"mutate"}}})
	if response.ID != 5 || response.Admit != nil || !strings.Contains(response.Error, "cannot be sent") {
		t.Errorf("%+v", response)
	}
	if err := c.finish(); err != nil {
		t.Error(err)
	}
}

func TestTheCommandLine(t *testing.T) {
	cases := []struct {
		reason    string
		arguments []string
		code      int
		says      string
	}{
		{"the version is Kyverno's, too", []string{"--version"}, 0, "kyverno v"},
		{"help", []string{"--help"}, 0, "JSON lines"},
		{"anything else", []string{"policy.yaml"}, 2, "unknown argument"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			out, err := os.Create(t.TempDir() + "/out")
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			var errors strings.Builder
			code := program().Run(test.arguments, strings.NewReader(""), out, &errors)
			printed, err := os.ReadFile(out.Name())
			if err != nil {
				t.Fatal(err)
			}
			if all := string(printed) + errors.String(); code != test.code || !strings.Contains(all, test.says) {
				t.Errorf("%d: %s", code, all)
			}
		})
	}
}

// BenchmarkAdmitOverTheWire is what gen pays: encoding, both pipes, the engine.
func BenchmarkAdmitOverTheWire(b *testing.B) {
	c := converse(b, protocol.MaxLine)
	session := c.load()
	var object map[string]any
	if err := json.Unmarshal([]byte(pod), &object); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		response := c.ask(protocol.Request{ID: 2, Admit: &protocol.Admit{Session: session, Object: object, Operation: "CREATE", Phases: []string{"mutate"}}})
		if response.Admit == nil || response.Admit.Object == nil {
			b.Fatalf("%+v", response)
		}
	}
	if err := c.finish(); err != nil {
		b.Error(err)
	}
}

func TestACELPolicyOverTheWire(t *testing.T) {
	const celPolicy = `
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {name: rewrite}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  autogen: {podControllers: {controllers: []}}
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: "object.spec.containers.transformList(i, c, !c.image.startsWith('m.example.com/'), JSONPatch{op: 'replace', path: '/spec/containers/' + string(i) + '/image', value: 'm.example.com/' + c.image})"
`
	c := converse(t, protocol.MaxLine)
	var hello protocol.Hello
	c.read(&hello)
	unknown := c.ask(protocol.Request{ID: 1, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: strings.Replace(celPolicy, "kyverno.io/v1", "kyverno.io/v3", 1)}}}})
	if unknown.Load != nil || unknown.Error != "p.yaml: policies.kyverno.io/v3 MutatingPolicy: Kyverno "+hello.Version+" does not know it; it knows v1, v1beta1, v1alpha1" {
		t.Errorf("an unknown version: %+v", unknown)
	}
	loaded := c.ask(protocol.Request{ID: 2, Load: &protocol.Load{Files: []protocol.File{{Path: "p.yaml", Data: celPolicy}}}})
	if loaded.Load == nil || strings.Join(loaded.Load.Rules, " ") != "rewrite" {
		t.Fatalf("load: %+v", loaded)
	}
	c.write(`{"id":3,"admit":{"session":` + strconv.FormatInt(loaded.Load.Session, 10) + `,"operation":"CREATE","object":` + pod + `,"namespaceLabels":null,"phases":["mutate","validate"],"cluster":null}}`)
	var answer struct {
		ID    int64
		Admit json.RawMessage
	}
	c.read(&answer)
	want := strings.NewReplacer(`"nginx"`, `"m.example.com/nginx"`, `"redis"`, `"m.example.com/redis"`).Replace(pod)
	var made struct{ Object json.RawMessage }
	if err := json.Unmarshal(answer.Admit, &made); err != nil || canonical(t, made.Object) != canonical(t, json.RawMessage(want)) {
		t.Errorf("got %s, %v", answer.Admit, err)
	}
	if err := c.finish(); err != nil {
		t.Error(err)
	}
}

// canonical is JSON in one order of its keys, its numbers as they are written.
func canonical(t *testing.T, text json.RawMessage) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	made, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}
