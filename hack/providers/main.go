// Command providers turns docs/providers.yaml and the reports of a run into the
// tables of what is generated for each provider and how it is proven: one row
// for each statement of the provider's document in docs/providers.md, one line
// for each provider in the READMEs. It fails where a statement names a case or
// a test that did not pass in that run, so that the tables never claim more.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	rows := flag.String("rows", "docs/providers.yaml", "what the providers' documents say")
	page := flag.String("page", "docs/providers.md", "the page that is written")
	readmes := flag.String("readmes", "README.md,README.zh-CN.md", "files whose table is written, English first")
	reports := flag.String("reports", "", "reports of gen test -o json, comma-separated")
	tests := flag.String("tests", "", "outputs of go test -json, comma-separated")
	check := flag.Bool("check", false, "write nothing; fail where a file differs")
	flag.Parse()
	if err := run(os.Stdout, *rows, *page, split(*readmes), split(*reports), split(*tests), *check); err != nil {
		fmt.Fprintln(os.Stderr, "providers:", err)
		os.Exit(1)
	}
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

func run(out io.Writer, rows, page string, readmes, reports, tests []string, check bool) error {
	providers, err := readProviders(rows)
	if err != nil {
		return err
	}
	results, err := readResults(reports, tests)
	if err != nil {
		return err
	}
	if err := prove(providers, results); err != nil {
		return err
	}
	files := map[string]string{page: renderPage(providers)}
	names := []string{page}
	for i, name := range readmes {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if files[name], err = insert(string(data), renderSummary(providers, i > 0)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		names = append(names, name)
	}
	var problems []error
	for _, name := range names {
		have, _ := os.ReadFile(name)
		switch {
		case string(have) == files[name]:
		case check:
			problems = append(problems, fmt.Errorf("%s: differs from what the run shows; run: make providers", name))
		default:
			if err := os.WriteFile(name, []byte(files[name]), 0o644); err != nil {
				problems = append(problems, err)
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	claims, reach := count(providers)
	fmt.Fprintf(out, "%d providers, %d statements: %d proven by this run, %d out of reach\n", len(providers), claims, claims-reach, reach)
	return nil
}

// The marks between which a README's table stands.
const (
	begin = "<!-- providers: make providers writes this table -->\n"
	end   = "<!-- /providers -->\n"
)

func insert(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", errors.New("has no marks for the table of providers")
	}
	return before + begin + table + end + after, nil
}
