package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"mirrorgen.dev/gen/hack/results"
	"mirrorgen.dev/gen/harness/engine"
)

// A clusterRow is what a target showed on a real API server. It is kept in a file,
// as such a run is not made every time.
type clusterRow struct {
	Target        string `json:"target"`
	Version       string `json:"version"`
	Kubernetes    string `json:"kubernetes"`
	Passed        int    `json:"passed"`
	NotApplicable int    `json:"notApplicable"`
	Skipped       int    `json:"skipped"`
}

// onClusters is what the reports at hand came to, else what the last ones did.
func (f files) onClusters() ([]clusterRow, error) {
	if len(f.cluster) == 0 {
		return readSummary(f.clusterSummary)
	}
	shown, err := results.Read(f.cluster, nil)
	if err != nil {
		return nil, err
	}
	running, err := readVersions(f.clusterVersions)
	if err != nil {
		return nil, err
	}
	m, err := newMatrix(shown, running)
	if err != nil {
		return nil, err
	}
	kubernetes, err := running.of(engine.Ref{Name: "kubernetes"})
	if err != nil {
		return nil, err
	}
	var rows []clusterRow
	for _, r := range m.rows {
		n := r.counts()
		rows = append(rows, clusterRow{Target: r.target.name, Version: r.version, Kubernetes: kubernetes,
			Passed: n.passed, NotApplicable: n.notApplicable, Skipped: n.skipped})
	}
	return rows, nil
}

func readSummary(name string) ([]clusterRow, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []clusterRow
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

func encodeSummary(rows []clusterRow) (string, error) {
	text, err := json.MarshalIndent(rows, "", "  ")
	return string(text) + "\n", err
}

// add puts what real API servers showed beside what the run did.
func (m *matrix) add(rows []clusterRow) error {
	var problems []error
	for i := range rows {
		found := false
		for _, r := range m.rows {
			if r.target.name == rows[i].Target && r.version == rows[i].Version {
				r.cluster, found = &rows[i], true
			}
		}
		if !found {
			problems = append(problems, fmt.Errorf("target %s at %s ran on a real API server and not offline", rows[i].Target, rows[i].Version))
		}
	}
	return errors.Join(problems...)
}
