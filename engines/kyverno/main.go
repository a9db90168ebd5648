// Command gen-engine-kyverno runs Kyverno policies for gen, over the protocol of
// package mirrorgen.dev/gen/engines/protocol on its stdin and stdout.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

const usage = `gen-engine-kyverno runs Kyverno policies for gen, which starts it by itself.

It speaks JSON lines on stdin and stdout and ends at the end of its input.

  --version   print the versions of the program and of Kyverno
  --help      print this text
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(arguments []string, in io.Reader, out *os.File, errors io.Writer) int {
	switch {
	case len(arguments) == 1 && arguments[0] == "--version":
		fmt.Fprintf(out, "gen-engine-kyverno %s, Kyverno %s\n", programVersion(), kyvernoVersion())
		return 0
	case len(arguments) == 1 && (arguments[0] == "--help" || arguments[0] == "-h"):
		fmt.Fprint(out, usage)
		return 0
	case len(arguments) > 0:
		fmt.Fprintf(errors, "gen-engine-kyverno: unknown argument %q\n\n%s", arguments[0], usage)
		return 2
	}
	// Kyverno prints to os.Stdout here and there; the pipe to gen is ours alone.
	os.Stdout = os.Stderr
	if os.Getenv("GOGC") == "" {
		// Requests are many small maps and the process is short-lived: a fifth of the
		// time would go to collecting them.
		debug.SetGCPercent(800)
	}
	if err := Serve(context.Background(), in, out); err != nil {
		fmt.Fprintln(errors, "gen-engine-kyverno:", err)
		return 1
	}
	return 0
}

const kyvernoModule = "github.com/kyverno/kyverno"

// kyvernoVersion is that of the module linked in, such as v1.19.1.
func kyvernoVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == kyvernoModule {
				if module.Replace != nil && module.Replace.Version != "" {
					return module.Replace.Version
				}
				return module.Version
			}
		}
	}
	return "(unknown)"
}

func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
