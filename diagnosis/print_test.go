package diagnosis

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/terminal"
)

var update = flag.Bool("update", false, "write what the tests want from what they get")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func aReport(language Language) Report {
	const message = `Failed to pull image "harbor.example/hub/library/nginx:1": Head "https://harbor.example/v2/hub/library/nginx/manifests/1": http: server gave HTTP response to HTTPS client`
	r := Report{Finding: Diagnose(message, language), Object: "default/web-1", Count: 4}
	r.Change = []Change{{File: "mirrors.yaml", Line: 7, Path: "spec.mirrors[0].transport", YAML: "transport: http", Why: "why"}, {Path: "spec.scope", Why: "elsewhere"}}
	return r
}

func TestTheConsoleSaysCauseHostImageAndRemedy(t *testing.T) {
	for _, language := range []Language{English, Chinese} {
		var b strings.Builder
		if err := aReport(language).WriteConsole(&b, language); err != nil {
			t.Fatal(err)
		}
		golden(t, "console."+string(language)+".golden", b.String())
	}
}

func TestALongMessageKeepsItsBeginningAndItsEnd(t *testing.T) {
	r := Report{Finding: Finding{Cause: "rate-limited", Message: "begin " + strings.Repeat("é", 5000) + " end"}, Count: 1}
	var b strings.Builder
	if err := r.WriteConsole(&b, English); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); len(got) > 2000 || !strings.Contains(got, "begin é") || !strings.Contains(got, "é end") || strings.Contains(got, "�") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestNothingThatDrivesATerminalIsPrinted(t *testing.T) {
	message := "Failed to pull image \"\x1b[31mr.example/a:1\": \x9b31m toomanyrequests \u202eright to left \u2028 \x00 \x7f \u0085 \xff \U000e0001"
	r := Report{Finding: Diagnose(message, English), Object: "d/\x1b]0;x\x07p", Count: 1, Change: []Change{{File: "a\x1bb", Line: 1, Path: "p", Why: "w"}}}
	var console, line strings.Builder
	if err := r.WriteConsole(&console, English); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSON(&line); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.ReplaceAll(console.String(), "\n", ""), strings.TrimSuffix(line.String(), "\n")} {
		for _, c := range text {
			if terminal.Hidden(c) {
				t.Fatalf("%q drives a terminal: %q", c, text)
			}
		}
	}
	if !strings.Contains(console.String(), `\x1b`) || !strings.Contains(console.String(), `\u202e`) {
		t.Errorf("what was there is not visible: %s", console.String())
	}
	var back Report
	if err := json.Unmarshal([]byte(line.String()), &back); err != nil || back.Message != strings.ToValidUTF8(message, "\ufffd") || back.Object != r.Object {
		t.Errorf("the JSON does not give the message back: %q, %v", back.Message, err)
	}
}

func TestTheJSONFormOfAReport(t *testing.T) {
	var line bytes.Buffer
	r := aReport(English)
	if err := r.WriteJSON(&line); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(line.Bytes(), []byte("\n")); n != 1 || line.Bytes()[line.Len()-1] != '\n' {
		t.Errorf("%d lines", n)
	}
	var fields map[string]any
	if err := json.Unmarshal(line.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"message", "cause", "host", "image", "summary", "remedy", "object", "count", "change"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("the field %s is missing", name)
		}
	}
	change, _ := fields["change"].([]any)
	if first, _ := change[0].(map[string]any); first["file"] != "mirrors.yaml" || first["line"] != 7.0 || first["path"] != "spec.mirrors[0].transport" || first["yaml"] != "transport: http" {
		t.Errorf("change: %v", change)
	}
}
