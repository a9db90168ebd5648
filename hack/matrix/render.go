package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/hack/pages"
)

// summary is the READMEs' table. It has no counts, which would change with every
// case that is added.
func (m *matrix) summary(chinese bool) string {
	var b strings.Builder
	if chinese {
		b.WriteString("| 目标 | 引擎 | 版本 | 离线用例 | 真实 API 服务器 |\n|---|---|---|---|---|\n")
	} else {
		b.WriteString("| target | engine | version | cases offline | cases on a real API server |\n|---|---|---|---|---|\n")
	}
	for _, r := range m.rows {
		holds, separator := r.target.holds, ": "
		if chinese {
			holds, separator = r.target.holdsZh, "："
		}
		server := "–"
		if r.cluster != nil {
			server = all(r.cluster.Skipped, r.needs, chinese)
		}
		fmt.Fprintf(&b, "| `%s`%s%s | %s | %s | %s | %s |\n", r.target.name, separator, pages.Cell(holds), r.target.engine, r.version, all(r.counts().skipped, r.needs, chinese), server)
	}
	return b.String()
}

// all says that every case passed, but those whose policies need what the version is
// not, and those that were left out.
func all(skipped int, needs string, chinese bool) string {
	var parts []string
	switch {
	case chinese && needs != "":
		parts = append(parts, "不需要 "+needs+" 的全部")
	case chinese:
		parts = append(parts, "全部")
	case needs != "":
		parts = append(parts, "all that do not need "+needs)
	default:
		parts = append(parts, "all")
	}
	switch {
	case skipped > 0 && chinese:
		parts = append(parts, fmt.Sprintf("，%d 个除外", skipped))
	case skipped > 0:
		parts = append(parts, fmt.Sprintf(" but %d", skipped))
	}
	return strings.Join(parts, "")
}

// page is docs/engines.md.
func (m *matrix) page() string {
	var b strings.Builder
	b.WriteString(`# Engines and their versions

Written by ` + "`make matrix`" + ` from a run of the cases in ` + "`testcases/` and `examples/*/testcases/`" + `; a case that failed in that run
fails it. ` + "`gen test --engine kyverno@1.18`" + ` runs the same on one version, once ` + "`make engine-kyverno-1.18`" + ` has built it.

## Targets

A case counts as passed where it passed in a pipeline of the target and failed in none. It needs a later version where
its policies say so themselves, in the annotation ` + "`policies.kyverno.io/minversion`" + `: ` + "`gen test`" + ` on that version is an error.

| target | engine | version | passed | not applicable | need a later version | left out | on a real API server |
|---|---|---|---|---|---|---|---|
`)
	for _, r := range m.rows {
		n := r.counts()
		server := "not run"
		if c := r.cluster; c != nil {
			server = fmt.Sprintf("%d passed, %d not applicable, %d left out (Kubernetes %s)", c.Passed, c.NotApplicable, c.Skipped, c.Kubernetes)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %d | %d | %d | %s |\n", r.target.name, r.target.engine, r.version, n.passed, n.notApplicable, n.needing, n.skipped, server)
	}
	b.WriteString("\n## Pipelines\n\n| pipeline | rewrites | judges | passed | not applicable | need a later version | left out |\n|---|---|---|---|---|---|---|\n")
	for _, p := range m.pipelines {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %d | %d | %d |\n", p.name, p.mutate, p.judge, p.passed, p.notApplicable, p.needing, p.skipped)
	}
	m.needs(&b)
	m.reasons(&b)
	m.left(&b)
	return b.String()
}

// needs lists what is needed of a later version.
func (m *matrix) needs(b *strings.Builder) {
	begun := false
	for _, p := range m.pipelines {
		for _, need := range slices.Sorted(maps.Keys(p.needs)) {
			if !begun {
				b.WriteString("\n## Need a later version\n\n| pipeline | cases | need |\n|---|---|---|\n")
				begun = true
			}
			fmt.Fprintf(b, "| `%s` | %d | %s |\n", p.name, p.needs[need], pages.Cell(need))
		}
	}
}

// reasons lists why cases are not applicable, the most frequent first.
func (m *matrix) reasons(b *strings.Builder) {
	b.WriteString("\n## Not applicable\n\n| pipeline | cases | reason |\n|---|---|---|\n")
	for _, p := range m.pipelines {
		reasons := slices.SortedFunc(maps.Keys(p.reasons), func(x, y string) int {
			return cmp.Or(cmp.Compare(p.reasons[y], p.reasons[x]), cmp.Compare(x, y))
		})
		for _, reason := range reasons {
			fmt.Fprintf(b, "| `%s` | %d | %s |\n", p.name, p.reasons[reason], pages.Cell(reason))
		}
	}
}

// left lists the cases that say themselves where they do not hold.
func (m *matrix) left(b *strings.Builder) {
	b.WriteString("\n## Left out\n\n")
	none := true
	for _, p := range m.pipelines {
		for _, c := range p.left {
			if none {
				b.WriteString("| case | pipeline | reason |\n|---|---|---|\n")
				none = false
			}
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", c.name, p.name, pages.Cell(c.reason))
		}
	}
	if none {
		b.WriteString("No case is.\n")
	}
}
