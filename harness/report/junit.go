package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"mirrorgen.dev/gen/generator/terminal"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	duration time.Duration
}

type junitCase struct {
	Name      string       `xml:"name,attr"`
	Classname string       `xml:"classname,attr"`
	File      string       `xml:"file,attr,omitempty"`
	Line      int          `xml:"line,attr,omitempty"`
	Time      string       `xml:"time,attr"`
	Failure   *junitDetail `xml:"failure"`
	Error     *junitDetail `xml:"error"`
	Skipped   *junitDetail `xml:"skipped"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// unread is the suite of cases that could not be read and so ran in no pipeline,
// and run the one of findings that belong to no case.
const (
	unread = "cases"
	run    = "run"
)

// JUnit writes one test suite per pipeline. A result that is not applicable is
// skipped there, as JUnit knows no other word for what did not run; findings of
// the whole run are failures of a suite of their own, so that a forge that reads
// nothing else does not show a pass.
func JUnit(w io.Writer, r *Report, _ Options) error {
	var suites []*junitSuite
	byName := map[string]*junitSuite{}
	suite := func(name string) *junitSuite {
		if byName[name] == nil {
			byName[name] = &junitSuite{Name: name}
			suites = append(suites, byName[name])
		}
		return byName[name]
	}
	for _, pipeline := range r.Pipelines {
		suite(cleanXML(pipeline))
	}
	for _, result := range r.Results {
		name := cleanXML(result.Pipeline)
		if name == "" {
			name = unread
		}
		suite(name).add(junitResult(result, name), result.Duration)
	}
	for i, finding := range r.Findings {
		detail := &junitDetail{Message: firstLine(finding), Text: cleanXML(finding)}
		suite(run).add(junitCase{Name: fmt.Sprintf("finding %d", i+1), Classname: run, Time: seconds(0), Failure: detail}, 0)
	}
	all := junitSuites{Name: "gen test", Time: seconds(r.Duration)}
	for _, s := range suites {
		s.Time = seconds(s.duration)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, *s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c junitCase, d time.Duration) {
	s.Tests++
	s.duration += d
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitResult(result Result, suite string) junitCase {
	c := junitCase{Name: cleanXML(caseName(result)), Classname: suite, File: cleanXML(result.File), Line: result.Line, Time: seconds(result.Duration)}
	if c.File == "" {
		c.File = cleanXML(result.Folder)
	}
	message := result.Status.String()
	if len(result.Messages) > 0 {
		message = firstLine(result.Messages[0])
	}
	switch result.Status {
	case Passed:
	case Failed:
		c.Failure = &junitDetail{Message: message, Text: details(result)}
	case Skipped:
		c.Skipped = &junitDetail{Message: message}
	case NotApplicable:
		c.Skipped = &junitDetail{Message: NotApplicable.String()}
	default:
		c.Error = &junitDetail{Message: message, Text: details(result)}
	}
	return c
}

// details is everything that is known about a result that is not passed.
func details(result Result) string {
	var parts []string
	if result.Why != "" {
		parts = append(parts, "why: "+result.Why)
	}
	parts = append(parts, result.Messages...)
	if result.Diff != "" {
		parts = append(parts, result.Diff)
	}
	return cleanXML(strings.Join(parts, "\n"))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(cleanXML(text), "\n")
	return line
}

// cleanXML removes terminal sequences and escapes what XML 1.0 cannot hold;
// encoding/xml would turn it into replacement characters, which tell nobody
// anything. What EscapeText escapes covers all of it but the two noncharacters.
func cleanXML(text string) string {
	return strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`).Replace(terminal.EscapeText(terminal.StripSequences(text)))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
