package target

import (
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
)

// needsRichest has every kind of need: all platforms, both transports, secrets
// that Pods get and one that ServiceAccounts carry, and registries that are no
// mirror.
func needsRichest() *spec.MirrorSet {
	secret := func(name string, accounts ...string) *spec.PullSecret {
		return &spec.PullSecret{Name: name, Namespace: "registry-credentials", ServiceAccounts: accounts}
	}
	return &spec.MirrorSet{
		Name:      "needs",
		Positions: map[string]spec.Position{"": {File: "env/needs.yaml", Line: 1, Column: 1}},
		Spec: spec.Spec{
			Mirrors: []spec.Mirror{
				{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com/dockerhub", Transport: "https-skip-verify", PullSecret: secret("regcred")},
				{Name: "images", Source: "quay.io", Mirror: "harbor.example.com:8443/images", Transport: "http", PullSecret: secret("images")},
				{Name: "ghcr-io", Source: "ghcr.io", Mirror: "robot.example.com/ghcr", Only: []string{"acme"}, PullSecret: secret("robot", "default")},
				{Name: "k8s", Source: "registry.k8s.io", Mirror: "open.example.com/k8s"},
			},
			Registries: []spec.Registry{{Host: "10.16.100.174:5000", Transport: "http"}, {Host: "[::1]:5000", Transport: "https-skip-verify"}, {Host: "images.example.com", Transport: "https-skip-verify"}},
			Serverless: []string{"alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci"},
			Scope: spec.Scope{
				ExcludeNamespaces: []string{"build"},
				NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "enabled"}},
				PodSelector:       &spec.Selector{MatchExpressions: []spec.Requirement{{Key: "mirror.opt-out", Operator: "DoesNotExist"}}},
			},
			Rewrite:    spec.Rewrite{FailurePolicy: "Fail"},
			Constraint: spec.Constraint{FailurePolicy: "Fail"},
		},
	}
}

// needsFiles are the files that what images need shows in, those for credentials aside.
func needsFiles(t *testing.T, set *spec.MirrorSet) []artifact.File {
	t.Helper()
	var files []artifact.File
	for _, file := range kyvernoFiles(t, set) {
		if slices.Contains([]string{"rewrite", "imagecache", "constraint", "warnings"}, kindOf(set, file)) {
			files = append(files, file)
		}
	}
	return files
}

func kindOf(set *spec.MirrorSet, file artifact.File) string {
	return strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), set.Name+"-"), ".yaml")
}

// rules are the rules of a policy, by name.
func rules(t *testing.T, file artifact.File) map[string]any {
	t.Helper()
	named := map[string]any{}
	list, _ := at(object(t, file), "spec", "rules").([]any)
	for _, rule := range list {
		named[at(rule, "name").(string)] = rule
	}
	if len(named) != len(list) {
		t.Errorf("%s: two rules of one name", file.Path)
	}
	return named
}

// lists are the expressions of a policy's rules, by name.
func lists(t *testing.T, file artifact.File) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, rule := range rules(t, file) {
		for _, kind := range []string{"mutate", "validate"} {
			if list, ok := at(rule, kind, "foreach", "0", "list").(string); ok {
				texts[name] = list
			}
		}
	}
	return texts
}

func ruleNames(t *testing.T, file artifact.File) string {
	t.Helper()
	var names []string
	list, _ := at(object(t, file), "spec", "rules").([]any)
	for _, rule := range list {
		names = append(names, at(rule, "name").(string))
	}
	return strings.Join(names, " ")
}

func TestWhatImagesNeedRenders(t *testing.T) {
	golden(t, "kyverno-needs", needsFiles(t, needsRichest()))
	var constraints []artifact.File
	files, err := Gatekeeper().Render(mirror.Compile(needsRichest()))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if path.Dir(file.Path) == "gatekeeper/constraints" {
			constraints = append(constraints, file)
		}
	}
	golden(t, "gatekeeper-needs", constraints)
}

func TestWhatImagesNeedIsTheSameBytesEachTime(t *testing.T) {
	want := needsFiles(t, needsRichest())
	for range 20 {
		for i, file := range needsFiles(t, needsRichest()) {
			if file.Path != want[i].Path || string(file.Data) != string(want[i].Data) {
				t.Fatalf("%s: differs from one run to the next", want[i].Path)
			}
		}
	}
}

var jmesLiteral = regexp.MustCompile("`([^`]*)`")

// literals are what stands between backticks, read as the JSON that it has to be.
func literals(t *testing.T, expression string) []any {
	t.Helper()
	if strings.Count(expression, "`")%2 != 0 {
		t.Fatalf("a backtick is left over in %s", expression)
	}
	var all []any
	for _, match := range jmesLiteral.FindAllStringSubmatch(expression, -1) {
		var value any
		if err := json.Unmarshal([]byte(match[1]), &value); err != nil {
			t.Fatalf("the literal %s is no JSON: %v", match[1], err)
		}
		all = append(all, value)
	}
	return all
}

func holds(all []any, key, value string) bool {
	return slices.ContainsFunc(all, func(literal any) bool {
		table, _ := literal.(map[string]any)
		got, ok := table[key]
		return ok && (value == "" || got == value)
	})
}

// What Kyverno, Flux and kustomize read something into has no place in the
// output, in whatever rule; and a mirror may be called "images".
func TestNoRuleOfNeedsSaysAnythingToOtherReaders(t *testing.T) {
	for _, file := range needsFiles(t, needsRichest()) {
		text := string(file.Data)
		for _, allowed := range []string{`'{{ element.patches }}'`, `"{{ to_string(element.message) }}"`, `"{{ element.broken }}"`, "one {{ }} once", "one\n  # {{ }} once"} {
			text = strings.ReplaceAll(text, allowed, "variable")
		}
		for _, refused := range []string{"${", "$(", "{{", "<no value>", "<%", "%>", "\t", " \n", "\n\n"} {
			if strings.Contains(text, refused) {
				t.Errorf("%s: holds %q", file.Path, refused)
			}
		}
		if !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: the last line is not ended", file.Path)
		}
		for name, expression := range lists(t, file) {
			if deferredImages(expression) {
				t.Errorf("%s: %s makes Kyverno parse every image of the object, and fail if one is invalid", file.Path, name)
			}
			literals(t, expression)
		}
	}
}

// The spec's grammar takes no such addresses and names. This is the second fence.
func TestHostileAddressesStayValuesOfAnExpression(t *testing.T) {
	for _, hostile := range append(mirrortest.Hostile(), "images", "x-images", "a`b", "$1", "{{ request.object }}", "a'b", "')||('") {
		if strings.ContainsAny(hostile, "/") || hostile == "" {
			continue // it would be a host and a path
		}
		set := needsRichest()
		set.Spec.Mirrors = []spec.Mirror{{Name: hostile, Source: "docker.io", Mirror: "h.example.com/" + hostile, Transport: "http",
			PullSecret: &spec.PullSecret{Name: hostile, Namespace: hostile, AllNamespaces: true}}}
		set.Spec.Registries = []spec.Registry{{Host: hostile, Transport: "https-skip-verify"}}
		plan := mirror.Compile(set)
		address, clone := "h.example.com/"+hostile, "mirrorgen-needs-"+hostile
		var host string
		for name, transport := range plan.Transports {
			if transport == "https-skip-verify" {
				host = name
			}
		}
		files := needsFiles(t, set)
		for _, row := range []struct{ kind, rule, key, value string }{
			{"rewrite", "equip-pods", address, clone},
			{"rewrite", "equip-pods", host, ""},
			{"imagecache", "equip-cached-images", address, hostile + ":" + hostile},
			{"imagecache", "equip-cached-images", host, ""},
			{"warnings", "warn-of-pull-secrets", address, clone},
		} {
			expression := lists(t, *fileOf(files, row.kind))[row.rule]
			if !holds(literals(t, expression), row.key, row.value) {
				t.Errorf("%q: %s does not look up %q", hostile, row.rule, row.key)
			}
			if deferredImages(expression) {
				t.Errorf("%q: Kyverno reads its variable images in %s", hostile, row.rule)
			}
			for _, refused := range []string{"{{", "${", "$("} {
				if strings.Contains(expression, refused) {
					t.Errorf("%q: %s holds %q", hostile, row.rule, refused)
				}
			}
		}
		if all := literals(t, lists(t, *fileOf(files, "warnings"))["warn-of-pull-secrets"]); !slices.Contains(all, any(clone)) {
			t.Errorf("%q: the clone's name is no literal", hostile)
		}
	}
}

func TestAKeyIsEscapedForAJSONPointer(t *testing.T) {
	for _, row := range []struct{ why, key, want string }{
		{"a prefix", "k8s.aliyun.com/insecure-registry", "k8s.aliyun.com~1insecure-registry"},
		{"the escape itself", "a~1/b", "a~01~1b"},
		{"nothing to escape", "plain.key", "plain.key"},
	} {
		if got := pointer(row.key); got != row.want {
			t.Errorf("%s: %s, want %s", row.why, got, row.want)
		}
	}
	expression := lists(t, *fileOf(needsFiles(t, needsRichest()), "rewrite"))["equip-pods"]
	for _, a := range mirror.Annotations() {
		if !strings.Contains(expression, "{k:'"+a.Key+"',p:'"+pointer(a.Key)+"',e:a.\""+a.Key+"\"") {
			t.Errorf("%s is not kept", a.Key)
		}
	}
}

func TestNoReferenceWithANeedIsTooLongToBeLookedAt(t *testing.T) {
	longest := "/" + strings.Repeat("p", image.MaxPathLength) + ":" + strings.Repeat("t", image.MaxTagLength) + "@sha512:" + strings.Repeat("0", 128)
	for _, row := range []struct {
		why              string
		addresses, hosts map[string]string
		host             string
	}{
		{"nothing but Docker Hub, in its longest spelling", nil, nil, "registry-1.docker.io"},
		{"an address", map[string]string{"a-registry-with-a-long-name.example.com:5000/x": ""}, nil, "a-registry-with-a-long-name.example.com:5000"},
		{"a host", map[string]string{"a.b": ""}, map[string]string{"another-registry-with-a-long-name.example.com": ""}, "another-registry-with-a-long-name.example.com"},
	} {
		if limit := longestReference(maps.Keys(row.addresses), maps.Keys(row.hosts)); len(row.host+longest) > limit || limit > len(row.host+longest)+len("/") {
			t.Errorf("%s: the limit is %d, the longest reference has %d", row.why, limit, len(row.host+longest))
		}
	}
}
