// Package stack runs a cluster's control plane on loopback: etcd, the API server,
// and Kyverno's controllers, all of them real, built from their Go modules.
package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The environment that make e2e sets.
const (
	// BinVariable names the folder of the programs.
	BinVariable = "MIRRORGEN_E2E_BIN"
	// KyvernoVariable names the folder of Kyverno's Go module, which holds the
	// manifests of its CustomResourceDefinitions and of what it may do.
	KyvernoVariable = "MIRRORGEN_E2E_KYVERNO"
)

// Binaries are the files that a stack is made of.
type Binaries struct {
	Etcd, APIServer string
	// Kyverno is the admission controller, Background the controller that clones
	// and changes objects after admission.
	Kyverno, Background string
	// Manifest is Kyverno's own installation manifest.
	Manifest string
}

// FromEnvironment finds the files. What is missing is an error that says how to
// get it, never a reason to skip a test.
func FromEnvironment() (Binaries, error) {
	bin, module := os.Getenv(BinVariable), os.Getenv(KyvernoVariable)
	if bin == "" || module == "" {
		return Binaries{}, fmt.Errorf("%s and %s are not set: a real API server is needed; run make e2e, which builds it and sets them", BinVariable, KyvernoVariable)
	}
	b := Binaries{
		Etcd:       filepath.Join(bin, "etcd"),
		APIServer:  filepath.Join(bin, "kube-apiserver"),
		Kyverno:    filepath.Join(bin, "kyverno-admission"),
		Background: filepath.Join(bin, "kyverno-background"),
		Manifest:   filepath.Join(module, "config", "install-latest-testing.yaml"),
	}
	var problems []error
	for _, file := range []string{b.Etcd, b.APIServer, b.Kyverno, b.Background, b.Manifest} {
		if info, err := os.Stat(file); err != nil {
			problems = append(problems, fmt.Errorf("%w; run make e2e, which builds it", err))
		} else if !info.Mode().IsRegular() {
			problems = append(problems, fmt.Errorf("%s: is no file; run make e2e, which builds it", file))
		}
	}
	return b, errors.Join(problems...)
}
