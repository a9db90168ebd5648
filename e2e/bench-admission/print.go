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
	fmt.Fprintf(out, "Pods of 3+1 containers, on one connection, one in the policies' scope and one out of it in turn; milliseconds.\n"+
		"over: how much longer the one in scope took, and what that is within of in 95 of 100 runs.\n"+
		"%s, which %s; %d CPUs for all of it; %d rounds, each setup in turn.\n\n",
		versions, reports, runtime.NumCPU(), o.rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tdry run\t\t\t\tcreate\t\t\t\t\t")
	fmt.Fprintln(table, "setup\tmean\tover\tp50\tp99\tmean\tover\tp50\tp99\ttarget\t")
	for i, row := range rows {
		dry, create := results[i].dry, results[i].create
		target := ""
		switch over := max(dry.over().mean(), create.over().mean()); {
		case row.most == 0:
		case over <= row.most:
			target = fmt.Sprintf("at most %g over: met", row.most)
		default:
			target = fmt.Sprintf("at most %g over: MISSED", row.most)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n", row.name, columns(dry), columns(create), target)
	}
	return table.Flush()
}

// columns are the figures of one kind of call.
func columns(p pairs) string {
	return fmt.Sprintf("%.2f\t%+.2f ±%.2f\t%.2f\t%.2f", p.in().mean(), p.over().mean(), p.over().doubt(), p.in().percentile(50), p.in().percentile(99))
}
