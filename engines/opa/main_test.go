package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
	"mirrorgen.dev/gen/harness/engine/opa"
)

// generated are the repository's own policies of a target.
func generated(t *testing.T, patterns ...string) []protocol.File {
	t.Helper()
	var files []protocol.File
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("..", "..", "policies", pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			if filepath.Base(name) == "kustomization.yaml" {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, protocol.File{Path: filepath.ToSlash(name), Data: string(data)})
		}
	}
	return files
}

// converse sends requests and returns the hello and the answers.
func converse(t *testing.T, name string, requests ...protocol.Request) (protocol.Hello, map[int64]protocol.Response) {
	t.Helper()
	out, theirs := io.Pipe()
	in, ours := io.Pipe()
	end := make(chan error, 1)
	go func() {
		err := program(name).Serve(context.Background(), in, theirs)
		theirs.Close()
		end <- err
	}()
	lines := protocol.NewLineReader(out, protocol.MaxLine)
	read := func(into any) {
		t.Helper()
		line, err := lines.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, into); err != nil {
			t.Fatal(err)
		}
	}
	var hello protocol.Hello
	read(&hello)
	answers := map[int64]protocol.Response{}
	for _, request := range requests {
		line, err := protocol.Encode(request, protocol.MaxLine)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ours.Write(line); err != nil {
			t.Fatal(err)
		}
		var response protocol.Response
		read(&response)
		answers[response.ID] = response
	}
	ours.Close()
	if err := <-end; err != nil {
		t.Errorf("the conversation ends with %v", err)
	}
	return hello, answers
}

func pod(image string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "shop"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": image, "ports": []any{map[string]any{"containerPort": 80}}}}}}
}

func admit(id int64, object map[string]any, phases ...string) protocol.Request {
	return protocol.Request{ID: id, Admit: &protocol.Admit{Session: 1, Operation: "CREATE", Object: object, NamespaceLabels: map[string]string{}, Phases: phases}}
}

func TestEachEngineJudgesWithTheOtherOPA(t *testing.T) {
	for _, row := range []struct {
		name  string
		files []string
	}{
		{opa.RegoName, []string{"rego/policy/*.rego", "rego/policy/lib/mirrorgen/*/*.rego", "rego/data/*.yaml"}},
		{opa.GatekeeperName, []string{"gatekeeper/templates/*.yaml", "gatekeeper/constraints/*.yaml"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			hello, answers := converse(t, row.name,
				protocol.Request{ID: 1, Load: &protocol.Load{Files: generated(t, row.files...)}},
				admit(2, pod("nginx"), "validate"),
				admit(3, pod("mirror.example.com/docker.io/library/nginx:1"), "validate"),
				admit(4, pod("nginx"), "mutate"),
				protocol.Request{ID: 5, Admit: &protocol.Admit{Session: 1, Operation: "UPDATE", Object: pod("nginx"), Phases: []string{"validate"}}},
			)
			if hello.Engine != row.name || hello.Version != "v1.17.1" || strings.Join(hello.Phases, " ") != "validate" {
				t.Errorf("hello %+v", hello)
			}
			if loaded := answers[1].Load; loaded == nil || len(loaded.Rules) == 0 {
				t.Fatalf("load: %+v", answers[1])
			}
			if denied := answers[2].Admit; denied == nil || denied.Allowed || len(denied.Messages) != 1 || len(denied.Matched) == 0 || len(denied.Fired) == 0 {
				t.Errorf("an image that passes the mirror by: %+v", answers[2])
			}
			if allowed := answers[3].Admit; allowed == nil || !allowed.Allowed || allowed.Object != nil || len(allowed.Matched) == 0 || len(allowed.Fired) != 0 {
				t.Errorf("an image on the mirror: %+v", answers[3])
			}
			if other := answers[4].Admit; other == nil || !other.Allowed || len(other.Matched) != 0 {
				t.Errorf("a phase that the engine does not have: %+v", answers[4])
			}
			if answers[5].Admit != nil || !strings.Contains(answers[5].Error, "old object") {
				t.Errorf("a request that no cluster makes: %+v", answers[5])
			}
		})
	}
}

func TestPoliciesThatCannotBeUsedAreAnError(t *testing.T) {
	for name, text := range map[string]string{
		opa.RegoName:       "package main\n\nimport rego.v2\n",
		opa.GatekeeperName: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
	} {
		_, answers := converse(t, name, protocol.Request{ID: 1, Load: &protocol.Load{Files: []protocol.File{{Path: "x.rego", Data: text}}}})
		if answers[1].Load != nil || answers[1].Error == "" {
			t.Errorf("%s: %+v", name, answers[1])
		}
	}
}

func TestTheFirstArgumentIsTheEngine(t *testing.T) {
	for _, row := range []struct {
		reason    string
		arguments []string
		status    int
		out, says string
	}{
		{"none", nil, 2, "", "name the engine: rego or gatekeeper"},
		{"the version is of no engine", []string{"--version"}, 0, "v1.17.1", ""},
		{"nor is the help", []string{"--help"}, 0, "gen-engine-opa gatekeeper", ""},
		{"another engine", []string{"kyverno"}, 2, "", `unknown argument "kyverno"`},
		{"an argument too many", []string{"rego", "x"}, 2, "", `unknown argument "x"`},
	} {
		t.Run(row.reason, func(t *testing.T) {
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			var complaints bytes.Buffer
			status := run(row.arguments, strings.NewReader(""), out, &complaints)
			printed, err := os.ReadFile(out.Name())
			if err != nil {
				t.Fatal(err)
			}
			if status != row.status || !strings.Contains(string(printed), row.out) || !strings.Contains(complaints.String(), row.says) {
				t.Errorf("status %d, printed %q, said %q", status, printed, complaints.String())
			}
		})
	}
}
