package target

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"path"
	"strconv"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// kyvernoRichest sets every field that a Kyverno policy depends on.
func kyvernoRichest() *spec.MirrorSet {
	return &spec.MirrorSet{
		Name:      "cn-beijing",
		Positions: map[string]spec.Position{"": {File: "env/mirrors.yaml", Line: 1, Column: 1}},
		Spec: spec.Spec{
			Mirrors: []spec.Mirror{
				{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com/dockerhub", Only: []string{"library", "bitnami"}, Except: []string{"library/registry"}},
				{Name: "quay-io", Source: "quay.io/acme", Mirror: "harbor.example.com:8443/acme", Aliases: []string{"quay.example"}, Except: []string{"tools/go/tip"}},
				{Name: "k8s", Source: "registry.k8s.io", Mirror: "harbor.example.com/images"},
			},
			Scope: spec.Scope{
				ExcludeNamespaces: []string{"build"},
				NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "enabled", "a": "true"}},
				PodSelector:       &spec.Selector{MatchExpressions: []spec.Requirement{{Key: "mirror.opt-out", Operator: "DoesNotExist"}}},
			},
			Rewrite:    spec.Rewrite{FailurePolicy: "Fail"},
			Constraint: spec.Constraint{HonourPodSelector: true, AllowRegistries: []string{"registry.corp.example", "ghcr.io/acme"}},
		},
	}
}

func kyvernoFiles(t *testing.T, set *spec.MirrorSet) []artifact.File {
	t.Helper()
	files, err := Kyverno().Render(mirror.Compile(set))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// object reads the one document of a generated file.
func object(t *testing.T, file artifact.File) map[string]any {
	t.Helper()
	reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
	first, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: more than one document: %v", file.Path, err)
	}
	value, err := first.Object()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// at walks an object by keys and indices; nil where there is nothing.
func at(value any, steps ...string) any {
	for _, step := range steps {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func TestKyvernoRendersTheRichestSet(t *testing.T) {
	golden(t, "kyverno-richest", kyvernoFiles(t, kyvernoRichest()))
}

func TestKyvernoRendersTheLeanestSet(t *testing.T) {
	set := &spec.MirrorSet{Name: "lean", Spec: spec.Spec{
		Mirrors: []spec.Mirror{{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com"}},
		Scope:   spec.Scope{IncludeSystemNamespaces: true},
	}}
	golden(t, "kyverno-leanest", kyvernoFiles(t, set))
}

func TestKyvernoOutputIsTheSameBytesEachTime(t *testing.T) {
	want := kyvernoFiles(t, kyvernoRichest())
	for range 20 {
		got := kyvernoFiles(t, kyvernoRichest())
		for i := range want {
			if got[i].Path != want[i].Path || !bytes.Equal(got[i].Data, want[i].Data) {
				t.Fatalf("%s: differs from one run to the next", want[i].Path)
			}
		}
	}
}

func TestKyvernoPoliciesFollowTheEnforcement(t *testing.T) {
	tests := []struct {
		why           string
		enforcement   string
		only          []string
		files         []string
		failureAction any
		emitWarning   any
	}{
		{"a mirror that holds everything can be warned about nothing", "deny", nil, []string{"rewrite", "constraint"}, "Enforce", nil},
		{"unset reads as deny", "", nil, []string{"rewrite", "constraint"}, "Enforce", nil},
		{"what a mirror does not hold is warned about by a policy of its own", "deny", []string{"library"}, []string{"rewrite", "constraint", "warnings"}, "Enforce", nil},
		{"warn: one policy says everything", "warn", []string{"library"}, []string{"rewrite", "constraint"}, "Audit", true},
		{"dryrun: recorded, and shown to no one", "dryrun", []string{"library"}, []string{"rewrite", "constraint"}, "Audit", nil},
	}
	for _, test := range tests {
		set := &spec.MirrorSet{Name: "s", Spec: spec.Spec{
			Mirrors:    []spec.Mirror{{Name: "m", Source: "docker.io", Mirror: "cr.example.com", Only: test.only}},
			Constraint: spec.Constraint{Enforcement: test.enforcement, FailurePolicy: "Fail"},
		}}
		files := kyvernoFiles(t, set)
		var kinds []string
		for _, file := range files {
			kind := strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), "s-"), ".yaml")
			kinds = append(kinds, kind)
			policy := object(t, file)
			if name := at(policy, "metadata", "name"); name != "s-"+kind {
				t.Errorf("%s: %s is named %v", test.why, file.Path, name)
			}
			rule := at(policy, "spec", "rules", "0")
			if at(rule, "skipBackgroundRequests") != true {
				t.Errorf("%s: %s leaves a default inside a list to the API server, where Argo CD sees drift", test.why, file.Path)
			}
			switch kind {
			case "rewrite":
				if at(policy, "spec", "failurePolicy") != "Ignore" {
					t.Errorf("%s: the rewrite's failurePolicy is not its own", test.why)
				}
			case "constraint":
				if got := at(rule, "validate", "failureAction"); got != test.failureAction {
					t.Errorf("%s: failureAction %v, want %v", test.why, got, test.failureAction)
				}
				if got := at(policy, "spec", "emitWarning"); got != test.emitWarning {
					t.Errorf("%s: emitWarning %v, want %v", test.why, got, test.emitWarning)
				}
				if got := at(policy, "spec", "failurePolicy"); got != "Fail" {
					t.Errorf("%s: failurePolicy %v, want Fail", test.why, got)
				}
			case "warnings":
				if at(rule, "validate", "failureAction") != "Audit" || at(policy, "spec", "emitWarning") != true {
					t.Errorf("%s: the warnings policy does not only warn", test.why)
				}
			}
		}
		if strings.Join(kinds, " ") != strings.Join(test.files, " ") {
			t.Errorf("%s: files %v, want %v", test.why, kinds, test.files)
		}
	}
}

func TestKyvernoScopeIsTheSets(t *testing.T) {
	set := kyvernoRichest()
	for _, honour := range []bool{true, false} {
		set.Spec.Constraint.HonourPodSelector = honour
		for _, file := range kyvernoFiles(t, set) {
			rule := at(object(t, file), "spec", "rules", "0")
			resources := at(rule, "match", "any", "0", "resources")
			if got := at(resources, "namespaceSelector", "matchLabels", "mirror"); got != "enabled" {
				t.Errorf("%s: namespaceSelector wants mirror=%v", file.Path, got)
			}
			if got := at(resources, "namespaceSelector", "matchLabels", "a"); got != "true" {
				t.Errorf("%s: a label value is no string any more: %v", file.Path, got)
			}
			want := any("DoesNotExist")
			if !honour && !strings.HasSuffix(file.Path, "-rewrite.yaml") {
				want = nil
			}
			if got := at(resources, "selector", "matchExpressions", "0", "operator"); got != want {
				t.Errorf("%s: honourPodSelector %v: selector %v, want %v", file.Path, honour, got, want)
			}
			if got := at(rule, "exclude", "any", "0", "resources", "namespaces", "0"); got != "build" {
				t.Errorf("%s: the first namespace left out is %v", file.Path, got)
			}
			if got := at(rule, "exclude", "any", "1", "resources", "annotations", "kubernetes.io/config.mirror"); got != "*" {
				t.Errorf("%s: static Pods are not left out", file.Path)
			}
		}
	}
}

// What Kyverno, Flux and kustomize read something into has no place in the
// output, but for the two whole-text variables.
func TestKyvernoOutputSaysNothingToOtherReaders(t *testing.T) {
	for _, file := range kyvernoFiles(t, kyvernoRichest()) {
		text := string(file.Data)
		for _, allowed := range []string{`'{{ element.patches }}'`, `"{{ to_string(element.message) }}"`, `"{{ element.broken }}"`, "one {{ }} once"} {
			text = strings.ReplaceAll(text, allowed, "variable")
		}
		for _, refused := range []string{"${", "$(", "{{", "<no value>", "<%", "%>", "\t", " \n"} {
			if strings.Contains(text, refused) {
				t.Errorf("%s: holds %q", file.Path, refused)
			}
		}
		expression := kyvernoList(t, file)
		if deferredImages(expression) {
			t.Errorf("%s: the expression makes Kyverno parse every image of the Pod, and fail if one is invalid", file.Path)
		}
	}
}

func kyvernoList(t *testing.T, file artifact.File) string {
	t.Helper()
	rule := at(object(t, file), "spec", "rules", "0")
	for _, kind := range []string{"mutate", "validate"} {
		if list, ok := at(rule, kind, "foreach", "0", "list").(string); ok {
			return list
		}
	}
	t.Fatalf("%s: has no list", file.Path)
	return ""
}

func TestKyvernoNoticeIsOneLine(t *testing.T) {
	notice := Kyverno().Notice
	for _, word := range []string{"deprecated", "1.19.1", "1.20", "kyverno-cel"} {
		if !strings.Contains(notice, word) {
			t.Errorf("the notice does not say %q", word)
		}
	}
	if strings.Contains(notice, "\n") {
		t.Error("the notice has more than one line")
	}
}

func TestNoReferenceThatATableMatchesIsTooLongToBeLookedAt(t *testing.T) {
	path, suffix := strings.Repeat("p", image.MaxPathLength), ":"+strings.Repeat("t", image.MaxTagLength)+"@sha512:"+strings.Repeat("0", 128)
	tests := []struct{ why, source, host string }{
		{"the longest spelling of Docker Hub", "docker.io", "registry-1.docker.io"},
		{"a host shorter than that", "a.b", "a.b"},
		{"a host longer than that", "registry.a-rather-long-name.example.com:8443/x", "registry.a-rather-long-name.example.com:8443"},
	}
	for _, test := range tests {
		plan := mirror.Compile(&spec.MirrorSet{Name: "s", Spec: spec.Spec{Mirrors: []spec.Mirror{{Name: "m", Source: test.source, Mirror: "cr.example.com"}}}})
		if limit := longestReference(maps.Keys(plan.Table.Rewriting())); len(test.host+"/"+path+suffix) > limit {
			t.Errorf("%s: a reference of %d characters is over the limit of %d", test.why, len(test.host+"/"+path+suffix), limit)
		}
	}
}
