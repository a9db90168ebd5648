package testcase

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

func plansOf(t *testing.T, sets ...string) []*mirror.Plan {
	t.Helper()
	var text strings.Builder
	for _, set := range sets {
		text.WriteString("---\napiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\n" + set + "\n")
	}
	parsed, err := spec.Parse("mirrors.yaml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

func TestTheSameRuleOfTwoSetsIsOne(t *testing.T) {
	set := &PolicySet{Plans: plansOf(t,
		"metadata: {name: cn}\nspec: {mirrors: [{name: images, source: docker.io, mirror: m.example/hub}, {name: io, source: quay.io, mirror: m.example/quay}, {name: docker-io, source: gcr.io, mirror: m.example/gcr}, {name: pods, source: ghcr.io, mirror: m.example/ghcr}]}",
		"metadata: {name: cn-beijing}\nspec: {mirrors: [{name: existing-x, source: registry.k8s.io, mirror: m.example/k8s}]}")}
	for _, row := range []struct{ why, rule, want string }{
		{"the set's name is taken out", "cn-rewrite/rewrite-images", "<set>-rewrite/rewrite-images"},
		{"a mirror that is called like a rule's end takes nothing out of it", "cn-rewrite/equip-pods", "<set>-rewrite/equip-pods"},
		{"a constraint has no rule", "cn", "<set>"},
		{"a constraint with an ending", "cn-templates", "<set>-templates"},
		{"the hash and the mirror", "cn-pull-secrets-2ccbe810/clone-docker-io", "<set>-pull-secrets/clone-<mirror>"},
		{"a mirror whose name ends like another's", "cn-pull-secrets-2ccbe810/clone-io", "<set>-pull-secrets/clone-<mirror>"},
		{"a mirror called images", "cn-pull-secrets-00000000/clone-images", "<set>-pull-secrets/clone-<mirror>"},
		{"what is no hash stays", "cn-pull-secrets-2ccbe81/clone-io", "<set>-pull-secrets-2ccbe81/clone-io"},
		{"what is no mirror stays", "cn-pull-secrets-2ccbe810/clone-other", "<set>-pull-secrets/clone-other"},
		{"ServiceAccounts", "cn-service-accounts/append-docker-io", "<set>-service-accounts/append-<mirror>"},
		{"ServiceAccounts that exist", "cn-existing-accounts/append-existing-docker-io", "<set>-existing-accounts/append-existing-<mirror>"},
		{"a mirror whose name begins like a rule's end", "cn-beijing-service-accounts/append-existing-x", "<set>-service-accounts/append-<mirror>"},
		{"of two sets the longer name", "cn-beijing-rewrite/rewrite-images", "<set>-rewrite/rewrite-images"},
		{"a set that only begins alike", "cnx-rewrite/rewrite-images", "cnx-rewrite/rewrite-images"},
		{"a rule of no set", "other/rule", "other/rule"},
	} {
		if got := set.role(row.rule); got != row.want {
			t.Errorf("%s: %s: %s, want %s", row.why, row.rule, got, row.want)
		}
	}
	if got := (&PolicySet{}).role("cn-rewrite/rewrite-images"); got != "cn-rewrite/rewrite-images" {
		t.Errorf("hand-written policies have no set: %s", got)
	}
}

func TestEveryEngineGetsItsOwnFilesAndNoPermissions(t *testing.T) {
	// Names that end like what is left out.
	plans := plansOf(t, "metadata: {name: team-rbac}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, pullSecret: {name: s, namespace: home, allNamespaces: true}}], serverless: [alibaba-eci]}")
	set, err := FromPlans("mirrors.yaml", plans)
	if err != nil {
		t.Fatal(err)
	}
	for engine, want := range map[string]string{
		"kyverno":    "team-rbac-constraint.yaml team-rbac-imagecache.yaml team-rbac-pull-secrets.yaml team-rbac-rewrite.yaml team-rbac-warnings.yaml",
		"gatekeeper": "expansion.yaml team-rbac-templates.yaml team-rbac-warnings.yaml team-rbac.yaml template.yaml",
	} {
		names := map[string]bool{}
		for _, file := range set.Files[engine] {
			names[path.Base(file.Path)] = true
		}
		if got := strings.Join(sortedKeys(names), " "); got != want {
			t.Errorf("%s: %s, want %s", engine, got, want)
		}
	}
	data := false
	for _, file := range set.Files["rego"] {
		data = data || file.Path == "rego/data/team-rbac.yaml"
	}
	if !data {
		t.Error("the plain Rego has no data")
	}
	if _, ok := set.Files["reference"]; !ok {
		t.Error("the reference takes no part")
	}
}

// TestASetThatIsTooMuchForSomeEnginesRunsOnTheOthers: those are refused when they are
// asked, and not before.
func TestASetThatIsTooMuchForSomeEnginesRunsOnTheOthers(t *testing.T) {
	body := "metadata: {name: deep}\nspec:\n  mirrors:\n"
	for at := range 17 {
		body += "  - {name: m" + strings.Repeat("m", at) + ", source: up.example.net" + strings.Repeat("/a", at) + ", mirror: m.example.com/p" + strings.Repeat("p", at) + "}\n"
	}
	set, err := FromPlans("deep.yaml", plansOf(t, body))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		engine string
		limit  bool
	}{{"kyverno", false}, {"gatekeeper", false}, {"rego", false}, {"kyverno-cel", true}, {"kubernetes", true}} {
		if (set.Limits[row.engine] != nil) != row.limit || (len(set.Files[row.engine]) == 0) != row.limit || !set.has(row.engine) {
			t.Errorf("%s: %d files, limit %v", row.engine, len(set.Files[row.engine]), set.Limits[row.engine])
		}
	}
	_, err = newSessions(nil).session(t.Context(), engine.Ref{Name: "kubernetes"}, set)
	if err == nil || !strings.Contains(err.Error(), `MirrorSet "deep": target kubernetes: its 17 sources`) {
		t.Errorf("the engine is asked all the same: %v", err)
	}
}

// TestAHandWrittenPolicyIsNamedByItsPlace: an engine says of a policy what its file says.
func TestAHandWrittenPolicyIsNamedByItsPlace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "p.yaml")
	text := "# two kinds\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: a}\n" +
		"---\napiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: b}\n" +
		"---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: c}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := HandWritten([]string{filepath.ToSlash(name)})
	if err != nil {
		t.Fatal(err)
	}
	for engine, lines := range map[string][]string{"kubernetes": {":1", ":10"}, "kyverno-cel": {":6"}} {
		var got []string
		for _, file := range set.Files[engine] {
			got = append(got, strings.TrimPrefix(file.Path, filepath.ToSlash(name)))
		}
		if !slices.Equal(got, lines) {
			t.Errorf("%s: got %v, want %v", engine, got, lines)
		}
	}
	if err := os.WriteFile(name, []byte(text+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := HandWritten([]string{filepath.ToSlash(name)}); err == nil || !strings.Contains(err.Error(), "p.yaml:14: v1 ConfigMap: no engine runs this kind") {
		t.Errorf("got %v", err)
	}
}
