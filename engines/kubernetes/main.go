// Command gen-engine-kubernetes runs Kubernetes' own admission policies for gen,
// over the protocol of package mirrorgen.dev/gen/engines/protocol on its stdin and
// stdout.
package main

import (
	"os"

	kjson "sigs.k8s.io/json"

	"mirrorgen.dev/gen/engines/kubernetes/admission"
	"mirrorgen.dev/gen/engines/protocol/serve"
)

func main() { os.Exit(program().Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func program() serve.Program {
	return serve.Program{
		Name:    "kubernetes",
		Command: "gen-engine-kubernetes",
		About:   "runs Kubernetes' own admission policies for gen, which starts it by itself.",
		Version: serve.ModuleVersion("k8s.io/kubernetes"),
		Phases:  admission.Phases(),
		Engine:  func() serve.Engine { return serve.Loader(admission.New().Load) },
		Decode:  kjson.UnmarshalCaseSensitivePreserveInts,
	}
}
