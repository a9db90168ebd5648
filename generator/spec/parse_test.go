package spec

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// sample is the spec of semantics.md §1, with an enclosing document.
const sample = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata:
  name: cn-beijing                       # prefix of every generated object's name
  annotations: {config.kubernetes.io/local-config: "true"}
spec:
  mirrors:                               # at least one; order has no meaning
  - name: docker-io
    source: docker.io
    aliases: []
    mirror: cr.example.com/dockerhub
    fallbacks: []
    only: [library, bitnami]
    except: [library/registry]
    transport: https
    caFile: certs/harbor-ca.crt
    pullSecret: {name: regcred, namespace: registry-credentials, serviceAccounts: [], allNamespaces: false}
  registries:
  - {host: "10.16.100.174:5000", transport: http}
  scope:
    excludeNamespaces: []
    includeSystemNamespaces: false
    namespaceSelector: {matchLabels: {mirror: enabled}}
    podSelector: {matchExpressions: [{key: mirror.opt-out, operator: DoesNotExist}]}
  rewrite: {failurePolicy: Ignore}
  constraint:
    enforcement: deny
    failurePolicy: Ignore
    honourPodSelector: false
    allowRegistries: [registry.corp.example]
  nodes: {onUnsupported: error}
  serverless: [alibaba-eci, tencent-eks, huawei-cci]
`

func TestParseTheSample(t *testing.T) {
	sets, err := Parse("mirrors.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	got := sets[0]
	want := MirrorSet{
		Name:        "cn-beijing",
		Annotations: map[string]string{"config.kubernetes.io/local-config": "true"},
		Spec: Spec{
			Mirrors: []Mirror{{
				Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com/dockerhub", Only: []string{"library", "bitnami"}, Except: []string{"library/registry"},
				Transport: "https", CAFile: "certs/harbor-ca.crt", PullSecret: &PullSecret{Name: "regcred", Namespace: "registry-credentials"},
			}},
			Registries: []Registry{{Host: "10.16.100.174:5000", Transport: "http"}},
			Scope: Scope{
				NamespaceSelector: &Selector{MatchLabels: map[string]string{"mirror": "enabled"}},
				PodSelector:       &Selector{MatchExpressions: []Requirement{{Key: "mirror.opt-out", Operator: "DoesNotExist"}}},
			},
			Rewrite:    Rewrite{FailurePolicy: "Ignore"},
			Constraint: Constraint{Enforcement: "deny", FailurePolicy: "Ignore", AllowRegistries: []string{"registry.corp.example"}},
			Nodes:      Nodes{OnUnsupported: "error"},
			Serverless: []string{"alibaba-eci", "tencent-eks", "huawei-cci"},
		},
	}
	if !same(got, &want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for path, place := range map[string]Position{
		"":                        {"mirrors.yaml", 1, 1},
		"metadata.name":           {"mirrors.yaml", 4, 9},
		"spec.mirrors[0]":         {"mirrors.yaml", 8, 5},
		"spec.mirrors[0].source":  {"mirrors.yaml", 9, 13},
		"spec.mirrors[0].only[1]": {"mirrors.yaml", 13, 21},
		"spec.registries[0].host": {"mirrors.yaml", 19, 12},
		"metadata.annotations.config.kubernetes.io/local-config": {"mirrors.yaml", 5, 52},
	} {
		if got.Positions[path] != place {
			t.Errorf("%s: at %v, want %v", path, got.Positions[path], place)
		}
	}
	if len(got.Warnings) > 0 {
		t.Errorf("warnings: %v", got.Warnings)
	}
}

// same compares what two sets say, not where it was written.
func same(a, b *MirrorSet) bool {
	x, y := *a, *b
	x.Positions, y.Positions, x.Warnings, y.Warnings = nil, nil, nil, nil
	return reflect.DeepEqual(x, y)
}

func TestParseSeveral(t *testing.T) {
	text := strings.ReplaceAll(sample, "cn-beijing ", "one") + "---\n" + strings.ReplaceAll(sample, "cn-beijing ", "two")
	sets, err := Parse("f", []byte(text))
	if err != nil || len(sets) != 2 || sets[0].Name != "one" || sets[1].Name != "two" {
		t.Fatalf("got %v, %v", sets, err)
	}
	if at := sets[1].Position("spec.mirrors[0].source"); at.Line != 9+strings.Count(sample, "\n")+1 {
		t.Errorf("the second set's source is at %v", at)
	}
}

// minimal is a valid set around the fields of one mirror and of the spec.
func minimal(mirror, body string) string {
	text := "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata:\n  name: s\nspec:\n  mirrors:\n  - mirror: m.example.com/x\n"
	if !strings.Contains(mirror, "source:") {
		mirror = "source: quay.io\n" + mirror
	}
	for _, line := range strings.Split(strings.TrimSuffix(mirror, "\n"), "\n") {
		text += "    " + line + "\n"
	}
	for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		if line != "" {
			text += "  " + line + "\n"
		}
	}
	return text
}

func TestMinimal(t *testing.T) {
	sets, err := Parse("f", []byte(minimal("", "")))
	if err != nil {
		t.Fatal(err)
	}
	want := &MirrorSet{Name: "s", Spec: Spec{Mirrors: []Mirror{{Name: "quay-io", Source: "quay.io", Mirror: "m.example.com/x"}}}}
	if !same(sets[0], want) {
		t.Errorf("got %+v", sets[0])
	}
}

func TestDerivedNames(t *testing.T) {
	for _, row := range []struct{ why, source, want string }{
		{"a host", "docker.io", "docker-io"},
		{"a path", "quay.io/acme", "quay-io-acme"},
		{"IPv6", "[::1]:5000", "1-5000"},
		{"underscores", "quay.io/a__b", "quay-io-a-b"},
		{"cut at 40, no dash at the end", "registry.example.com/abcdefghijklmnopqr/stu", "registry-example-com-abcdefghijklmnopqr"},
		{"nothing left", "[::]", ""},
	} {
		if got := derivedName(row.source, maxMirrorName); got != row.want {
			t.Errorf("%s: %s gives %q, want %q", row.why, row.source, got, row.want)
		}
	}
}

func TestValuesAccepted(t *testing.T) {
	for _, row := range []struct{ why, mirror, body string }{
		{"a port", "source: registry.example.com:5000", ""},
		{"localhost", "source: localhost", ""},
		{"localhost with a port and a path", "source: localhost:5000/a/b", ""},
		{"a single-label host with a port", "source: registry:5000", ""},
		{"IPv4", "source: 10.0.0.1:80/a", ""},
		{"IPv6", `source: "[fd00::1]:5000/a"`, ""},
		{"IPv6 without a port", `source: "[::1]"`, ""},
		{"an underscore that a kubelet accepts", "source: my_registry.local/a", ""},
		{"separators of the grammar", "source: quay.io/a.b/c_d/e__f/g---h", ""},
		{"another name of Docker Hub", "source: index.docker.io/library", ""},
		{"an alias", "aliases: [quay.example.com, 'q:5000']", ""},
		{"except above only in breadth", "only: [a/b, c]\nexcept: [a/b/c]", ""},
		{"a certificate file in upper case", "caFile: certs/Harbor-CA.PEM", ""},
		{"a pull secret everywhere", "pullSecret: {name: a.b, namespace: c, allNamespaces: true}", ""},
		{"empty selectors", "", "scope: {namespaceSelector: {}, podSelector: {}}"},
		{"an expression for each operator", "", "scope: {podSelector: {matchExpressions: [{key: a.b/C_d, operator: In, values: [x, '']}, {key: b, operator: NotIn, values: [Yes-or-no]}, {key: c, operator: Exists}, {key: d, operator: DoesNotExist}]}}"},
		{"except alone", "except: [a]", ""},
		{"an entry that repeats a name with a dot", "only: [k8s.gcr.io/a]", ""},
	} {
		if _, err := Parse("f", []byte(minimal(row.mirror, row.body))); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, row := range []struct{ why, mirror, body, want string }{
		{"a user's name on Docker Hub", "source: docker.io/nginx", "", `f:8:13: spec.mirrors[0].source: "docker.io/nginx": means the images below the name nginx, not the image library/nginx; write "docker.io/library/nginx" for that image`},
		{"library is what it says", "source: docker.io/library", "", ""},
		{"two components are a repository", "source: docker.io/library/nginx", "", ""},
		{"another registry has no library", "source: quay.io/nginx", "", ""},
		{"a pull secret for system images", "pullSecret: {name: a, namespace: b, allNamespaces: true}", "scope: {includeSystemNamespaces: true}", `f:9:17: spec.mirrors[0].pullSecret: the scope includes system namespaces, whose images a node pulls itself, without a Pod's secret`},
		{"a home that Kyverno does not watch", "pullSecret: {name: a, namespace: kube-system, allNamespaces: true}", "", `f:9:38: spec.mirrors[0].pullSecret.namespace: "kube-system": Kyverno's webhook leaves it out by default, and does not notice when the Secret is edited; keep the Secret in a namespace of its own`},
		{"the same of Kyverno's own", "pullSecret: {name: a, namespace: kyverno, allNamespaces: true}", "", `f:9:38: spec.mirrors[0].pullSecret.namespace: "kyverno": Kyverno's webhook leaves it out by default, and does not notice when the Secret is edited; keep the Secret in a namespace of its own`},
		{"a home that begins alike", "pullSecret: {name: a, namespace: kyverno-secrets, allNamespaces: true}", "", ""},
		{"certificates that nothing checks", "transport: https-skip-verify\ncaFile: a.crt", "", `f:10:13: spec.mirrors[0].caFile: "a.crt": is not used, since https-skip-verify checks no certificate; set transport: https, or remove it`},
		{"the same of a registry", "", "registries: [{host: a.b, caFile: a.crt, transport: https-skip-verify}]", `f:9:36: spec.registries[0].caFile: "a.crt": is not used, since https-skip-verify checks no certificate; set transport: https, or remove it`},
	} {
		sets, err := Parse("f", []byte(minimal(row.mirror, row.body)))
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if got := Problems(sets[0].Warnings).Error(); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.why, got, row.want)
		}
	}
}

func TestFromObject(t *testing.T) {
	sets, err := Parse("f", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromObject("MirrorSet/cn-beijing", sets[0].Object())
	if err != nil || !same(got, sets[0]) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if at := got.Position("spec.mirrors[0].source"); at != (Position{File: "MirrorSet/cn-beijing"}) {
		t.Errorf("a place with a line: %v", at)
	}
	for _, row := range []struct {
		why    string
		object map[string]any
		want   string
	}{
		{"two problems in the order of the fields", map[string]any{"apiVersion": APIVersion, "kind": Kind, "metadata": map[string]any{"name": int64(5)}, "spec": map[string]any{"mirrors": []any{map[string]any{"source": "X.io", "mirror": "m.io"}}}},
			"o: metadata.name: 5: must be a string, and YAML reads a number; put it in quotes\no: spec.mirrors[0].source: \"X.io\": a host is lower case; write \"x.io\""},
		{"another kind", map[string]any{"apiVersion": "v1", "kind": "Pod"}, `o: kind: "Pod": only MirrorSet is read here; keep other objects in files of their own`},
		{"nothing", map[string]any{}, "o: apiVersion: is missing; write \"apiVersion: mirrorgen.dev/v1alpha1\"\no: kind: is missing; write \"kind: MirrorSet\"\no: metadata: is missing; write \"metadata: {name: <name>}\"\no: spec: is missing; write \"spec:\" with at least one mirror"},
		{"a value that no object holds", map[string]any{"a": struct{}{}}, "o: encode YAML: a value of type struct {}"},
	} {
		_, err := FromObject("o", row.object)
		var problems Problems
		if !errors.As(err, &problems) || err.Error() != row.want {
			t.Errorf("%s:\n got %v\nwant %s", row.why, err, row.want)
		}
	}
	pod := sets[0].Object()
	pod["spec"].(map[string]any)["mirrors"].([]any)[0].(map[string]any)["source"] = "docker.io/nginx"
	warned, err := FromObject("o", pod)
	if err != nil || len(warned.Warnings) != 1 || warned.Warnings[0].Position != (Position{File: "o"}) {
		t.Errorf("a warning keeps a line: %v, %v", warned, err)
	}
}
