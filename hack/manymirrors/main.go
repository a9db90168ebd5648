// Command manymirrors prints a MirrorSet with N mirrors.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "usage: manymirrors N")
		os.Exit(2)
	}
	fmt.Print("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata:\n  name: many\nspec:\n  mirrors:\n")
	for i := range n {
		fmt.Printf("  - source: host%d.example.net\n    mirror: mirror.example.com/host%d\n", i, i)
	}
}
