package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const rows = `
providers:
- name: A
  nameZh: 甲
  example: examples/a
  document: The document
  statements:
  - {says: "it | pulls", generated: rewritten images, generatedZh: 镜像改写, cases: [one, two]}
  - {says: it fails, generated: diagnosis, generatedZh: 诊断, tests: ["pkg TestX/y"]}
  - {says: the moon, outOfReach: too far}
`

const report = `{"cases":[
{"name":"one","engine":"reference","status":"passed"},{"name":"one","engine":"kyverno->rego","status":"passed"},
{"name":"two","engine":"reference","status":"passed"},{"name":"two","engine":"kyverno->kyverno","status":"not applicable"}]}`

const events = `{"Action":"run","Package":"mirrorgen.dev/gen/pkg","Test":"TestX/y"}
{"Action":"pass","Package":"mirrorgen.dev/gen/pkg","Test":"TestX/y"}
{"Action":"pass","Package":"mirrorgen.dev/gen/pkg"}
`

// in writes the files of a run and runs; it returns what was written.
func in(t *testing.T, rows, report, events, readme string, check bool) (page, table string, err error) {
	t.Helper()
	dir := t.TempDir()
	path := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	pageFile, readmeFile := filepath.Join(dir, "page.md"), path("README.md", readme)
	err = run(io.Discard, path("rows.yaml", rows), pageFile, []string{readmeFile}, []string{path("cases.json", report)}, []string{path("tests.json", events)}, check)
	pageText, _ := os.ReadFile(pageFile)
	tableText, readErr := os.ReadFile(readmeFile)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(pageText), string(tableText), err
}

func TestAProvenTableIsWritten(t *testing.T) {
	page, readme, err := in(t, rows, report, events, "before\n"+marks.Begin+"old\n"+marks.End+"after\n", false)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + marks.Begin + "| provider | what is generated | how it is proven |\n|---|---|---|\n" +
		"| [A](examples/a/README.md) | rewritten images, diagnosis | 2 cases, 1 test, 1 out of reach |\n" + marks.End + "after\n"; readme != want {
		t.Errorf("README:\n%s\nwant\n%s", readme, want)
	}
	for _, line := range []string{
		"| it \\| pulls | rewritten images | `one`, `two` (kyverno->rego, reference) |",
		"| it fails | diagnosis | `TestX/y` in pkg |",
		"| the moon | | out of reach: too far |",
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("the page has no line %s:\n%s", line, page)
		}
	}
}

func TestWhatTheRunDoesNotShowIsRefused(t *testing.T) {
	noTable := marks.Begin + marks.End
	for _, test := range []struct{ reason, rows, report, events, readme, says string }{
		{"a case that failed", rows, strings.Replace(report, `"passed"`, `"failed"`, 1), events, noTable, `A: "it | pulls": case one is failed in reference`},
		{"a case that is not there", strings.Replace(rows, "[one,", "[none,", 1), report, events, noTable, `case none did not pass in any pipeline`},
		{"a case that no pipeline can do", rows, strings.ReplaceAll(report, `"passed"`, `"not applicable"`), events, noTable, "case two did not pass in any pipeline"},
		{"a test that failed", rows, report, strings.Replace(events, `"pass"`, `"fail"`, 1), noTable, "test pkg TestX/y: fail"},
		{"a test that was skipped", rows, report, strings.Replace(events, `"pass"`, `"skip"`, 1), noTable, "test pkg TestX/y: skip"},
		{"a test that is not there", rows, report, "", noTable, "test pkg TestX/y: not in the run"},
		{"a statement without a proof", strings.Replace(rows, ", outOfReach: too far", "", 1), report, events, noTable, "names no case and no test"},
		{"a statement that is both", strings.Replace(rows, "outOfReach: too far", "outOfReach: too far, cases: [one]", 1), report, events, noTable, "it is one of the two"},
		{"an unknown field", strings.Replace(rows, "nameZh", "nameCn", 1), report, events, noTable, "nameCn: unknown field"},
		{"no provider", "providers: []\n", report, events, noTable, "providers: is empty"},
		{"a README without marks", rows, report, events, "nothing", "has no marks"},
		{"a report that is none", rows, "{", events, noTable, "cases.json"},
		{"events that are none", rows, report, "{", noTable, "tests.json"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			page, readme, err := in(t, test.rows, test.report, test.events, test.readme, false)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, wanted is %q", err, test.says)
			}
			if page != "" || readme != test.readme {
				t.Error("something was written")
			}
		})
	}
}

func TestACheckWritesNothingAndNamesWhatDiffers(t *testing.T) {
	page, readme, err := in(t, rows, report, events, marks.Begin+marks.End, true)
	if err == nil || !strings.Contains(err.Error(), "run: make providers") || page != "" || readme != marks.Begin+marks.End {
		t.Errorf("error %v, page %q, README %q", err, page, readme)
	}
}
