package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

// print writes the table. Milliseconds, over all rounds.
func print(out io.Writer, versions string, o options, rows []setup, results []result) error {
	reports := "writes no reports"
	if o.reports {
		reports = "writes a report on every Pod"
	}
	fmt.Fprintf(out, "Pods of 3+1 containers, one after another, on one connection; milliseconds.\n%s, which %s; %d CPUs for all of it; %d rounds, each setup in turn.\n\n",
		versions, reports, runtime.NumCPU(), o.rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tdry run\t\t\t\tcreate\t\t\t\t\t")
	fmt.Fprintln(table, "setup\tmean\tover none\tp50\tp99\tmean\tover none\tp50\tp99\ttarget\t")
	for i, row := range rows {
		dry, create := results[i].dry, results[i].create
		overDry, overCreate := dry.mean()-results[0].dry.mean(), create.mean()-results[0].create.mean()
		target := ""
		switch {
		case row.most == 0:
		case overDry <= row.most && overCreate <= row.most:
			target = fmt.Sprintf("at most %g over none: met", row.most)
		default:
			target = fmt.Sprintf("at most %g over none: MISSED", row.most)
		}
		fmt.Fprintf(table, "%s\t%.2f\t%+.2f\t%.2f\t%.2f\t%.2f\t%+.2f\t%.2f\t%.2f\t%s\t\n", row.name,
			dry.mean(), overDry, dry.percentile(50), dry.percentile(99),
			create.mean(), overCreate, create.percentile(50), create.percentile(99), target)
	}
	return table.Flush()
}
