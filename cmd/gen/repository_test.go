package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// gen runs a command in the repository's root.
func gen(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Chdir(repository)
	var out, talk bytes.Buffer
	status = run(context.Background(), args, strings.NewReader(""), &out, &talk)
	return status, out.String(), talk.String()
}

func TestTheCommittedPoliciesAreCurrent(t *testing.T) {
	for _, row := range []struct{ spec, out, why string }{
		{"policies/mirrors.yaml", "policies", "what make demo shows"},
		{"examples/overlays/dev", "examples/overlays/rendered/dev", "what Argo CD reads, of an environment"},
		{"examples/overlays/prod", "examples/overlays/rendered/prod", "and of another"},
	} {
		t.Run(row.out, func(t *testing.T) {
			// The diff on stdout may be thousands of lines; stderr names the files.
			if status, _, stderr := gen(t, "policies", "-f", row.spec, "--out", row.out, "--check"); status != exitFine {
				t.Errorf("%s: exit status %d; run make policies\n%s", row.why, status, stderr)
			}
		})
	}
}

// The first stage of make demo runs while the Kyverno engine is being built, so
// that cases about Kyverno alone are in its way unless they are not applicable.
func TestTheFirstStageOfTheDemoPassesWithoutTheKyvernoEngine(t *testing.T) {
	const stage = "test testcases --engine reference,gatekeeper"
	makefile, err := os.ReadFile(repository + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(makefile, []byte("/gen "+stage+" ")) {
		t.Fatalf("the Makefile does not run gen %s", stage)
	}
	if status, stdout, stderr := gen(t, strings.Fields(stage)...); status != exitFine {
		t.Errorf("gen %s: exit status %d\n%s%s", stage, status, stdout, stderr)
	}
}
