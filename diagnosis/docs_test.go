package diagnosis

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// page is where users read of the causes.
const page = "../docs/diagnosis.md"

func TestThePageListsEveryCause(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- causes: written by go test ./diagnosis -update -->\n", "<!-- /causes -->"
	before, rest, ok := strings.Cut(string(data), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the causes", page)
	}
	var b strings.Builder
	b.WriteString("| cause | what it means | known by | source |\n|---|---|---|---|\n")
	for _, c := range Causes() {
		fill := (&Finding{}).filler(English)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.ID, cell(fill.summary.Replace(c.Summary.En)), cell(knownBy(c)), cell(sources(c.Source)))
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != b.String() {
		t.Errorf("%s: the table of causes is not current; run go test ./diagnosis -update", page)
	}
}

// knownBy is the first anchors of a cause, and how many there are beside them.
func knownBy(c Cause) string {
	const shown = 4
	var list []string
	for _, a := range c.Anchors[:min(shown, len(c.Anchors))] {
		list = append(list, "`"+strings.TrimSuffix(a.Text, "$")+"`")
	}
	text := strings.Join(list, ", ")
	if more := len(c.Anchors) - shown; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// sources makes links of the addresses in a source.
func sources(text string) string {
	var list []string
	for _, part := range strings.Split(text, "; ") {
		if strings.HasPrefix(part, "https://") {
			part = "<" + part + ">"
		}
		list = append(list, part)
	}
	return strings.Join(list, "; ")
}

// cell is text as a table's cell takes it.
func cell(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if rest, ok := strings.CutPrefix(text, "the "); ok {
		text = "The " + rest
	}
	return text
}

// A test that the page says the numbers of messages that there are.
func TestThePageSaysHowManyMessagesThereAre(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range []string{"pull-errors", "held-out", "field", "blind"} {
		n += len(readLabelled(t, "testdata/"+name+".jsonl"))
	}
	if want := fmt.Sprintf("on %d messages", n); !strings.Contains(string(data), want) {
		t.Errorf("%s does not say %q", page, want)
	}
}
