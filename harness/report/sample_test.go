package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

const hex64 = "7cc4b5aefd1d0cadf8d97d4350462ba51c694ebca145b08d7d41b41acc8db5aa"

// sample has a result of every status, a case that could not be read, images of
// every kind, and text that is out to break each format.
func sample() *Report {
	hostile := "said \x1b[31mred\x1b[0m]]> <b>&\"' \u202eright to left\n::error::not ours\r##[add-mask]x\xff"
	r := &Report{
		Pipelines: []string{"reference", "kyverno->rego", "kyverno->kyverno"},
		Results: []Result{
			{Case: "digest-survives-rewrite", Why: "A digest pins content.", Folder: "testcases/digest-survives-rewrite",
				File: "testcases/digest-survives-rewrite/want.yaml", Line: 7, Pipeline: "kyverno->rego", Status: Failed,
				Messages: []string{"the admitted object is another"},
				Diff:     "--- want\n+++ got\n@@ -1 +1 @@\n-  - image: m.example.com/a@sha256:" + hex64 + "\n+  - image: m.example.com/a:latest\n ::error::context\n",
				Duration: 1500 * time.Microsecond},
			{Case: "digest-survives-rewrite", Folder: "testcases/digest-survives-rewrite", Pipeline: "reference", Status: Passed,
				Images: []ImageVerdict{
					{"nginx@sha256:" + hex64, "mirror.example.com/docker.io/library/nginx@sha256:" + hex64, true},
					{"mirror.example.com/a:1", "mirror.example.com/a:1", true},
					{"mirror.example.com/a:1", "mirror.example.com/a:1", true},
				}, Duration: time.Millisecond},
			{Case: "digest-survives-rewrite", Folder: "testcases/digest-survives-rewrite", Pipeline: "kyverno->kyverno", Status: Passed},
			{Case: "hostile", Folder: "testcases/hostile", Pipeline: "kyverno->rego", Status: Broken, Messages: []string{hostile, "second"},
				Images: []ImageVerdict{{"a|b`c\n\x1b[2J", "a|b`c\n\x1b[2J", false}}},
			{Case: "hostile", Folder: "testcases/hostile", Pipeline: "kyverno->kyverno", Status: NotApplicable, Messages: []string{"looks at Pods alone"}},
			{Case: "hostile", Folder: "testcases/hostile", Pipeline: "reference", Status: Skipped, Messages: []string{"the reference has no registry"}},
			{Case: "unreadable", Folder: "testcases/unreadable", File: "testcases/unreadable/case.yaml", Status: Broken,
				Messages: []string{"testcases/unreadable/case.yaml:3:1: why: is missing"}},
		},
		Rules: []RuleCount{
			{"kyverno", "policies/mirrors.yaml", "cn-rewrite/images", "", 9, 7},
			{"kyverno", "policies/mirrors.yaml", "cn-warnings/images", "", 9, 0},
			{"rego", "testcases/specs/warn.yaml", "warn", "", 0, 0},
		},
		Findings: []string{"rule cn-warnings/images: no case ever fires it"},
		Duration: 3149 * time.Millisecond,
	}
	r.Sort()
	return r
}

// render runs a writer and fails the test where it fails.
func render(t *testing.T, write func(io.Writer, *Report, Options) error, r *Report, options Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, r, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// golden compares text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test ./harness/report -update and read the diff\ngot:\n%s", file, got)
	}
}
