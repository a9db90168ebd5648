package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseFormat(t *testing.T) {
	for _, row := range []struct {
		in    string
		want  Format
		error string
		why   string
	}{
		{"console", Format{"console", ""}, "", "a name alone goes to stdout"},
		{"junit=report.xml", Format{"junit", "report.xml"}, "", "with a file"},
		{"json=a=b.json", Format{"json", "a=b.json"}, "", "the first equals sign ends the name"},
		{"json=-", Format{"json", ""}, "", "- is stdout"},
		{"junit=", Format{}, "-o junit=: a file name is missing behind the equals sign; write -o junit for stdout", "a shell variable was empty"},
		{"sarif", Format{}, "-o sarif: no such format; write -o FORMAT or -o FORMAT=FILE, where FORMAT is one of console, table, markdown, json, junit, github", "unknown"},
		{"", Format{}, "-o : no such format; write -o FORMAT or -o FORMAT=FILE, where FORMAT is one of console, table, markdown, json, junit, github", "empty"},
		{"JSON", Format{}, "-o JSON: no such format; write -o FORMAT or -o FORMAT=FILE, where FORMAT is one of console, table, markdown, json, junit, github", "names are lower case"},
	} {
		got, err := ParseFormat(row.in)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != row.want || message != row.error {
			t.Errorf("%s: ParseFormat(%q) = %v, %q", row.why, row.in, got, message)
		}
	}
}

func TestWriteGivesEachFormatItsPlace(t *testing.T) {
	dir := t.TempDir()
	junit, table := filepath.Join(dir, "report.xml"), filepath.Join(dir, "table.txt")
	var stdout bytes.Buffer
	err := Write([]Format{{"junit", junit}, {"console", ""}, {"table", table}}, &stdout, sample(), Options{Color: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := render(t, Console, sample(), Options{Color: true}); stdout.String() != want {
		t.Errorf("stdout is %q", stdout.String())
	}
	for file, start := range map[string]string{junit: "<?xml", table: "CASE "} {
		data, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(data), start) {
			t.Errorf("%s: %v, %.20q", filepath.Base(file), err, data)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestWriteWithoutAFormatIsTheConsole(t *testing.T) {
	var stdout bytes.Buffer
	if err := Write(nil, &stdout, &Report{}, Options{}); err != nil || !strings.HasPrefix(stdout.String(), "passed 0") {
		t.Errorf("got %v, %q", err, stdout.String())
	}
}

func TestAConsoleInAFileHasNoColour(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.txt")
	if err := Write([]Format{{"console", file}}, &bytes.Buffer{}, sample(), Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(file); bytes.ContainsRune(data, '\x1b') {
		t.Error("holds an escape sequence")
	}
}

func TestWriteRefusesTwoFormatsInOnePlaceBeforeAnythingIsWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r")
	for _, row := range []struct {
		formats []Format
		want    string
	}{
		{[]Format{{"json", file}, {"console", ""}, {"table", ""}}, "-o console and -o table both write to stdout; give one of them a file: -o table=FILE"},
		{[]Format{{"json", "r"}, {"junit", "./r"}}, "-o json and -o junit both write to r; give each a file of its own"},
		{[]Format{{"json", file}, {"yaml", ""}}, `"yaml": no such report format`},
	} {
		var stdout bytes.Buffer
		if err := Write(row.formats, &stdout, sample(), Options{}); err == nil || err.Error() != row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
		if stdout.Len() > 0 {
			t.Errorf("wrote %q", stdout.String())
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestAFileThatCannotBeWrittenIsAnErrorThatNamesTheFormat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "absent", "r.json")
	err := Write([]Format{{"json", file}}, &bytes.Buffer{}, sample(), Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "json report: ") {
		t.Errorf("got %v", err)
	}
}
