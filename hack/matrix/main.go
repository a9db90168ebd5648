// Command matrix turns reports of gen test into the tables of which target is
// proven on which engine at which version: the short one in the READMEs, the long
// one in docs/engines.md. It fails where a case failed, so that the tables never
// claim more than the run showed: a case that does not hold in one version is left
// out of it with a reason, in the case itself.
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
	var f files
	page := flag.String("page", "docs/engines.md", "the page that is written")
	readmes := flag.String("readmes", "README.md,README.zh-CN.md", "files whose table is written, English first")
	reports := flag.String("reports", "", "reports of gen test -o json, comma-separated")
	flag.StringVar(&f.versions, "versions", "", "output of gen version -o json")
	cluster := flag.String("cluster", "", "reports of runs on a real API server, comma-separated; none: what the last ones came to is kept")
	flag.StringVar(&f.clusterVersions, "cluster-versions", "", "the versions on that API server, as gen version -o json says them")
	flag.StringVar(&f.clusterSummary, "cluster-summary", "docs/engines-cluster.json", "what runs on a real API server came to")
	flag.BoolVar(&f.check, "check", false, "write nothing; fail where a file differs")
	flag.Parse()
	f.page, f.readmes, f.reports, f.cluster = *page, split(*readmes), split(*reports), split(*cluster)
	if err := run(os.Stdout, f); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

// files are what the command reads and writes; its flags say what each is.
type files struct {
	page                            string
	readmes                         []string
	reports                         []string
	versions                        string
	cluster                         []string
	clusterVersions, clusterSummary string
	check                           bool
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

func run(out io.Writer, f files) error {
	shown, err := results.Read(f.reports, nil)
	if err != nil {
		return err
	}
	linked, err := readVersions(f.versions)
	if err != nil {
		return err
	}
	m, err := newMatrix(shown, linked)
	if err != nil {
		return err
	}
	if err := m.complete(); err != nil {
		return err
	}
	summary, err := f.onClusters()
	if err != nil {
		return err
	}
	if err := m.add(summary); err != nil {
		return err
	}
	all := []pages.Page{{Name: f.page, Text: m.page()}}
	for i, name := range f.readmes {
		made, err := marks.Insert(name, m.summary(i > 0))
		if err != nil {
			return err
		}
		all = append(all, made)
	}
	if len(f.cluster) > 0 {
		text, err := encodeSummary(summary)
		if err != nil {
			return err
		}
		all = append(all, pages.Page{Name: f.clusterSummary, Text: text})
	}
	if err := pages.Write(all, f.check, "make matrix"); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d pipelines, %d targets at their versions, %d of them on a real API server\n", len(m.pipelines), len(m.rows), len(summary))
	return nil
}

// marks are those between which a README's table stands.
var marks = pages.Marks{
	Begin: "<!-- engines: make matrix writes this table -->\n",
	End:   "<!-- /engines -->\n",
	Of:    "the table of engines",
}
