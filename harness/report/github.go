package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// GitHub writes workflow commands: an error for each broken, then each failed
// result, then each finding of the run, and a notice that sums up. A step shows
// the first ten only, which is why the worst come first; passes give nothing.
func GitHub(w io.Writer, r *Report, _ Options) error {
	out := bufio.NewWriter(w)
	for _, broken := range []bool{true, false} {
		for _, result := range r.Results {
			switch result.Status {
			case Passed, Skipped, NotApplicable:
				continue
			}
			if (result.Status != Failed) != broken {
				continue
			}
			status := result.Status
			if broken {
				status = Broken
			}
			title := caseName(result) + " " + status.String()
			if result.Pipeline != "" {
				title += " in " + result.Pipeline
			}
			text := details(result)
			if text == "" {
				text = title
			}
			out.WriteString(command("error", result.File, result.Line, title, text))
		}
	}
	for _, finding := range r.Findings {
		out.WriteString(command("error", "", 0, "gen test", cleanXML(finding)))
	}
	out.WriteString(command("notice", "", 0, "gen test", summaryLine(r)))
	return out.Flush()
}

// command is one workflow command on a line of its own; an empty file and line
// 0 are left out.
func command(name, file string, line int, title, message string) string {
	var properties []string
	if file != "" {
		properties = append(properties, "file="+escapeProperty(file))
		if line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", line))
		}
	}
	properties = append(properties, "title="+escapeProperty(title))
	return "::" + name + " " + strings.Join(properties, ",") + "::" + escapeData(message) + "\n"
}

// escapeData and escapeProperty are the escaping of the runner's own toolkit.
func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func escapeProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(cleanXML(text)))
}
