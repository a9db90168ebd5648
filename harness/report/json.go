package report

import (
	"bytes"
	"encoding/json"
	"io"

	"mirrorgen.dev/gen/generator/terminal"
)

// APIVersion names the shape of the JSON document.
const APIVersion = "mirrorgen.dev/report/v1"

type document struct {
	APIVersion string         `json:"apiVersion"`
	Summary    documentCounts `json:"summary"`
	Cases      []documentCase `json:"cases"`
	Rules      []documentRule `json:"rules"`
	Findings   []string       `json:"findings"`
	DurationMs int64          `json:"durationMs"`
}

type documentCounts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Broken        int `json:"broken"`
	Skipped       int `json:"skipped"`
	NotApplicable int `json:"notApplicable"`
}

// The first six fields, in this order, are what other programs were promised;
// what was added since stands behind them.
type documentCase struct {
	Name string `json:"name"`
	// Engine is the pipeline; empty where the case could not be read.
	Engine     string          `json:"engine"`
	Status     string          `json:"status"`
	Diff       string          `json:"diff"`
	Messages   []string        `json:"messages"`
	DurationMs int64           `json:"durationMs"`
	Why        string          `json:"why,omitempty"`
	Folder     string          `json:"folder"`
	File       string          `json:"file,omitempty"`
	Line       int             `json:"line,omitempty"`
	Needs      string          `json:"needs,omitempty"`
	Images     []documentImage `json:"images,omitempty"`
}

type documentImage struct {
	Before  string `json:"before"`
	After   string `json:"after"`
	Allowed bool   `json:"allowed"`
}

type documentRule struct {
	Engine   string `json:"engine"`
	Policies string `json:"policies"`
	Rule     string `json:"rule"`
	Matched  int    `json:"matched"`
	Fired    int    `json:"fired"`
}

// JSON writes the report as one document of APIVersion. Text is as the engines
// gave it, with what would drive a terminal as escapes of JSON; bytes that are no
// UTF-8 become the replacement character.
func JSON(w io.Writer, r *Report, _ Options) error {
	s := r.Summary()
	d := document{
		APIVersion: APIVersion,
		Summary:    documentCounts(s),
		// A reader may rely on lists: none is ever null.
		Cases:      []documentCase{},
		Rules:      []documentRule{},
		Findings:   append([]string{}, r.Findings...),
		DurationMs: r.Duration.Milliseconds(),
	}
	for _, result := range r.Results {
		c := documentCase{
			Name: result.Case, Engine: result.Pipeline, Status: result.Status.String(),
			Diff: result.Diff, Messages: append([]string{}, result.Messages...), DurationMs: result.Duration.Milliseconds(),
			Why: result.Why, Folder: result.Folder, File: result.File, Line: result.Line, Needs: result.Needs,
		}
		for _, image := range result.Images {
			c.Images = append(c.Images, documentImage(image))
		}
		d.Cases = append(d.Cases, c)
	}
	for _, count := range r.Rules {
		d.Rules = append(d.Rules, documentRule{count.Engine, count.Policies, count.Rule, count.Matched, count.Fired})
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Names such as kyverno->rego are to be read and searched for as they are.
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(terminal.JSON(text.Bytes()))
	return err
}
