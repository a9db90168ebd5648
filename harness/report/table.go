package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"mirrorgen.dev/gen/generator/terminal"
)

// Table writes one row per case and image: what it becomes, whether its object
// is admitted, and the verdict of each pipeline on the case; below it what is
// wrong with the run as a whole, and the counts. An image that stands several
// times in a case with the same fate has one row. There are no durations, so
// that two runs of the same cases give the same bytes.
func Table(w io.Writer, r *Report, _ Options) error {
	rows := tableRows(r)
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell
			if i+1 < len(row) {
				line += strings.Repeat(" ", widths[i]-displayWidth(cell)+2)
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	out.WriteString("\n")
	for _, finding := range r.Findings {
		out.WriteString("FINDING " + terminal.EscapeLine(finding) + "\n")
	}
	out.WriteString(countsLine(r) + "\n")
	return out.Flush()
}

// tableRows are the cells of the table, the heading first.
func tableRows(r *Report) [][]string {
	pipelines := r.Pipelines
	if len(pipelines) == 0 {
		pipelines = []string{""}
	}
	heading := []string{"CASE", "IMAGE", "BECOMES", "OBJECT"}
	for _, pipeline := range pipelines {
		if pipeline == "" {
			pipeline = "RESULT"
		}
		heading = append(heading, terminal.EscapeLine(pipeline))
	}
	rows := [][]string{heading}
	for _, results := range byCase(r.Results) {
		verdicts := make([]string, 0, len(pipelines))
		for _, pipeline := range pipelines {
			verdicts = append(verdicts, verdict(results, pipeline))
		}
		name := terminal.EscapeLine(caseName(results[0]))
		images := imagesOf(results, pipelines)
		if len(images) == 0 {
			rows = append(rows, append([]string{name, "-", "-", "-"}, verdicts...))
		}
		for i, image := range images {
			if i == mostImages {
				more := "… and " + strconv.Itoa(len(images)-mostImages) + " more"
				rows = append(rows, append([]string{name, more, "-", "-"}, verdicts...))
				break
			}
			rows = append(rows, append(append([]string{name}, imageCells(image)...), verdicts...))
		}
	}
	return rows
}

// byCase groups results by case, in the order in which the cases first occur.
func byCase(results []Result) [][]Result {
	var groups [][]Result
	at := map[string]int{}
	for _, result := range results {
		key := caseKey(result)
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], result)
	}
	return groups
}

// verdict is the word for a case in a pipeline. A case that ran in none,
// because it could not be read, is broken in all.
func verdict(results []Result, pipeline string) string {
	word := "-"
	for _, result := range results {
		if result.Pipeline != pipeline && result.Pipeline != "" {
			continue
		}
		switch result.Status {
		case Passed:
			word = "ok"
		case Failed:
			word = "FAIL"
		case Skipped:
			word = "skip"
		case NotApplicable:
			word = "-"
		default:
			return "broken"
		}
	}
	return word
}

// mostImages is how many images of one case the table shows: cases about very
// many would bury the others.
const mostImages = 50

// imagesOf are the distinct images as the first pipeline that has any saw them;
// the reference comes before the others.
func imagesOf(results []Result, pipelines []string) []ImageVerdict {
	for _, pipeline := range append([]string{"reference"}, pipelines...) {
		for _, result := range results {
			if result.Pipeline == pipeline && len(result.Images) > 0 {
				return distinct(result.Images)
			}
		}
	}
	return nil
}

func distinct(images []ImageVerdict) []ImageVerdict {
	var out []ImageVerdict
	seen := make(map[ImageVerdict]bool, len(images))
	for _, image := range images {
		if !seen[image] {
			seen[image] = true
			out = append(out, image)
		}
	}
	return out
}

func imageCells(image ImageVerdict) []string {
	becomes, object := shorten(image.After), "denied"
	if image.Before == image.After {
		becomes = "unchanged"
	}
	if image.Allowed {
		object = "allowed"
	}
	return []string{shorten(image.Before), becomes, object}
}

// longestCell is how many columns an image takes at most.
const longestCell = 60

// shorten fits an image into a cell: long hexadecimal runs keep their first four
// and last three digits, and what is still too long keeps its two ends.
func shorten(image string) string {
	if image == "" {
		return `""`
	}
	text := terminal.EscapeLine(image)
	for _, algorithm := range []string{"sha256:", "sha384:", "sha512:"} {
		before, hex, found := strings.Cut(text, algorithm)
		if found && len(hex) > 16 && isHex(hex) {
			text = before + algorithm + hex[:4] + "…" + hex[len(hex)-3:]
		}
	}
	if displayWidth(text) > longestCell {
		text = start(text, longestCell/2) + "…" + end(text, longestCell/2-1)
	}
	return text
}

// start is as much of text as fits into columns, from its beginning.
func start(text string, columns int) string {
	for i, r := range text {
		if columns -= runeWidth(r); columns < 0 {
			return text[:i]
		}
	}
	return text
}

// end is as much of text as fits into columns, from its end.
func end(text string, columns int) string {
	for i := len(text); i > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:i])
		if columns -= runeWidth(r); columns < 0 {
			return text[i:]
		}
		i -= size
	}
	return text
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

// displayWidth is how many columns of a terminal text takes.
func displayWidth(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
