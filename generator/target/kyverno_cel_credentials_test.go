package target

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// celCredentialFiles are the files of target kyverno-cel that pull secrets are the
// reason of.
func celCredentialFiles(t *testing.T, set *spec.MirrorSet) []artifact.File {
	t.Helper()
	return celFilesOf(t, set, kyvernoCELPullSecrets, kyvernoCELServiceAccounts, kyvernoCELExistingAccounts, kyvernoCELCredentialsRBAC)
}

func celFilesOf(t *testing.T, set *spec.MirrorSet, renderers ...func(*mirror.Plan) (*artifact.File, error)) []artifact.File {
	t.Helper()
	files, err := renderEach(mirror.Compile(set), renderers...)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCELCredentialsRender(t *testing.T) {
	for name, set := range map[string]*spec.MirrorSet{"": credentialsRichest(), "-everywhere": credentialsEverywhere()} {
		golden(t, "kyverno-cel-credentials"+name, celCredentialFiles(t, set))
		golden(t, "kubernetes-credentials"+name, celFilesOf(t, set, kubernetesServiceAccounts))
	}
}

func TestCELCredentialsAreTheSameBytesEachTime(t *testing.T) {
	want := celCredentialFiles(t, credentialsRichest())
	for range 20 {
		for i, file := range celCredentialFiles(t, credentialsRichest()) {
			if file.Path != want[i].Path || !bytes.Equal(file.Data, want[i].Data) {
				t.Fatalf("%s: differs from one run to the next", want[i].Path)
			}
		}
	}
}

func TestOnlyWhatASetNeedsIsGeneratedInCEL(t *testing.T) {
	secret := func(accounts ...string) *spec.PullSecret {
		return &spec.PullSecret{Name: "regcred", Namespace: "credentials", ServiceAccounts: accounts, AllNamespaces: true}
	}
	for _, row := range []struct {
		why        string
		secret     *spec.PullSecret
		want       string
		kubernetes int
	}{
		{"without a pull secret nothing is cloned and nothing is allowed", nil, "", 0},
		{"Pods name the secret themselves: no ServiceAccount is touched", secret(), "pull-secrets pull-secrets-rbac", 0},
		{"ServiceAccounts name it: as they are admitted, and those that exist", secret("default"), "pull-secrets service-accounts existing-accounts pull-secrets-rbac", 1},
	} {
		set := &spec.MirrorSet{Name: "s", Spec: spec.Spec{Mirrors: []spec.Mirror{{Name: "m", Source: "docker.io", Mirror: "cr.example.com", PullSecret: row.secret}}}}
		var got []string
		for _, file := range celCredentialFiles(t, set) {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), "s-"), ".yaml"))
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.why, got, row.want)
		}
		if files := celFilesOf(t, set, kubernetesServiceAccounts); len(files) != row.kubernetes {
			t.Errorf("%s: %d files of kubernetes, want %d", row.why, len(files), row.kubernetes)
		}
	}
}

// celNames maps the mirrors of a set to the names of the policies that clone their secrets.
func celNames(t *testing.T, set *spec.MirrorSet) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, policy := range objects(t, *fileOf(celCredentialFiles(t, set), pullSecretsKind)) {
		title := at(policy, "metadata", "annotations", "policies.kyverno.io/title").(string)
		names[strings.Fields(title)[5]] = at(policy, "metadata", "name").(string)
	}
	return names
}

// Kyverno 1.19 takes another scope and another source under the same name
// (pkg/policy/gpol.go), and a policy of another name takes nothing over
// (pkg/cel/libs/context.go: isManagedByPolicy).
func TestACloningPolicyInCELKeepsItsName(t *testing.T) {
	before := celNames(t, credentialsRichest())
	if want := map[string]string{"docker-io": "cn-beijing-pull-secrets-docker-io", "images": "cn-beijing-pull-secrets-images", "quay-io": "cn-beijing-pull-secrets-quay-io"}; len(before) != len(want) {
		t.Fatalf("the policies are %v", before)
	} else {
		for mirror, name := range want {
			if before[mirror] != name {
				t.Errorf("%s: called %s, want %s", mirror, before[mirror], name)
			}
		}
	}
	for _, row := range []struct {
		why    string
		change func(*spec.MirrorSet)
	}{
		{"an excluded namespace", func(s *spec.MirrorSet) { s.Spec.Scope.ExcludeNamespaces = []string{"build", "lab"} }},
		{"the selector", func(s *spec.MirrorSet) { s.Spec.Scope.NamespaceSelector.MatchLabels["mirror"] = "yes" }},
		{"the source", func(s *spec.MirrorSet) {
			s.Spec.Mirrors[0].PullSecret = &spec.PullSecret{Name: "robot", Namespace: "harbor"}
		}},
		{"a mirror less", func(s *spec.MirrorSet) { s.Spec.Mirrors = s.Spec.Mirrors[1:] }},
	} {
		set := credentialsRichest()
		row.change(set)
		for mirror, name := range celNames(t, set) {
			if before[mirror] != name {
				t.Errorf("%s: %s was called %s and is called %s", row.why, mirror, before[mirror], name)
			}
		}
	}
}

func TestLongNamesFitIntoLabelsInCEL(t *testing.T) {
	form := regexp.MustCompile(`^s{40}-pull-secrets-[0-9a-f]{8}$`)
	set := &spec.MirrorSet{Name: strings.Repeat("s", 40), Spec: spec.Spec{}}
	long := []string{strings.Repeat("m", 12), "n" + strings.Repeat("m", 11), strings.Repeat("m", 9)}
	for _, name := range long {
		set.Spec.Mirrors = append(set.Spec.Mirrors, spec.Mirror{Name: name, Source: name + ".example.com", Mirror: "cr.example.com/" + name,
			PullSecret: &spec.PullSecret{Name: "a", Namespace: "b", AllNamespaces: true}})
	}
	names := celNames(t, set)
	if len(names) != 3 || names[long[0]] == names[long[1]] {
		t.Errorf("two policies share a name: %v", names)
	}
	for _, name := range long[:2] {
		if !form.MatchString(names[name]) {
			t.Errorf("%s: called %q", name, names[name])
		}
	}
	if want := set.Name + "-pull-secrets-mmmmmmmmm"; names[long[2]] != want || len(want) != 63 {
		t.Errorf("%s fits, and is called %q", long[2], names[long[2]])
	}
	if again := celNames(t, set); again[long[0]] != names[long[0]] {
		t.Errorf("called %s, then %s", names[long[0]], again[long[0]])
	}
	set.Name += "ss"
	if _, err := kyvernoCELPullSecrets(mirror.Compile(set)); err == nil {
		t.Error("a set's name that leaves no room is taken")
	}
}

// The spec's grammar takes no such names. This is the second fence.
func TestHostileNamesStayLiteralsInCEL(t *testing.T) {
	for _, hostile := range []string{"a\"b", "a\nb: c", "a'b", "a' + object.x + '", `a\`, "{{ request.object }}", "$(x)", "${x}", "a: b", "- a", "# a", "<% .Name %>", "object"} {
		set := credentialsRichest()
		set.Spec.Scope.ExcludeNamespaces = []string{hostile}
		set.Spec.Scope.IncludeSystemNamespaces = true
		set.Spec.Scope.NamespaceSelector = &spec.Selector{MatchLabels: map[string]string{hostile: hostile}}
		set.Spec.Mirrors = set.Spec.Mirrors[1:2]
		set.Spec.Mirrors[0].Name = "m"
		set.Spec.Mirrors[0].PullSecret = &spec.PullSecret{Name: hostile, Namespace: hostile, ServiceAccounts: []string{hostile}}
		files := append(celCredentialFiles(t, set), celFilesOf(t, set, kubernetesServiceAccounts)...)
		literal := celString(hostile)
		for _, row := range []struct {
			kind, steps, want string
		}{
			{pullSecretsKind, "spec variables 0 expression", "dyn(resource.Get('v1', 'secrets', " + literal + ", " + literal + "))"},
			{pullSecretsKind, "spec matchConditions 0 expression", celSelector("object.metadata.labels", *set.Spec.Scope.NamespaceSelector)},
			{pullSecretsKind, "spec matchConditions 1 expression", "!(object.metadata.name in [" + literal + "])"},
			{existingAccountsKind, "spec matchConditions 1 expression", "!(object.metadata.name in [" + literal + "])"},
			{existingAccountsKind, "spec variables 0 expression", "{" + literal + ": ['mirrorgen-cn-beijing-m']}"},
			{serviceAccountsKind, "spec variables 0 expression", "{" + literal + ": ['mirrorgen-cn-beijing-m']}"},
			{serviceAccountsKind, "spec matchConstraints resourceRules 0 resourceNames 0", hostile},
			{serviceAccountsKind, "spec matchConstraints namespaceSelector matchExpressions 0 values 0", hostile},
			{credentialsRBACKind, "metadata namespace", hostile},
			{credentialsRBACKind, "rules 0 resourceNames 0", hostile},
		} {
			if got := at(objects(t, *fileOf(files, row.kind))[0], strings.Fields(row.steps)...); got != row.want {
				t.Errorf("%q: %s: %s is %q", hostile, row.kind, row.steps, got)
			}
		}
		if text := celSelector("object.metadata.labels", *set.Spec.Scope.NamespaceSelector); strings.Count(text, literal) != 3 {
			t.Errorf("%q: the selector is %s", hostile, text)
		}
		// What an absent source is called has no line break that would end the literal.
		clone := at(objects(t, *fileOf(files, pullSecretsKind))[0], "spec", "variables", "1", "expression").(string)
		if want := celString("Secret " + hostile + "/" + hostile + " is not there"); !strings.Contains(clone, "dyn({})["+want+"]") {
			t.Errorf("%q: the clone is %s", hostile, clone)
		}
	}
}

// What Kyverno's schema fills in by default is written out: Argo CD compares what was
// applied with what is stored. Kyverno's own writes are requests like others.
func TestCELCredentialsLeaveNothingForTheCRDToFillIn(t *testing.T) {
	for kind, want := range map[string]map[string]any{
		pullSecretsKind:      {"admission": true, "generateExisting": true, "synchronize": true, "orphanDownstreamOnPolicyDelete": false},
		serviceAccountsKind:  {"admission": true, "background": false},
		existingAccountsKind: {"admission": true, "background": false, "mutateExisting": true},
	} {
		for _, policy := range objects(t, *fileOf(celCredentialFiles(t, credentialsRichest()), kind)) {
			evaluation, _ := at(policy, "spec", "evaluation").(map[string]any)
			if evaluation["skipBackgroundRequests"] != false || len(evaluation) != len(want)+1 {
				t.Errorf("%s: evaluation is %v", kind, evaluation)
			}
			for field, enabled := range want {
				if at(evaluation[field], "enabled") != enabled {
					t.Errorf("%s: %s is %v", kind, field, evaluation[field])
				}
			}
		}
	}
}

// A policy that asks for a whole of something is one that no one can review.
func TestCELCredentialsMatchWhatTheyName(t *testing.T) {
	files := append(celCredentialFiles(t, credentialsRichest()), celFilesOf(t, credentialsRichest(), kubernetesServiceAccounts)...)
	rules := 0
	for _, file := range files {
		for _, policy := range objects(t, file) {
			all, _ := at(policy, "spec", "matchConstraints", "resourceRules").([]any)
			for _, rule := range all {
				rules++
				for _, field := range []string{"apiGroups", "apiVersions", "operations", "resources"} {
					values, _ := at(rule, field).([]any)
					if len(values) == 0 || slices.Contains(values, any("*")) {
						t.Errorf("%s: %s is %v", file.Path, field, values)
					}
				}
			}
		}
	}
	if rules != 6 {
		t.Errorf("%d rules, want 3 of cloning policies and 3 of ServiceAccounts", rules)
	}
}

// What Flux, Helm and Kyverno's other policies would read something into has no place.
func TestCELCredentialsSayNothingToOtherReaders(t *testing.T) {
	for _, file := range append(celCredentialFiles(t, credentialsRichest()), celFilesOf(t, credentialsRichest(), kubernetesServiceAccounts)...) {
		for _, refused := range []string{"${", "$(", "{{", "}}", "((", "<no value>", "<%", "%>", "\t", " \n"} {
			if strings.Contains(string(file.Data), refused) {
				t.Errorf("%s: holds %q", file.Path, refused)
			}
		}
	}
}
