package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":9007199254740993}]}]}}`

// A conversation runs the program as a function, over pipes.
type conversation struct {
	t     testing.TB
	in    *io.PipeWriter
	lines *protocol.LineReader
	end   chan error
}

func converse(t testing.TB) *conversation {
	t.Helper()
	theirIn, in := io.Pipe()
	out, theirOut := io.Pipe()
	c := &conversation{t: t, in: in, lines: protocol.NewLineReader(out, protocol.MaxLine), end: make(chan error, 1)}
	go func() {
		err := program().Serve(context.Background(), theirIn, theirOut)
		theirOut.Close()
		c.end <- err
	}()
	return c
}

// ask sends a request and returns the line that answers it.
func (c *conversation) ask(request string) string {
	c.t.Helper()
	if _, err := io.WriteString(c.in, request+"\n"); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.lines.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	return string(line)
}

func TestAConversation(t *testing.T) {
	c := converse(t)
	line, err := c.lines.Next()
	if err != nil {
		t.Fatal(err)
	}
	var hello protocol.Hello
	if err := json.Unmarshal(line, &hello); err != nil {
		t.Fatal(err)
	}
	if hello.Protocol != protocol.Version || hello.Engine != "kubernetes" || !strings.HasPrefix(hello.Version, "v1.") || strings.Join(hello.Phases, " ") != "mutate validate" {
		t.Errorf("hello %+v", hello)
	}
	policy, err := os.ReadFile("admission/testdata/rewrite.yaml")
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(policy))
	if err != nil {
		t.Fatal(err)
	}
	typo, err := json.Marshal(strings.Replace(string(policy), "failurePolicy", "failurePolice", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		reason, request string
		says            []string
	}{
		{"a typo", `{"id":1,"load":{"files":[{"path":"p.yaml","data":` + string(typo) + `}]}}`, []string{`"id":1`, "p.yaml: document 1: ", "failurePolice"}},
		{"policies", `{"id":2,"load":{"files":[{"path":"p.yaml","data":` + string(quoted) + `}]}}`, []string{`"id":2`, `"session":1`, `"rules":["mirrors"]`}},
		{"a Pod", `{"id":3,"admit":{"session":1,"operation":"CREATE","phases":["mutate","validate"],"namespaceLabels":null,"object":` + pod + `}}`,
			[]string{`"id":3`, `"allowed":true`, "cr.example.com/dockerhub/library/nginx:latest", "9007199254740993", `"matched":["mirrors"]`, `"fired":["mirrors"]`}},
		{"another engine's phase", `{"id":4,"admit":{"session":1,"operation":"CREATE","phases":["background"],"namespaceLabels":null,"object":` + pod + `}}`, []string{`"id":4`, `"error":"phase \"background\"`}},
		{"the end of the session", `{"id":5,"unload":{"session":1}}`, []string{`"id":5`, `"unloaded":true`}},
	} {
		answer := c.ask(test.request)
		for _, says := range test.says {
			if !strings.Contains(answer, says) {
				t.Errorf("%s: %s is not in %s", test.reason, says, answer)
			}
		}
	}
	c.in.Close()
	if err := <-c.end; err != nil {
		t.Errorf("the end of input is a clean end: %v", err)
	}
}
