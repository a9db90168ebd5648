package testcase_test

import (
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/harness/testcase"
)

const needsSpec = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example.com/hub, transport: http, pullSecret: {name: regcred, namespace: home, serviceAccounts: [default], allNamespaces: true}}
  serverless: [alibaba-eci]
`

// builtOf are the objects of the generated files that keep wants, as an overlay
// would yield them.
func builtOf(t *testing.T, text string, keep func(name string) bool) []map[string]any {
	t.Helper()
	sets, err := spec.Parse("mirrors.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(sets)
	if err != nil {
		t.Fatal(err)
	}
	files, err := generator.Generate(plans, []target.Target{target.Kyverno(), target.Gatekeeper()})
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	for _, file := range files {
		folder := path.Dir(file.Path)
		if folder != "kyverno" && folder != "gatekeeper/constraints" && folder != "gatekeeper/templates" || path.Base(file.Path) == "kustomization.yaml" || !keep(file.Path) {
			continue
		}
		reader := document.NewReader(file.Path, strings.NewReader(string(file.Data)))
		for {
			doc, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			object, err := doc.Object()
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, object)
		}
	}
	return objects
}

func kinds(t *testing.T, set *testcase.PolicySet, engine string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, file := range set.Files[engine] {
		reader := document.NewReader(file.Path, strings.NewReader(string(file.Data)))
		for {
			doc, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			object, err := doc.Object()
			if err != nil {
				t.Fatal(err)
			}
			counts[object["kind"].(string)]++
		}
	}
	return counts
}

func TestPermissionsOfOursAreLeftOutAndForeignOnesRefused(t *testing.T) {
	all := func(string) bool { return true }
	objects := builtOf(t, needsSpec, all)
	rbac := 0
	for _, object := range objects {
		if strings.HasPrefix(object["apiVersion"].(string), "rbac.authorization.k8s.io/") {
			rbac++
		}
	}
	if rbac < 6 {
		t.Fatalf("%d objects of RBAC: nothing is tested", rbac)
	}
	set, err := testcase.FromObjects("overlay", objects)
	if err != nil {
		t.Fatal(err)
	}
	counts := kinds(t, set, "kyverno")
	if len(counts) != 1 || counts["ClusterPolicy"] != 7 {
		t.Errorf("Kyverno gets %v: want the policies alone", counts)
	}
	if counts := kinds(t, set, "gatekeeper"); counts["MirroredImages"] != 3 || counts["ConstraintTemplate"] != 1 || len(counts) != 3 {
		t.Errorf("Gatekeeper gets %v", counts)
	}
	foreign := func(labels any, version, kind string) map[string]any {
		metadata := map[string]any{"name": "x"}
		if labels != nil {
			metadata["labels"] = labels
		}
		return map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
	}
	for _, row := range []struct {
		why    string
		object map[string]any
		want   string
	}{
		{"no labels", foreign(nil, "rbac.authorization.k8s.io/v1", "Role"), "overlay: rbac.authorization.k8s.io/v1 Role: no engine runs this kind; take it out of the policies"},
		{"another manager", foreign(map[string]any{"app.kubernetes.io/managed-by": "Helm"}, "rbac.authorization.k8s.io/v1", "ClusterRole"), "overlay: rbac.authorization.k8s.io/v1 ClusterRole: no engine runs this kind; take it out of the policies"},
		{"labels that are none", foreign("x", "rbac.authorization.k8s.io/v1", "RoleBinding"), "overlay: rbac.authorization.k8s.io/v1 RoleBinding: no engine runs this kind; take it out of the policies"},
		{"our label on another kind", foreign(map[string]any{"app.kubernetes.io/managed-by": "mirrorgen"}, "v1", "Secret"), "overlay: v1 Secret: no engine runs this kind; take it out of the policies"},
		{"a group that only ends alike", foreign(map[string]any{"app.kubernetes.io/managed-by": "mirrorgen"}, "x.rbac.authorization.k8s.io/v1", "Role"), "overlay: x.rbac.authorization.k8s.io/v1 Role: no engine runs this kind; take it out of the policies"},
	} {
		if _, err := testcase.FromObjects("overlay", append(builtOf(t, needsSpec, all), row.object)); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.why, err, row.want)
		}
	}
	alone := foreign(map[string]any{"app.kubernetes.io/managed-by": "mirrorgen"}, "rbac.authorization.k8s.io/v1", "Role")
	if _, err := testcase.FromObjects("overlay", []map[string]any{alone}); err == nil || err.Error() != "overlay: holds no policy" {
		t.Errorf("permissions alone are no policy: %v", err)
	}
}

func TestKyvernoOnlyRewritesWhereNoRuleOfItJudges(t *testing.T) {
	for _, row := range []struct {
		why  string
		keep func(name string) bool
		want bool
	}{
		{"the whole folder: Gatekeeper judges", func(name string) bool {
			return !strings.HasSuffix(name, "kyverno/s-constraint.yaml") && !strings.HasSuffix(name, "kyverno/s-warnings.yaml")
		}, true},
		{"cloning and equipping is no judging", func(name string) bool {
			return !strings.HasSuffix(name, "kyverno/s-constraint.yaml") && !strings.HasSuffix(name, "kyverno/s-warnings.yaml") && !strings.HasSuffix(name, "kyverno/s-rewrite.yaml")
		}, true},
		{"both judge", func(string) bool { return true }, false},
		{"a rule that only warns judges", func(name string) bool { return !strings.HasSuffix(name, "kyverno/s-constraint.yaml") }, false},
		{"Kyverno alone", func(name string) bool { return strings.HasPrefix(name, "kyverno/") }, false},
	} {
		set, err := testcase.FromObjects("overlay", builtOf(t, needsSpec, row.keep))
		if err != nil {
			t.Fatal(err)
		}
		if set.OnlyRewrites["kyverno"] != row.want {
			t.Errorf("%s: only rewrites: %v, want %v", row.why, set.OnlyRewrites["kyverno"], row.want)
		}
	}
}

func TestNeedsThatAnOverlayPatchesAreHeldToWhatASpecIs(t *testing.T) {
	for _, row := range []struct {
		why    string
		change func(plan map[string]any)
		want   string // a part of the error; empty: accepted
	}{
		{"as generated", func(map[string]any) {}, ""},
		{"another platform", func(plan map[string]any) { plan["serverless"] = []any{"huawei-cci"} }, ""},
		{"a platform that none is", func(plan map[string]any) { plan["serverless"] = []any{"fargate"} }, `spec.parameters.plan.serverless[0]: "fargate": must be one of`},
		{"a transport that none is", func(plan map[string]any) { plan["transports"].(map[string]any)["m.example.com"] = "ftp" }, `spec.parameters.plan.transports["m.example.com"]: "ftp": must be http or https-skip-verify`},
		{"a secret in one of the two places", func(plan map[string]any) { plan["pullSecrets"].(map[string]any)["m.example.com/hub"] = "mine" }, "spec.parameters.plan.pullSecrets: does not say what spec.parameters.plan.mirrors says"},
	} {
		objects := builtOf(t, needsSpec, func(name string) bool { return strings.HasPrefix(name, "gatekeeper/") })
		plans(objects, func(string) bool { return true }, row.change)
		_, err := testcase.FromObjects("overlay", objects)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.why, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.why, err, row.want)
		}
	}
}
