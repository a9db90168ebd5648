package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEachFormatIsAsAgreed(t *testing.T) {
	for _, row := range []struct {
		file    string
		write   func(io.Writer, *Report, Options) error
		options Options
	}{
		{"console.txt", Console, Options{}},
		{"console-color.txt", Console, Options{Color: true}},
		{"table.txt", Table, Options{Color: true}},
		{"table.md", Markdown, Options{Color: true}},
		{"report.json", JSON, Options{Color: true}},
		{"junit.xml", JUnit, Options{Color: true}},
		{"github.txt", GitHub, Options{Color: true}},
	} {
		t.Run(row.file, func(t *testing.T) {
			golden(t, row.file, render(t, row.write, sample(), row.options))
		})
	}
}

func TestNoFormatLetsControlCharactersThrough(t *testing.T) {
	for _, w := range writers() {
		t.Run(w.name, func(t *testing.T) {
			for _, r := range render(t, w.write, sample(), Options{}) {
				if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
					t.Errorf("holds control character %U", r)
				}
			}
		})
	}
}

func TestNoLineOfTextIsACommandForARunner(t *testing.T) {
	for _, w := range writers() {
		if w.name == "json" {
			// Data for a program, in which a newline is two characters.
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			for _, line := range strings.Split(render(t, w.write, sample(), Options{}), "\n") {
				trimmed := strings.TrimSpace(line)
				ours := w.name == "github" && (strings.HasPrefix(trimmed, "::error ") || strings.HasPrefix(trimmed, "::notice "))
				if w.name == "junit" {
					// A file, which no runner scans for commands.
					continue
				}
				if strings.HasPrefix(trimmed, "::") && !ours || strings.Contains(line, "##[") {
					t.Errorf("a runner would obey %q", line)
				}
			}
		})
	}
}

func TestATableHasNoDurations(t *testing.T) {
	slow := sample()
	slow.Duration *= 1000
	for i := range slow.Results {
		slow.Results[i].Duration += 12345
	}
	for _, write := range []func(io.Writer, *Report, Options) error{Table, Markdown} {
		if render(t, write, sample(), Options{}) != render(t, write, slow, Options{}) {
			t.Error("a slower run gives another table")
		}
	}
}

func TestTableColumnsAlignByDisplayWidth(t *testing.T) {
	r := &Report{Pipelines: []string{"reference"}, Results: []Result{
		{Case: "镜像-wide", Folder: "a", Pipeline: "reference", Status: Passed},
		{Case: "plain", Folder: "b", Pipeline: "reference", Status: Failed},
	}}
	want := "" +
		"CASE       IMAGE  BECOMES  OBJECT  reference\n" +
		"镜像-wide  -      -        -       ok\n" +
		"plain      -      -        -       FAIL\n" +
		"\n" +
		"passed 1  failed 1  broken 0  skipped 0  not applicable 0\n"
	if got := render(t, Table, r, Options{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTheTableTakesImagesFromTheReferenceOrElseFromAnyColumn(t *testing.T) {
	other := []ImageVerdict{{Before: "a", After: "other", Allowed: true}}
	first := []ImageVerdict{{Before: "a", After: "first", Allowed: true}}
	for _, row := range []struct {
		why     string
		results []Result
		want    string
	}{
		{"the reference wins wherever its column stands", []Result{
			{Pipeline: "k", Status: Passed, Images: other}, {Pipeline: "reference", Status: Passed, Images: first}}, "first"},
		{"it has none, where a hand-written policy has no reference", []Result{
			{Pipeline: "k", Status: Passed, Images: other}, {Pipeline: "reference", Status: NotApplicable}}, "other"},
	} {
		r := &Report{Pipelines: []string{"k", "reference"}, Results: row.results}
		if got := render(t, Table, r, Options{}); !strings.Contains(got, row.want) {
			t.Errorf("%s: got\n%s", row.why, got)
		}
	}
}

func TestTheTableShowsFiftyImagesOfACaseAndCountsTheRest(t *testing.T) {
	result := Result{Case: "many", Pipeline: "reference", Status: Passed}
	for i := range 51 {
		image := fmt.Sprintf("nginx:%d", i)
		result.Images = append(result.Images, ImageVerdict{image, image, true}, ImageVerdict{image, image, true})
	}
	got := render(t, Table, &Report{Pipelines: []string{"reference"}, Results: []Result{result}}, Options{})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 1+50+1+2 || lines[51] != "many  … and 1 more  -          -        ok" {
		t.Errorf("%d lines:\n%s", len(lines), got)
	}
}

func TestAnEmptyReportIsWellFormedInEveryFormat(t *testing.T) {
	for _, w := range writers() {
		text := render(t, w.write, &Report{}, Options{})
		if !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: does not end with a newline: %q", w.name, text)
		}
	}
	want := "passed 0  failed 0  broken 0  skipped 0  not applicable 0  (0 cases, 0 pipelines, 0.0s)\n"
	if got := render(t, Console, &Report{}, Options{}); got != want {
		t.Errorf("got %q", got)
	}
}

func TestAStatusNobodySetIsBrokenEverywhere(t *testing.T) {
	r := &Report{Pipelines: []string{"p"}, Results: []Result{{Case: "c", Folder: "f", Pipeline: "p"}}}
	for format, want := range map[string]string{
		"console": "BROKEN c  p", "table": "broken", "markdown": "broken", "json": `"broken": 1`, "junit": `errors="1"`, "github": "title=c broken in p",
	} {
		w, _ := writerOf(format)
		if got := render(t, w.write, r, Options{}); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", format, want, got)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, row := range []struct{ in, want, why string }{
		{"nginx", "nginx", "short: as it is"},
		{"", `""`, "empty: visible"},
		{"a@sha256:" + hex64, "a@sha256:7cc4…5aa", "a digest keeps its ends"},
		{"a@sha512:" + hex64 + hex64, "a@sha512:7cc4…5aa", "a long digest too"},
		{"a@sha256:abc", "a@sha256:abc", "what is no digest stays"},
		{"a@sha256:" + strings.Repeat("g", 40), "a@sha256:" + strings.Repeat("g", 40), "only hexadecimal digits are left out"},
		{strings.Repeat("x", 60), strings.Repeat("x", 60), "60 columns fit"},
		{strings.Repeat("x", 61), strings.Repeat("x", 30) + "…" + strings.Repeat("x", 29), "61 do not"},
		{strings.Repeat("x", 100_000), strings.Repeat("x", 30) + "…" + strings.Repeat("x", 29), "60 columns at most"},
		{"r.example.com/" + strings.Repeat("x", 40) + "/a:1@sha256:" + hex64, "r.example.com/" + strings.Repeat("x", 16) + "…" + strings.Repeat("x", 9) + "/a:1@sha256:7cc4…5aa", "a short digest may still leave too much"},
		{strings.Repeat("镜", 1000), strings.Repeat("镜", 15) + "…" + strings.Repeat("镜", 14), "of which a wide character takes two"},
		{"e\u0301" + strings.Repeat("x", 90), "e\u0301" + strings.Repeat("x", 29) + "…" + strings.Repeat("x", 29), "and a combining mark none"},
		{"a\nb\x1b[2J", `a\nb\x1b[2J`, "one line, no escapes"},
	} {
		if got := shorten(row.in); got != row.want {
			t.Errorf("%s: shorten(%.40q) = %q, want %q", row.why, row.in, got, row.want)
		}
	}
}

func TestJUnitParsesBackWithTheSameCounts(t *testing.T) {
	r := sample()
	r.Results[0].Messages = []string{"every character of XML's blind spots: \x00\x01\x08\x0b\x0c\x0e\x1f\ufffe\uffff\ud7ff\U0010ffff"}
	text := render(t, JUnit, r, Options{})
	if !utf8.ValidString(text) {
		t.Error("is no UTF-8")
	}
	var parsed junitSuites
	if err := xml.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatal(err)
	}
	s := r.Summary()
	tests, failures, errors, skipped := 0, 0, 0, 0
	for _, suite := range parsed.Suites {
		if suite.Tests != len(suite.Cases) {
			t.Errorf("suite %q says %d tests and has %d", suite.Name, suite.Tests, len(suite.Cases))
		}
		for _, c := range suite.Cases {
			tests++
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				errors++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
	}
	if got, want := [4]int{tests, failures, errors, skipped},
		[4]int{len(r.Results) + len(r.Findings), s.Failed + len(r.Findings), s.Broken, s.Skipped + s.NotApplicable}; got != want {
		t.Errorf("tests, failures, errors, skipped are %v, want %v", got, want)
	}
	if got := [4]int{parsed.Tests, parsed.Failures, parsed.Errors, parsed.Skipped}; got != [4]int{tests, failures, errors, skipped} {
		t.Errorf("the totals say %v", got)
	}
	if strings.Contains(text, "\ufffd") {
		t.Error("a character was lost to the replacement character")
	}
}

func TestJSONParsesBackWithListsThatAreNeverNull(t *testing.T) {
	for _, r := range []*Report{{}, sample()} {
		var parsed map[string]any
		if err := json.Unmarshal([]byte(render(t, JSON, r, Options{})), &parsed); err != nil {
			t.Fatal(err)
		}
		if parsed["apiVersion"] != "mirrorgen.dev/report/v1" {
			t.Errorf("apiVersion is %v", parsed["apiVersion"])
		}
		for _, field := range []string{"cases", "rules", "findings"} {
			if _, ok := parsed[field].([]any); !ok {
				t.Errorf("%s is %v, no list", field, parsed[field])
			}
		}
	}
}

// Readers that stream, and people that read the document, find what was promised first.
func TestTheFieldsOfTheJSONDocumentComeInThePromisedOrder(t *testing.T) {
	r := &Report{Pipelines: []string{"p"}, Duration: time.Second, Results: []Result{{
		Case: "c", Why: "w", Folder: "f", File: "f/want.yaml", Line: 2, Pipeline: "p", Status: Failed,
		Images: []ImageVerdict{{"a", "b", true}}, Diff: "d", Messages: []string{"m"}, Duration: time.Millisecond,
	}}}
	var parsed struct {
		Summary json.RawMessage
		Cases   []json.RawMessage
	}
	if err := json.Unmarshal([]byte(render(t, JSON, r, Options{})), &parsed); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why  string
		in   json.RawMessage
		want string
	}{
		{"a case: the contract's six, then what was added", parsed.Cases[0], "name engine status diff messages durationMs why folder file line images"},
		{"the summary: the contract's four, then what was added", parsed.Summary, "passed failed broken skipped notApplicable"},
	} {
		if got := strings.Join(keysOf(t, row.in), " "); got != row.want {
			t.Errorf("%s: got %s, want %s", row.why, got, row.want)
		}
	}
}

// keysOf are the keys of a JSON object in the order in which they stand.
func keysOf(t *testing.T, object json.RawMessage) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, fmt.Sprint(key))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func TestGitHubEscapesWhatWouldEndAPropertyOrACommand(t *testing.T) {
	r := &Report{Pipelines: []string{"p"}, Results: []Result{
		{Case: "f", Folder: "f", File: "a:b,c%.yaml", Line: 3, Pipeline: "p", Status: Failed, Messages: []string{"100%\nsecond: line, here"}},
		{Case: "b", Folder: "g", Pipeline: "p", Status: Broken},
	}}
	want := "" +
		"::error title=b broken in p::b broken in p\n" +
		"::error file=a%3Ab%2Cc%25.yaml,line=3,title=f failed in p::100%25%0Asecond: line, here\n" +
		"::notice title=gen test::passed 0  failed 1  broken 1  skipped 0  not applicable 0  (2 cases, 1 pipeline, 0.0s)\n"
	if got := render(t, GitHub, r, Options{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAFailingStdoutIsAnError(t *testing.T) {
	for _, w := range writers() {
		if err := w.write(failing{}, sample(), Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", w.name, err)
		}
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
