package target

import (
	"bytes"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// credentialsRichest has secrets of one and of two homes, by Pod and by
// ServiceAccount, a name that Kyverno would read as a variable, and a mirror without.
func credentialsRichest() *spec.MirrorSet {
	return &spec.MirrorSet{
		Name:      "cn-beijing",
		Positions: map[string]spec.Position{"": {File: "env/mirrors.yaml", Line: 1, Column: 1}},
		Spec: spec.Spec{
			Mirrors: []spec.Mirror{
				{Name: "quay-io", Source: "quay.io", Mirror: "harbor.example.com/quay", PullSecret: &spec.PullSecret{Name: "robot.pull", Namespace: "registry-credentials"}},
				{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com/dockerhub", PullSecret: &spec.PullSecret{Name: "regcred", Namespace: "registry-credentials", ServiceAccounts: []string{"default", "builder"}}},
				{Name: "images", Source: "ghcr.io", Mirror: "other.example.com/images", PullSecret: &spec.PullSecret{Name: "robot.pull", Namespace: "harbor", ServiceAccounts: []string{"default"}}},
				{Name: "k8s", Source: "registry.k8s.io", Mirror: "harbor.example.com/k8s"},
			},
			Scope: spec.Scope{
				ExcludeNamespaces: []string{"build"},
				NamespaceSelector: &spec.Selector{
					MatchLabels:      map[string]string{"mirror": "enabled"},
					MatchExpressions: []spec.Requirement{{Key: "tier", Operator: "NotIn", Values: []string{"lab"}}},
				},
			},
		},
	}
}

// credentialsEverywhere has neither a selector nor excluded namespaces.
func credentialsEverywhere() *spec.MirrorSet {
	return &spec.MirrorSet{Name: "lean", Spec: spec.Spec{
		Mirrors: []spec.Mirror{{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com", PullSecret: &spec.PullSecret{
			Name: "regcred", Namespace: "registry-credentials", ServiceAccounts: []string{"default"}, AllNamespaces: true}}},
		Scope: spec.Scope{IncludeSystemNamespaces: true},
	}}
}

// credentialFiles are the files that pull secrets are the reason of.
func credentialFiles(t *testing.T, set *spec.MirrorSet) []artifact.File {
	t.Helper()
	var files []artifact.File
	for _, file := range kyvernoFiles(t, set) {
		kind := strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), set.Name+"-"), ".yaml")
		switch kind {
		case pullSecretsKind, serviceAccountsKind, existingAccountsKind, credentialsRBACKind:
			files = append(files, file)
		}
	}
	return files
}

// objects reads the documents of a generated file.
func objects(t *testing.T, file artifact.File) []map[string]any {
	t.Helper()
	var all []map[string]any
	reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
	for {
		read, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := read.Object()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, value)
	}
}

// fileOf is the file of a kind; nil where there is none.
func fileOf(files []artifact.File, kind string) *artifact.File {
	for i := range files {
		if strings.HasSuffix(files[i].Path, "-"+kind+".yaml") {
			return &files[i]
		}
	}
	return nil
}

func TestCredentialsRender(t *testing.T) {
	golden(t, "kyverno-credentials", credentialFiles(t, credentialsRichest()))
	golden(t, "kyverno-credentials-everywhere", credentialFiles(t, credentialsEverywhere()))
}

func TestCredentialsAreTheSameBytesEachTime(t *testing.T) {
	want := credentialFiles(t, credentialsRichest())
	for range 20 {
		for i, file := range credentialFiles(t, credentialsRichest()) {
			if file.Path != want[i].Path || !bytes.Equal(file.Data, want[i].Data) {
				t.Fatalf("%s: differs from one run to the next", want[i].Path)
			}
		}
	}
}

func TestOnlyWhatASetNeedsIsGenerated(t *testing.T) {
	secret := func(accounts ...string) *spec.PullSecret {
		return &spec.PullSecret{Name: "regcred", Namespace: "credentials", ServiceAccounts: accounts, AllNamespaces: true}
	}
	for _, row := range []struct {
		why    string
		secret *spec.PullSecret
		want   string
	}{
		{"without a pull secret nothing is cloned and nothing is allowed", nil, ""},
		{"Pods name the secret themselves: no ServiceAccount is touched", secret(), "pull-secrets pull-secrets-rbac"},
		{"ServiceAccounts name it: as they are admitted, and those that exist", secret("default"), "pull-secrets service-accounts existing-accounts pull-secrets-rbac"},
	} {
		set := &spec.MirrorSet{Name: "s", Spec: spec.Spec{Mirrors: []spec.Mirror{{Name: "m", Source: "docker.io", Mirror: "cr.example.com", PullSecret: row.secret}}}}
		var got []string
		for _, file := range credentialFiles(t, set) {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), "s-"), ".yaml"))
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.why, got, row.want)
		}
	}
}

// The spec's grammar takes no such names. This is the second fence.
func TestHostileNamesStayValues(t *testing.T) {
	for _, hostile := range []string{"a\"b", "a\nb: c", "a'b", "{{ request.object }}", "$(x)", "a`b", `a\b`, "a: b", "- a", "# a", "<% .Name %>", "images"} {
		set := credentialsRichest()
		set.Spec.Scope.ExcludeNamespaces = []string{hostile}
		set.Spec.Scope.IncludeSystemNamespaces = true
		set.Spec.Scope.NamespaceSelector.MatchLabels["mirror"] = hostile
		set.Spec.Mirrors = set.Spec.Mirrors[1:2]
		set.Spec.Mirrors[0].Name = hostile
		set.Spec.Mirrors[0].PullSecret = &spec.PullSecret{Name: hostile, Namespace: hostile, ServiceAccounts: []string{hostile}}
		clone := mirror.Compile(set).Mirrors[hostile].PullSecret.Clone
		files := credentialFiles(t, set)
		for _, row := range []struct {
			kind  string
			index int
			steps string
			want  string
		}{
			{pullSecretsKind, 0, "spec rules 0 generate clone name", hostile},
			{pullSecretsKind, 0, "spec rules 0 generate clone namespace", hostile},
			{pullSecretsKind, 0, "spec rules 0 generate name", clone},
			{pullSecretsKind, 0, "spec rules 0 exclude any 0 resources names 0", hostile},
			{pullSecretsKind, 0, "spec rules 0 match any 0 resources selector matchLabels mirror", hostile},
			{serviceAccountsKind, 0, "spec rules 0 match any 0 resources names 0", hostile},
			{serviceAccountsKind, 0, "spec rules 0 match any 0 resources namespaceSelector matchLabels mirror", hostile},
			{serviceAccountsKind, 0, "spec rules 0 exclude any 0 resources namespaces 0", hostile},
			{existingAccountsKind, 0, "spec rules 0 mutate targets 0 name", hostile},
			{existingAccountsKind, 0, "spec rules 0 exclude any 0 resources names 0", hostile},
			{credentialsRBACKind, 0, "metadata namespace", hostile},
			{credentialsRBACKind, 0, "rules 0 resourceNames 0", hostile},
			{credentialsRBACKind, 2, "rules 0 resourceNames 1", clone},
			{credentialsRBACKind, 6, "rules 0 resourceNames 0", hostile},
		} {
			if got := at(objects(t, *fileOf(files, row.kind))[row.index], strings.Fields(row.steps)...); got != row.want {
				t.Errorf("%q: %s: %s is %q", hostile, row.kind, row.steps, got)
			}
		}
		for _, kind := range []string{serviceAccountsKind, existingAccountsKind} {
			rule := at(objects(t, *fileOf(files, kind))[0], "spec", "rules", "0")
			patches := artifact.File{Path: "patch", Data: []byte("patch:\n" + at(rule, "mutate", "patchesJson6902").(string))}
			patch := objects(t, patches)[0]
			if list, _ := at(patch, "patch").([]any); len(list) != 1 || at(patch, "patch", "0", "value", "name") != clone {
				t.Errorf("%q: %s: the patch is %v", hostile, kind, patch)
			}
			present, _ := at(rule, "preconditions", "all", "0", "key").(string)
			if kind == existingAccountsKind {
				present, _ = at(rule, "mutate", "targets", "0", "preconditions", "all", "0", "key").(string)
			}
			if strings.Count(present, "{{") != 1 || strings.Count(present, "`") != 4 || strings.Contains(present, "$") || deferredImages(present) {
				t.Errorf("%q: %s: the expression reads more than a name: %s", hostile, kind, present)
			}
		}
	}
}

// A clone is made whether its Namespace is new or old, and a rule that names
// operations matches nothing that runs in the background.
func TestWhatRunsInTheBackgroundNamesNoOperation(t *testing.T) {
	for _, file := range credentialFiles(t, credentialsRichest()) {
		operations := strings.Contains(string(file.Data), "operations:")
		if want := strings.HasSuffix(file.Path, "-"+serviceAccountsKind+".yaml"); operations != want {
			t.Errorf("%s: names operations: %v, want %v", file.Path, operations, want)
		}
	}
}

// Argo CD compares what was applied with what is stored, where the CRD has filled
// in this field of list items.
func TestRulesLeaveNothingForTheCRDToFillIn(t *testing.T) {
	for _, file := range credentialFiles(t, credentialsRichest()) {
		for _, object := range objects(t, file) {
			rules, _ := at(object, "spec", "rules").([]any)
			for _, rule := range rules {
				if _, ok := at(rule, "skipBackgroundRequests").(bool); !ok {
					t.Errorf("%s: rule %v does not say skipBackgroundRequests", file.Path, at(rule, "name"))
				}
			}
		}
	}
}

// What Flux and Kyverno would read something into has no place but for the known variables.
func TestCredentialsSayNothingToOtherReaders(t *testing.T) {
	variable := regexp.MustCompile(`\{\{ (request\.object\.(status\.phase \|\| ''|metadata\.name)|contains\((request\.object|target)\.imagePullSecrets\[\]\.name \|\| ` + "`\\[\\]`, `[^`]*`" + `\)) \}\}`)
	for _, file := range credentialFiles(t, credentialsRichest()) {
		for _, query := range variable.FindAllString(string(file.Data), -1) {
			if deferredImages(query) {
				t.Errorf("%s: Kyverno reads the variable images in %s", file.Path, query)
			}
		}
		text := variable.ReplaceAllString(string(file.Data), "variable")
		for _, refused := range []string{"${", "$(", "{{", "}}}", "<no value>", "<%", "%>", "\t", " \n"} {
			if strings.Contains(text, refused) {
				t.Errorf("%s: holds %q", file.Path, refused)
			}
		}
	}
}
