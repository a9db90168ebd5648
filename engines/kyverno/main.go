// Command gen-engine-kyverno runs Kyverno policies for gen, over the protocol of
// package mirrorgen.dev/gen/engines/protocol on its stdin and stdout.
package main

import (
	"os"

	kjson "sigs.k8s.io/json"

	"mirrorgen.dev/gen/engines/kyverno/admission"
	"mirrorgen.dev/gen/engines/protocol/serve"
)

func main() { os.Exit(program().Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func program() serve.Program {
	return serve.Program{
		Name:    "kyverno",
		Command: "gen-engine-kyverno",
		About:   "runs Kyverno policies for gen, which starts it by itself.",
		Version: serve.ModuleVersion("github.com/kyverno/kyverno"),
		Phases:  admission.Phases(),
		Engine:  func() serve.Engine { return serve.Loader(admission.New().Load) },
		Decode:  kjson.UnmarshalCaseSensitivePreserveInts,
	}
}
