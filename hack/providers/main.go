// Command providers turns docs/providers.yaml and the reports of a run into the
// tables of what is generated for each provider and how it is proven: one row
// for each statement of the provider's document in docs/providers.md, one line
// for each provider in the READMEs. It fails where a statement names a case or
// a test that did not pass in that run, so that the tables never claim more.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"mirrorgen.dev/gen/hack/pages"
	"mirrorgen.dev/gen/hack/results"
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
	shown, err := results.Read(reports, tests)
	if err != nil {
		return err
	}
	if err := prove(providers, shown); err != nil {
		return err
	}
	all := []pages.Page{{Name: page, Text: renderPage(providers)}}
	for i, name := range readmes {
		made, err := marks.Insert(name, renderSummary(providers, i > 0))
		if err != nil {
			return err
		}
		all = append(all, made)
	}
	if err := pages.Write(all, check, "make providers"); err != nil {
		return err
	}
	claims, reach := count(providers)
	fmt.Fprintf(out, "%d providers, %d statements: %d proven by this run, %d out of reach\n", len(providers), claims, claims-reach, reach)
	return nil
}

// marks are those between which a README's table stands.
var marks = pages.Marks{
	Begin: "<!-- providers: make providers writes this table -->\n",
	End:   "<!-- /providers -->\n",
	Of:    "the table of providers",
}
