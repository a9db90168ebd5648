package generator_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"

	"math/rand"
)

// setsOf parses documents that each hold one set, named a.yaml, b.yaml and so on.
func setsOf(t *testing.T, texts ...string) []*spec.MirrorSet {
	t.Helper()
	var sets []*spec.MirrorSet
	for i, text := range texts {
		found, err := spec.Parse(string(rune('a'+i))+".yaml", []byte("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, found...)
	}
	return sets
}

func TestSetsThatWorkAgainstEachOtherAreRefusedTogether(t *testing.T) {
	one := func(name, source, mirror string) string {
		return "metadata: {name: " + name + "}\nspec: {mirrors: [{source: " + source + ", mirror: " + mirror + "}]}\n"
	}
	for _, row := range []struct {
		why   string
		texts []string
		want  []string // the whole error, a line each
	}{
		{"sets with nothing in common", []string{one("a", "docker.io", "m.io/hub"), one("b", "quay.io", "m.io/quay")}, nil},
		{"one name twice", []string{one("a", "docker.io", "m.io/hub"), one("a", "quay.io", "m.io/quay")},
			[]string{`b.yaml:3:18: metadata.name: "a": is the name of the MirrorSet at a.yaml:3 already; generated objects are named after it: choose another`}},
		{"a name that another's objects have", []string{one("a", "docker.io", "m.io/hub"), one("a-templates", "quay.io", "m.io/quay")},
			[]string{`b.yaml:3:18: metadata.name: "a-templates": is what an object generated from MirrorSet "a" at a.yaml:3 is called; choose another name`}},
		{"a name whose objects have the name of another's", []string{one("a", "docker.io", "m.io/hub"), one("a-template", "quay.io", "m.io/quay")},
			[]string{`b.yaml:3:18: metadata.name: "a-template": "a-template-warnings" would be generated from it, which is what an object generated from MirrorSet "a" at a.yaml:3 is called; choose another name`}},
		{"a name that only begins like an object of another", []string{one("a", "docker.io", "m.io/hub"), one("a-pull", "quay.io", "m.io/quay")}, nil},
		{"one source twice, and a name twice, in one run", []string{one("a", "docker.io", "m.io/hub"), one("b", "index.docker.io", "n.io/hub"), one("a", "quay.io", "m.io/quay")},
			[]string{`b.yaml:4:27: spec.mirrors[0].source: "docker.io": is served by mirror "docker-io" of MirrorSet "a" (a.yaml:4) already; a source has one mirror: remove one, or narrow it by a path`,
				`c.yaml:3:18: metadata.name: "a": is the name of the MirrorSet at a.yaml:3 already; generated objects are named after it: choose another`}},
	} {
		_, err := generator.Plans(setsOf(t, row.texts...))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != strings.Join(row.want, "\n") {
			t.Errorf("%s:\ngot  %s\nwant %s", row.why, got, strings.Join(row.want, "\n"))
		}
	}
}

// TestEveryTargetKeepsTheHouseRules is the table test over target.All: what
// holds for one target holds for the next one that is added.
func TestEveryTargetKeepsTheHouseRules(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var plans []*mirror.Plan
	for range 30 {
		plans = append(plans, mirror.Compile(mirrortest.RandomSet(r)))
	}
	for _, one := range target.All() {
		if one.Name == "" || one.Doc == "" || strings.Contains(one.Doc, "\n") {
			t.Errorf("target %q: needs a name and one line of doc, has %q", one.Name, one.Doc)
		}
		for _, plan := range plans {
			files, err := one.Render(plan)
			if err != nil {
				t.Fatalf("%s: %v", one.Name, err)
			}
			again, err := one.Render(plan)
			if err != nil {
				t.Fatal(err)
			}
			if len(files) == 0 || len(files) != len(again) {
				t.Fatalf("%s: %d files, then %d", one.Name, len(files), len(again))
			}
			for i, file := range files {
				if file.Path != again[i].Path || !bytes.Equal(file.Data, again[i].Data) {
					t.Errorf("%s: %s is not the same bytes twice", one.Name, file.Path)
				}
				if !artifact.IsGenerated(file.Data) {
					t.Errorf("%s: %s has no header", one.Name, file.Path)
				}
				if !strings.HasPrefix(file.Path, one.Name+"/") {
					t.Errorf("%s: %s lies outside the target's folder", one.Name, file.Path)
				}
				if bytes.Contains(file.Data, []byte("${")) {
					t.Errorf("%s: %s holds ${, which Flux substitutes", one.Name, file.Path)
				}
			}
		}
	}
}

func TestTheKustomizationsApplyEachJudgeOnce(t *testing.T) {
	plans, err := generator.Plans(setsOf(t, "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.io/hub}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why     string
		targets []string
		path    string
		want    string // the resources, joined; empty: the file is not there
	}{
		{"where Gatekeeper judges, Kyverno only rewrites", nil, "kustomization.yaml", "kyverno/a-rewrite.yaml gatekeeper"},
		{"without Gatekeeper, Kyverno does both", []string{"kyverno"}, "kustomization.yaml", "kyverno"},
		{"kyverno on its own does both", nil, "kyverno/kustomization.yaml", "a-constraint.yaml a-rewrite.yaml"},
		{"templates come before constraints", nil, "gatekeeper/kustomization.yaml", "templates constraints"},
		{"bindings follow policies that an overlay renames", nil, "kubernetes/kustomization.yaml", "a-constraint.yaml a-rewrite.yaml configurations: kustomizeconfig.yaml"},
		{"plain Rego is nothing a cluster takes", []string{"rego"}, "kustomization.yaml", ""},
	} {
		targets, err := target.Named(row.targets)
		if err != nil {
			t.Fatal(err)
		}
		files, err := generator.Generate(plans, targets)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, file := range files {
			if file.Path == row.path {
				_, list, _ := strings.Cut(string(file.Data), "resources:\n")
				got = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(list, "- ", ""), "\n", " "))
			}
		}
		if got != row.want {
			t.Errorf("%s: %s lists %q, want %q", row.why, row.path, got, row.want)
		}
	}
}

// Kyverno refuses a cloning policy that it is not allowed to act on, and kubectl
// applies a folder's files in the order of their names.
func TestWhatClonesIsAllowedFirstAndAppliedBesideGatekeeper(t *testing.T) {
	plans, err := generator.Plans(setsOf(t, "metadata: {name: a}\nspec: {mirrors: [{source: docker.io, mirror: m.io/hub, pullSecret: {name: s, namespace: home, serviceAccounts: [default], allNamespaces: true}}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := generator.Generate(plans, target.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ path, prefix string }{{"kustomization.yaml", "kyverno/"}, {"kyverno/kustomization.yaml", ""}} {
		want := "- " + row.prefix + "a-pull-secrets-rbac.yaml\n- " + row.prefix + "a-pull-secrets.yaml\n"
		for _, file := range files {
			if file.Path == row.path && (!strings.Contains(string(file.Data), want) ||
				!strings.Contains(string(file.Data), "a-service-accounts.yaml\n") || !strings.Contains(string(file.Data), "a-existing-accounts.yaml\n")) {
				t.Errorf("%s: lists not all in order:\n%s", row.path, file.Data)
			}
		}
	}
}

// TestASetThatIsTooMuchIsNoBug: every target that cannot hold it is named at once.
func TestASetThatIsTooMuchIsNoBug(t *testing.T) {
	text := "metadata: {name: deep}\nspec:\n  mirrors:\n"
	for at := range 17 {
		text += "  - {name: m" + strings.Repeat("m", at) + ", source: up.example.net" + strings.Repeat("/a", at) + ", mirror: m.example.com/p" + strings.Repeat("p", at) + "}\n"
	}
	plans, err := generator.Plans(setsOf(t, text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = generator.Generate(plans, target.All())
	var limit *target.LimitError
	if !errors.As(err, &limit) {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "target kyverno-cel:") || !strings.Contains(lines[1], "target kubernetes:") || strings.Contains(err.Error(), "bug") {
		t.Errorf("got %s", err)
	}
	others, err := target.Named([]string{"kyverno", "gatekeeper", "rego"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generator.Generate(plans, others); err != nil {
		t.Errorf("targets without that limit: %v", err)
	}
}
