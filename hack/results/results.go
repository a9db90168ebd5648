// Package results reads what a run showed: the reports of gen test and the events
// of go test. The tables of the documentation are made of nothing else.
package results

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Results are what one or several runs showed.
type Results struct {
	// Cases are in the order of the reports.
	Cases []Case
	// Tests maps "package Test/subtest" to pass, fail or skip; the package is
	// relative to the repository.
	Tests map[string]string
}

// A Case is one case in one pipeline.
type Case struct {
	// Name is the case's and Folder its place; Pipeline is the column, empty where the
	// case could not be read.
	Name, Folder, Pipeline string
	// Status is as gen test -o json says it: passed, failed, broken, skipped, not applicable.
	Status string
	// Messages say why the status is not passed.
	Messages []string
	// Needs is what the case's policies need and the pipeline is too old for, such as
	// Kyverno 1.19; empty: nothing.
	Needs string
}

// Read reads reports of gen test -o json, and outputs of go test -json.
func Read(reports, tests []string) (*Results, error) {
	r := &Results{Tests: map[string]string{}}
	for _, name := range reports {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var report struct {
			Cases []struct {
				Name, Folder, Engine, Status, Needs string
				Messages                            []string
			}
		}
		if err := json.Unmarshal(data, &report); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range report.Cases {
			r.Cases = append(r.Cases, Case{Name: c.Name, Folder: c.Folder, Pipeline: c.Engine, Status: c.Status, Messages: c.Messages, Needs: c.Needs})
		}
	}
	for _, name := range tests {
		if err := r.readTests(name); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Results) readTests(name string) error {
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
				r.Tests[strings.TrimPrefix(event.Package, "mirrorgen.dev/gen/")+" "+event.Test] = event.Action
			}
		}
	}
	return lines.Err()
}

// Of maps a case's pipelines to its status there; empty where no report has it.
func (r *Results) Of(name string) map[string]string {
	statuses := map[string]string{}
	for _, c := range r.Cases {
		if c.Name == name {
			statuses[c.Pipeline] = c.Status
		}
	}
	return statuses
}
