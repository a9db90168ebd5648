package testcase

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/harness/engine"
)

func TestPoliciesThatNeedALaterKyvernoAreNotRunOnAnEarlierOne(t *testing.T) {
	policy := func(minVersion string) string {
		return "kind: MutatingPolicy\nmetadata:\n  annotations:\n    policies.kyverno.io/minversion: " + minVersion + "\n    other: 9.9.9\n"
	}
	for _, row := range []struct {
		reason, of string
		files      []string
		needs      string
		says       []string
	}{
		{"a version that is new enough", "kyverno-cel@1.18", []string{policy("1.18.0"), policy("1.11.0")}, "", nil},
		{"one that is not", "kyverno-cel@1.18", []string{policy("1.19.0")}, "Kyverno 1.19", []string{"kyverno-cel@1.18: p0.yaml: needs Kyverno 1.19, as its policies.kyverno.io/minversion says"}},
		{"each policy is named, and the latest that is needed", "kyverno@1.9", []string{policy("1.10.0"), policy("'1.8'"), policy(`"v1.11.2"`)}, "Kyverno 1.11", []string{"p0.yaml: needs Kyverno 1.10,", "p2.yaml: needs Kyverno 1.11,"}},
		{"one of several in a file", "kyverno@1.18", []string{policy("1.11.0") + "---\n" + policy("1.20.0")}, "Kyverno 1.20", []string{"p0.yaml: needs Kyverno 1.20,"}},
		{"whichever version is at hand is not known before it runs", "kyverno-cel", []string{policy("1.19.0")}, "", nil},
		{"a policy that says nothing", "kyverno@1.18", []string{"kind: ClusterPolicy\n"}, "", nil},
		{"what is no version", "kyverno@1.18", []string{policy("latest")}, "", nil},
		{"it is Kyverno's annotation", "kubernetes@1.18", []string{policy("1.19.0")}, "", nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			ref, err := engine.ParseRef(row.of)
			if err != nil {
				t.Fatal(err)
			}
			set := &PolicySet{Files: map[string][]artifact.File{}}
			for i, text := range row.files {
				set.Files[ref.Name] = append(set.Files[ref.Name], artifact.File{Path: "p" + string(rune('0'+i)) + ".yaml", Data: []byte(text)})
			}
			needs, err := set.needs(ref)
			if needs != row.needs || (err != nil) != (row.says != nil) {
				t.Fatalf("needs %q, %v", needs, err)
			}
			for _, says := range row.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%v does not say %q", err, says)
				}
			}
			if err != nil && strings.Count(err.Error(), "\n") != len(row.says)-1 {
				t.Errorf("a line for each policy: %v", err)
			}
		})
	}
}
