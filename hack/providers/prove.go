package main

import (
	"errors"
	"fmt"
	"sort"

	"mirrorgen.dev/gen/hack/results"
)

// prove holds every statement's proofs against the run.
func prove(providers []provider, r *results.Results) error {
	var problems []error
	for i := range providers {
		p := &providers[i]
		for j := range p.statements {
			s := &p.statements[j]
			fail := func(format string, args ...any) {
				problems = append(problems, fmt.Errorf("%s: %q: %s", p.name, s.says, fmt.Sprintf(format, args...)))
			}
			seen := map[string]bool{}
			for _, name := range s.cases {
				passed := 0
				for engine, status := range r.Of(name) {
					switch status {
					case "passed":
						passed++
						seen[engine] = true
					case "not applicable", "skipped":
					default:
						fail("case %s is %s in %s", name, status, engine)
					}
				}
				if passed == 0 {
					fail("case %s did not pass in any pipeline of the run", name)
				}
			}
			for _, name := range s.tests {
				if status := r.Tests[name]; status != "pass" {
					if status == "" {
						status = "not in the run"
					}
					fail("test %s: %s", name, status)
				}
			}
			for engine := range seen {
				s.pipelines = append(s.pipelines, engine)
			}
			sort.Strings(s.pipelines)
		}
	}
	return errors.Join(problems...)
}
