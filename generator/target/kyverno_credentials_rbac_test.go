package target

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/spec"
)

// A grant is one rule of RBAC, with what docs/credentials.md says of it.
type grant struct {
	role, subject, resource, names, verbs string
	// where, which and why are the row of the docs; verbs are the same there.
	where, which, why string
}

const (
	background = "kyverno/kyverno-background-controller"
	admission  = "kyverno/kyverno-admission-controller"
)

// grants is all that Kyverno is allowed for credentialsRichest.
var grants = []grant{
	{"harbor/cn-beijing-pull-secrets", background, "secrets", "robot.pull", "get, update",
		"home namespace", "the sources", "a source is copied, and labelled so that Kyverno sees when it is edited"},
	{"registry-credentials/cn-beijing-pull-secrets", background, "secrets", "regcred, robot.pull", "get, update",
		"home namespace", "the sources", "a source is copied, and labelled so that Kyverno sees when it is edited"},
	{"cn-beijing-pull-secrets", background, "secrets", `"", mirrorgen-cn-beijing-docker-io, mirrorgen-cn-beijing-images, mirrorgen-cn-beijing-quay-io`, "get, update, delete",
		"every namespace", "the clones", "clones are compared with their source, kept in step, removed"},
	{"cn-beijing-pull-secrets", background, "secrets", "any", "create",
		"every namespace", "any", "clones are made; a create has no name yet when it is decided"},
	{"cn-beijing-pull-secrets", background, "secrets", "any", "list",
		"every namespace", "any", "the clones of a namespace that left the scope, or of a deleted policy, are found by label"},
	{"cn-beijing-pull-secrets-admission", admission, "secrets", "any", "list",
		"every namespace", "any", "the clones of a source that was edited or deleted are found by label"},
	{"cn-beijing-pull-secrets-admission", admission, "secrets", `""`, "get",
		"every namespace", "none", "Kyverno asks for it before it takes the policy, and never uses it"},
	{"cn-beijing-service-accounts", background, "serviceaccounts", "builder, default", "get, update",
		"every namespace", "those of `serviceAccounts`", "existing ones get the secret appended"},
}

// granted are the grants that are generated for a set.
func granted(t *testing.T, set *spec.MirrorSet) []grant {
	t.Helper()
	return grantsIn(t, *fileOf(credentialFiles(t, set), credentialsRBACKind))
}

// grantsIn reads the grants of a generated file, in its order.
func grantsIn(t *testing.T, file artifact.File) []grant {
	t.Helper()
	var all []grant
	subjects := map[string]string{}
	documents := objects(t, file)
	name := func(object map[string]any) string {
		full, _ := at(object, "metadata", "name").(string)
		if namespace, ok := at(object, "metadata", "namespace").(string); ok {
			full = namespace + "/" + full
		}
		return full
	}
	for _, object := range documents {
		if kind, ok := strings.CutSuffix(object["kind"].(string), "Binding"); ok {
			if at(object, "roleRef", "kind") != kind || at(object, "roleRef", "name") != at(object, "metadata", "name") || len(object["subjects"].([]any)) != 1 {
				t.Errorf("%s: binds another role, or to more than one: %v", name(object), object)
			}
			subject := at(object, "subjects", "0")
			if at(subject, "kind") != "ServiceAccount" {
				t.Errorf("%s: the subject is %v", name(object), subject)
			}
			subjects[name(object)] = fmt.Sprintf("%v/%v", at(subject, "namespace"), at(subject, "name"))
		}
	}
	for _, object := range documents {
		rules, ok := object["rules"].([]any)
		if !ok {
			continue
		}
		if object["aggregationRule"] != nil {
			t.Errorf("%s: gathers what others allow", name(object))
		}
		for _, rule := range rules {
			names := "any"
			if at(rule, "resourceNames") != nil {
				names = listed(at(rule, "resourceNames"))
			}
			if got := listed(at(rule, "apiGroups")); got != `""` {
				t.Errorf("%s: is of the API groups %s", name(object), got)
			}
			all = append(all, grant{role: name(object), subject: subjects[name(object)], resource: listed(at(rule, "resources")), names: names, verbs: listed(at(rule, "verbs"))})
		}
	}
	return all
}

func listed(value any) string {
	var texts []string
	items, _ := value.([]any)
	for _, item := range items {
		text := fmt.Sprint(item)
		if text == "" {
			text = `""`
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func TestKyvernoIsAllowedExactlyThis(t *testing.T) {
	var want []grant
	for _, g := range grants {
		want = append(want, grant{role: g.role, subject: g.subject, resource: g.resource, names: g.names, verbs: g.verbs})
	}
	got := granted(t, credentialsRichest())
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", show(got), show(want))
	}
}

func show(all []grant) string {
	var lines []string
	for _, g := range all {
		lines = append(lines, fmt.Sprintf("%s to %s: %s of %s %s", g.role, g.subject, g.verbs, g.resource, g.names))
	}
	return strings.Join(lines, "\n")
}

func TestTheDocsListWhatKyvernoIsAllowed(t *testing.T) {
	page, err := os.ReadFile("../../docs/credentials.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, g := range grants {
		_, controller, _ := strings.Cut(g.subject, "/kyverno-")
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", controller, g.where, g.resource, g.which, g.verbs, g.why)
		rows[row] = true
		if !strings.Contains(string(page), "\n"+row+"\n") {
			t.Errorf("docs/credentials.md does not say\n%s", row)
		}
	}
	if got := strings.Count(string(page), "\n| background-controller |") + strings.Count(string(page), "\n| admission-controller |"); got != len(rows) {
		t.Errorf("docs/credentials.md lists %d grants, there are %d", got, len(rows))
	}
}

// What Kyverno 1.19.1 asks the API server for: the reviews of its policy webhook
// (pkg/policy/generate/validate.go, pkg/policy/mutate/validate.go; an empty name
// is none), and what its controllers were seen to send with these policies.
func TestKyvernoMayDoWhatItDoesAndNothingElse(t *testing.T) {
	variable := "{{ request.object.metadata.name }}"
	clone := "mirrorgen-cn-beijing-docker-io"
	allowed := granted(t, credentialsRichest())
	for _, row := range []struct {
		why                                      string
		subject, verb, namespace, resource, name string
		want                                     bool
	}{
		{"review of a policy that synchronizes", admission, "list", variable, "secrets", "", true},
		{"review of a policy that synchronizes", admission, "get", variable, "secrets", "", true},
		{"review of a policy that clones", background, "get", variable, "secrets", "", true},
		{"review of a policy that clones", background, "create", variable, "secrets", "", true},
		{"review of a policy that clones", background, "update", variable, "secrets", "", true},
		{"review of a policy that clones", background, "delete", variable, "secrets", "", true},
		{"review of a policy that changes existing objects", background, "get", variable, "serviceaccounts", "default", true},
		{"review of a policy that changes existing objects", background, "update", variable, "serviceaccounts", "builder", true},

		{"the source is copied", background, "get", "registry-credentials", "secrets", "regcred", true},
		{"the source is labelled", background, "update", "registry-credentials", "secrets", "regcred", true},
		{"the clone is made", background, "create", "shop", "secrets", "", true},
		{"the clone is looked at", background, "get", "shop", "secrets", clone, true},
		{"the clone follows", background, "update", "shop", "secrets", clone, true},
		{"clones are found", background, "list", "", "secrets", "", true},
		{"the clone goes", background, "delete", "shop", "secrets", clone, true},
		{"an edited source's clones are found", admission, "list", "", "secrets", "", true},
		{"a ServiceAccount is appended to", background, "get", "shop", "serviceaccounts", "default", true},
		{"a ServiceAccount is appended to", background, "update", "shop", "serviceaccounts", "default", true},

		{"another's Secret", background, "get", "shop", "secrets", "db", false},
		{"another's Secret", background, "update", "shop", "secrets", "db", false},
		{"another's Secret", background, "delete", "shop", "secrets", "db", false},
		{"all Secrets at once", background, "deletecollection", "shop", "secrets", "", false},
		{"all Secrets, for ever", background, "watch", "", "secrets", "", false},
		{"another Secret of the home namespace", background, "get", "registry-credentials", "secrets", "db", false},
		{"the other home's Secret in this one", background, "get", "harbor", "secrets", "regcred", false},
		{"the source itself", background, "delete", "registry-credentials", "secrets", "regcred", false},
		{"a Secret of the source's name elsewhere", background, "get", "shop", "secrets", "regcred", false},
		{"the webhook reads no Secret by name", admission, "get", "shop", "secrets", clone, false},
		{"the webhook makes none", admission, "create", "shop", "secrets", "", false},
		{"the webhook changes none", admission, "update", "shop", "secrets", "", false},
		{"the webhook removes none", admission, "delete", "shop", "secrets", "", false},
		{"another ServiceAccount", background, "update", "shop", "serviceaccounts", "deployer", false},
		{"a new ServiceAccount", background, "create", "shop", "serviceaccounts", "", false},
		{"a ServiceAccount's token", background, "create", "shop", "serviceaccounts/token", "default", false},
		{"all ServiceAccounts", background, "list", "", "serviceaccounts", "", false},
		{"the reports controller has no part in this", "kyverno/kyverno-reports-controller", "list", "", "secrets", "", false},
	} {
		if got := allows(allowed, row.subject, row.verb, row.namespace, row.resource, row.name); got != row.want {
			t.Errorf("%s: %s may %s %s %q in %q: %v", row.why, row.subject, row.verb, row.resource, row.name, row.namespace, got)
		}
	}
}

// allows decides as Kubernetes does (pkg/apis/rbac/v1/evaluation_helpers.go): a
// rule with names allows requests for exactly these, and no name is a name too.
func allows(all []grant, subject, verb, namespace, resource, name string) bool {
	if name == "" {
		name = `""`
	}
	for _, g := range all {
		home, _, namespaced := strings.Cut(g.role, "/")
		if g.subject == subject && g.resource == resource &&
			(!namespaced || home == namespace) &&
			slices.Contains(strings.Split(g.verbs, ", "), verb) &&
			(g.names == "any" || slices.Contains(strings.Split(g.names, ", "), name)) {
			return true
		}
	}
	return false
}
