package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
)

// results are what a run showed.
type results struct {
	// cases maps a case to its status in each pipeline.
	cases map[string]map[string]string
	// tests maps "package Test/subtest" to pass, fail or skip; the package is
	// relative to the repository.
	tests map[string]string
}

func readResults(reports, tests []string) (*results, error) {
	r := &results{cases: map[string]map[string]string{}, tests: map[string]string{}}
	for _, name := range reports {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var report struct {
			Cases []struct{ Name, Engine, Status string }
		}
		if err := json.Unmarshal(data, &report); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range report.Cases {
			if r.cases[c.Name] == nil {
				r.cases[c.Name] = map[string]string{}
			}
			r.cases[c.Name][c.Engine] = c.Status
		}
	}
	for _, name := range tests {
		if err := r.readTests(name); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *results) readTests(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Package, Test string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch event.Action {
		case "pass", "fail", "skip":
			if event.Test != "" {
				r.tests[strings.TrimPrefix(event.Package, "mirrorgen.dev/gen/")+" "+event.Test] = event.Action
			}
		}
	}
	return lines.Err()
}

// prove holds every statement's proofs against the run.
func prove(providers []provider, r *results) error {
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
				for engine, status := range r.cases[name] {
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
				if status := r.tests[name]; status != "pass" {
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
