package main

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/hack/pages"
)

// renderPage is docs/providers.md: every statement with its proof.
func renderPage(providers []provider) string {
	var b strings.Builder
	b.WriteString("# What the providers' documents say, and how it is proven\n\n")
	b.WriteString("Written by `make providers` from [providers.yaml](providers.yaml) and a run of all cases and tests; a proof that did\nnot pass in that run fails it. Cases lie in `testcases/` and `examples/*/testcases/`.\n")
	for _, p := range providers {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", p.name, p.document)
		if p.example != "" {
			fmt.Fprintf(&b, "Example: [%s](../%s/README.md)\n\n", p.example, p.example)
		}
		b.WriteString("| the document says | what is generated | proven by |\n|---|---|---|\n")
		for _, s := range p.statements {
			if s.outOfReach != "" {
				fmt.Fprintf(&b, "| %s | | out of reach: %s |\n", pages.Cell(s.says), pages.Cell(s.outOfReach))
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", pages.Cell(s.says), pages.Cell(s.generated), proofs(s))
		}
	}
	return b.String()
}

func proofs(s statement) string {
	var parts []string
	for _, name := range s.cases {
		parts = append(parts, "`"+name+"`")
	}
	if len(s.pipelines) > 0 {
		parts[len(parts)-1] += " (" + strings.Join(s.pipelines, ", ") + ")"
	}
	for _, name := range s.tests {
		pkg, test, _ := strings.Cut(name, " ")
		parts = append(parts, "`"+test+"` in "+pkg)
	}
	return strings.Join(parts, ", ")
}

// renderSummary is the READMEs' table: one line for each provider.
func renderSummary(providers []provider, chinese bool) string {
	var b strings.Builder
	if chinese {
		b.WriteString("| 平台 | 生成的内容 | 如何证明 |\n|---|---|---|\n")
	} else {
		b.WriteString("| provider | what is generated | how it is proven |\n|---|---|---|\n")
	}
	for _, p := range providers {
		name := p.name
		if chinese {
			name = p.nameZh
		}
		if p.example != "" {
			page := "README.md"
			if chinese {
				page = "README.zh-CN.md"
			}
			name = "[" + name + "](" + p.example + "/" + page + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, pages.Cell(generated(p, chinese)), pages.Cell(summary(p, chinese)))
	}
	return b.String()
}

// generated lists what is generated for a provider, each once, in the order of
// the statements.
func generated(p provider, chinese bool) string {
	separator := ", "
	if chinese {
		separator = "、"
	}
	seen := map[string]bool{}
	var all []string
	for _, s := range p.statements {
		text := s.generated
		if chinese {
			text = s.generatedZh
		}
		if text != "" && !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	return strings.Join(all, separator)
}

// summary counts the proofs of a provider.
func summary(p provider, chinese bool) string {
	cases, tests := map[string]bool{}, map[string]bool{}
	beyond := 0
	for _, s := range p.statements {
		for _, name := range s.cases {
			cases[name] = true
		}
		for _, name := range s.tests {
			tests[name] = true
		}
		if s.outOfReach != "" {
			beyond++
		}
	}
	var parts []string
	if chinese {
		if len(cases) > 0 {
			parts = append(parts, fmt.Sprintf("%d 个用例", len(cases)))
		}
		if len(tests) > 0 {
			parts = append(parts, fmt.Sprintf("%d 项测试", len(tests)))
		}
		if beyond > 0 {
			parts = append(parts, fmt.Sprintf("%d 条超出范围", beyond))
		}
		return strings.Join(parts, "，")
	}
	if len(cases) > 0 {
		parts = append(parts, number(len(cases), "case"))
	}
	if len(tests) > 0 {
		parts = append(parts, number(len(tests), "test"))
	}
	if beyond > 0 {
		parts = append(parts, fmt.Sprintf("%d out of reach", beyond))
	}
	return strings.Join(parts, ", ")
}

func number(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}

func count(providers []provider) (statements, outOfReach int) {
	for _, p := range providers {
		for _, s := range p.statements {
			statements++
			if s.outOfReach != "" {
				outOfReach++
			}
		}
	}
	return statements, outOfReach
}
