package target

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/spec"
)

// cloneNames maps the mirrors of a set to the names of the policies that clone their secrets.
func cloneNames(t *testing.T, set *spec.MirrorSet) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, policy := range objects(t, *fileOf(credentialFiles(t, set), pullSecretsKind)) {
		rule := at(policy, "spec", "rules", "0", "name").(string)
		names[strings.TrimPrefix(rule, "clone-")] = at(policy, "metadata", "name").(string)
	}
	return names
}

// Kyverno refuses another scope under the name of a policy that synchronizes
// (pkg/validation/policy/generate.go), and deletes a deleted policy's clones.
func TestACloningPolicyIsRenamedExactlyWhenItsRuleChanges(t *testing.T) {
	before := cloneNames(t, credentialsRichest())
	all := []string{"docker-io", "images", "quay-io"}
	for _, row := range []struct {
		why     string
		change  func(*spec.MirrorSet)
		renamed []string
		gone    []string
	}{
		{"nothing", func(*spec.MirrorSet) {}, nil, nil},
		{"an excluded namespace", func(s *spec.MirrorSet) { s.Spec.Scope.ExcludeNamespaces = []string{"build", "lab"} }, all, nil},
		{"the system namespaces", func(s *spec.MirrorSet) { s.Spec.Scope.IncludeSystemNamespaces = true }, all, nil},
		{"the selector", func(s *spec.MirrorSet) { s.Spec.Scope.NamespaceSelector.MatchLabels["mirror"] = "yes" }, all, nil},
		{"no selector", func(s *spec.MirrorSet) { s.Spec.Scope.NamespaceSelector = nil }, all, nil},
		{"a Secret's name", func(s *spec.MirrorSet) { s.Spec.Mirrors[0].PullSecret.Name = "robot" }, []string{"quay-io"}, nil},
		{"a Secret's home", func(s *spec.MirrorSet) { s.Spec.Mirrors[0].PullSecret.Namespace = "harbor" }, []string{"quay-io"}, nil},
		{"a mirror less: the others keep their clones under their policies", func(s *spec.MirrorSet) { s.Spec.Mirrors[0].PullSecret = nil }, nil, []string{"quay-io"}},
		{"a mirror's address: the secret is the same", func(s *spec.MirrorSet) { s.Spec.Mirrors[0].Mirror = "harbor.example.com/q" }, nil, nil},
		{"ServiceAccounts: what is cloned is the same", func(s *spec.MirrorSet) { s.Spec.Mirrors[1].PullSecret.ServiceAccounts = nil }, nil, nil},
		{"what is no part of a rule", func(s *spec.MirrorSet) { s.Spec.Rewrite.FailurePolicy = "Fail" }, nil, nil},
		{"the Pod selector, which has no say in namespaces", func(s *spec.MirrorSet) {
			s.Spec.Scope.PodSelector = &spec.Selector{MatchLabels: map[string]string{"a": "b"}}
		}, nil, nil},
		{"the spec's file", func(s *spec.MirrorSet) { s.Positions[""] = spec.Position{File: "other.yaml"} }, nil, nil},
		{"the order of the mirrors", func(s *spec.MirrorSet) {
			s.Spec.Mirrors[0], s.Spec.Mirrors[2] = s.Spec.Mirrors[2], s.Spec.Mirrors[0]
		}, nil, nil},
	} {
		set := credentialsRichest()
		row.change(set)
		after := cloneNames(t, set)
		for _, name := range all {
			switch {
			case slices.Contains(row.gone, name):
				if after[name] != "" {
					t.Errorf("%s: %s is still cloned", row.why, name)
				}
			case slices.Contains(row.renamed, name) == (before[name] == after[name]):
				t.Errorf("%s: %s was called %s and is called %s", row.why, name, before[name], after[name])
			}
		}
	}
}

func TestTwoPoliciesOfASetNeverShareAHash(t *testing.T) {
	taken := map[string]bool{}
	form := regexp.MustCompile(`^[0-9a-f]{8}$`)
	for range 3 {
		hash, err := hashOf([]any{"the same rules"}, taken)
		if err != nil || !form.MatchString(hash) {
			t.Fatalf("hash %q, error %v", hash, err)
		}
	}
	if len(taken) != 3 {
		t.Errorf("three policies have %d hashes", len(taken))
	}
}

func TestAFileWithoutRulesHasNoHash(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"no rules", "spec: {}\n", "no rules to take a hash of"},
		{"no object", "- a\n", "f.yaml"},
		{"no YAML", "a: [\n", "f.yaml"},
	} {
		if _, err := rulesOf(&artifact.File{Path: "f.yaml", Data: []byte(row.text)}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want %q", row.why, err, row.want)
		}
	}
}

// Kyverno puts the names of policies and rules into labels, which take 63
// characters; a policy that has longer ones clones nothing, and says so only in a log.
func TestTheLongestNamesFitIntoLabels(t *testing.T) {
	parse := func(set, mirror string) ([]*spec.MirrorSet, error) {
		return spec.Parse("mirrors.yaml", []byte("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: "+set+"}\n"+
			"spec: {mirrors: [{name: "+mirror+", source: docker.io, mirror: cr.example.com, pullSecret: {name: a, namespace: b, serviceAccounts: [default], allNamespaces: true}}]}\n"))
	}
	for _, row := range []struct{ why, set, mirror string }{
		{"the longest set", strings.Repeat("s", 40), strings.Repeat("m", 12)},
		{"the longest mirror", strings.Repeat("s", 12), strings.Repeat("m", 40)},
	} {
		sets, err := parse(row.set, row.mirror)
		if err != nil {
			t.Fatal(err)
		}
		for _, longer := range [][2]string{{row.set + "s", row.mirror}, {row.set, row.mirror + "m"}} {
			if _, err := parse(longer[0], longer[1]); err == nil {
				t.Errorf("%s: a longer one is taken, so that this proves nothing", row.why)
			}
		}
		for _, file := range credentialFiles(t, sets[0]) {
			for _, object := range objects(t, file) {
				for _, steps := range []string{"metadata name", "spec rules 0 name", "spec rules 0 generate name"} {
					if name, _ := at(object, strings.Fields(steps)...).(string); len(name) > 63 {
						t.Errorf("%s: %s: %q has %d characters", row.why, file.Path, name, len(name))
					}
				}
			}
		}
	}
}
