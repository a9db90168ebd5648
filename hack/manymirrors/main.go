// Command manymirrors prints a MirrorSet with N mirrors on one host; with "needs"
// as a second argument that is reached by plain HTTP with a pull secret, and Pods
// are told so on a serverless platform.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	var n int
	err := strconv.ErrSyntax
	if len(os.Args) > 1 {
		n, err = strconv.Atoi(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "usage: manymirrors N [needs]")
		os.Exit(2)
	}
	fmt.Print("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata:\n  name: many\nspec:\n  mirrors:\n")
	for i := range n {
		fmt.Printf("  - source: host%d.example.net\n    mirror: mirror.example.com/host%d\n", i, i)
		if len(os.Args) > 2 {
			fmt.Print("    transport: http\n    pullSecret: {name: regcred, namespace: registry-credentials, allNamespaces: true}\n")
		}
	}
	if len(os.Args) > 2 {
		fmt.Print("  serverless: [alibaba-eci]\n")
	}
}
