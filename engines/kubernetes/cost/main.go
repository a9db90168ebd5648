// Command cost prints what a Pod, or another object, costs the expressions of
// admission policies, in the units in which the API server limits them.
//
//	go run ./cost -object pod.yaml [-old stored.yaml] [-most 50] policy.yaml...
//
// It ends with 1 where something costs more than -most percent of what it may.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"k8s.io/apimachinery/pkg/util/yaml"

	"mirrorgen.dev/gen/engines/kubernetes/admission"
	"mirrorgen.dev/gen/engines/protocol"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(arguments []string, out, errors io.Writer) int {
	flags := flag.NewFlagSet("cost", flag.ContinueOnError)
	flags.SetOutput(errors)
	object := flags.String("object", "", "the `file` of the object, YAML or JSON; - is stdin")
	old := flags.String("old", "", "the `file` of the stored object; makes it an UPDATE")
	subresource := flags.String("subresource", "", "such as ephemeralcontainers")
	most := flags.Float64("most", 100, "the highest share that is fine, in `percent` of a limit or budget")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	admit, files, err := inputs(*object, *old, flags.Args())
	if err != nil {
		fmt.Fprintln(errors, "cost:", err)
		return 2
	}
	admit.SubResource = *subresource
	bills, err := admission.New().Costs(context.Background(), files, admit)
	if err != nil {
		fmt.Fprintln(errors, "cost:", err)
		return 2
	}
	if !report(out, bills, *most) {
		return 1
	}
	return 0
}

func inputs(object, old string, policies []string) (*protocol.Admit, []protocol.File, error) {
	if object == "" || len(policies) == 0 {
		return nil, nil, fmt.Errorf("-object and the files of policies are needed")
	}
	admit := &protocol.Admit{Operation: "CREATE"}
	var err error
	if admit.Object, err = read(object); err != nil {
		return nil, nil, err
	}
	if old != "" {
		admit.Operation = "UPDATE"
		if admit.OldObject, err = read(old); err != nil {
			return nil, nil, err
		}
	}
	var files []protocol.File
	for _, path := range policies {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, protocol.File{Path: path, Data: string(data)})
	}
	return admit, files, nil
}

func read(path string) (map[string]any, error) {
	file := os.Stdin
	if path != "-" {
		opened, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		file = opened
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := yaml.Unmarshal(data, &object); err != nil { // keeps whole numbers whole
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return object, nil
}

// report prints a table; false: something costs more than most percent.
func report(out io.Writer, bills []admission.Bill, most float64) bool {
	fine := true
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(policy, path string, cost, limit int64, err error) {
		percent := 100 * float64(cost) / float64(limit)
		note := ""
		if err != nil {
			note = fmt.Sprintf("error: %.300v", err)
		}
		if percent > most || err != nil {
			fine = false
		}
		fmt.Fprintf(table, "%d\t%.2f%%\tof %d\t  %s: %s %s\n", cost, percent, limit, policy, path, note)
	}
	for _, bill := range bills {
		for _, cost := range bill.Costs {
			line(bill.Policy, cost.Path, cost.Cost, admission.ExpressionLimit, cost.Err)
		}
		line(bill.Policy, bill.For+", all of it", bill.Total(), bill.Budget, nil)
	}
	if err := table.Flush(); err != nil {
		return false
	}
	return fine
}
