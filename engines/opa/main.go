// Command gen-engine-opa runs plain Rego or Gatekeeper's policies for gen, over the
// protocol of package mirrorgen.dev/gen/engines/protocol on its stdin and stdout.
// gen has an OPA of its own; this is the same code with another one.
package main

import (
	"fmt"
	"io"
	"os"

	kjson "sigs.k8s.io/json"

	"mirrorgen.dev/gen/engines/protocol/serve"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/engine/opa"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// engines are what the program can be, by its first argument.
var engines = map[string]func() engine.Engine{
	opa.RegoName:       opa.NewRego,
	opa.GatekeeperName: opa.NewGatekeeper,
}

// run is the program: the exit status for its arguments.
func run(arguments []string, in io.Reader, out *os.File, complaints io.Writer) int {
	if len(arguments) == 0 {
		fmt.Fprintf(complaints, "gen-engine-opa: name the engine: %s or %s\n", opa.RegoName, opa.GatekeeperName)
		return 2
	}
	name, rest := arguments[0], arguments[1:]
	if engines[name] == nil {
		// --version and --help are of no engine.
		name, rest = opa.RegoName, arguments
	}
	return program(name).Run(rest, in, out, complaints)
}

func program(name string) serve.Program {
	return serve.Program{
		Name:    name,
		Command: "gen-engine-opa",
		About: fmt.Sprintf("runs policies of Open Policy Agent for gen, which starts it by itself, as\ngen-engine-opa %s or gen-engine-opa %s.",
			opa.RegoName, opa.GatekeeperName),
		Version: opa.Version(),
		Phases:  []string{string(engine.Validate)},
		Engine:  func() serve.Engine { return served{engines[name]()} },
		Decode:  kjson.UnmarshalCaseSensitivePreserveInts,
	}
}
