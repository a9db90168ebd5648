package target

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// celGrants is all that Kyverno is allowed for credentialsRichest in CEL.
var celGrants = []grant{
	{"harbor/cn-beijing-pull-secrets", background, "secrets", "robot.pull", "get",
		"home namespace", "the sources", "a source is copied"},
	{"registry-credentials/cn-beijing-pull-secrets", background, "secrets", "regcred, robot.pull", "get",
		"home namespace", "the sources", "a source is copied"},
	{"cn-beijing-pull-secrets", background, "secrets", "mirrorgen-cn-beijing-docker-io, mirrorgen-cn-beijing-images, mirrorgen-cn-beijing-quay-io", "get, update, delete",
		"every namespace", "the clones", "clones are kept in step, and removed"},
	{"cn-beijing-pull-secrets", background, "secrets", "any", "create",
		"every namespace", "any", "clones are made; a create has no name yet when it is decided"},
	{"cn-beijing-pull-secrets", background, "secrets", "any", "list, watch",
		"every namespace", "any", "edits and deletions of sources and clones are seen, and the clones of a source found by label"},
	{"cn-beijing-service-accounts", background, "serviceaccounts", "builder, default", "get, update",
		"every namespace", "those of `serviceAccounts`", "existing ones get the secret appended"},
	{"cn-beijing-service-accounts", background, "serviceaccounts", "any", "list",
		"every namespace", "any", "existing ones are found"},
}

func TestKyvernoIsAllowedExactlyThisInCEL(t *testing.T) {
	var want []grant
	for _, g := range celGrants {
		want = append(want, grant{role: g.role, subject: g.subject, resource: g.resource, names: g.names, verbs: g.verbs})
	}
	got := grantsIn(t, *fileOf(celCredentialFiles(t, credentialsRichest()), credentialsRBACKind))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", show(got), show(want))
	}
	for _, g := range got {
		if strings.Contains(g.verbs+g.resource+g.names, "*") {
			t.Errorf("%s: a wildcard in %v", g.role, g)
		}
	}
}

func TestTheDocsListWhatKyvernoIsAllowedInCEL(t *testing.T) {
	page, err := os.ReadFile("../../docs/credentials.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, g := range celGrants {
		row := fmt.Sprintf("| %s | %s | %s | %s | %s |", g.where, g.resource, g.which, g.verbs, g.why)
		rows[row] = true
		if !strings.Contains(string(page), "\n"+row+"\n") {
			t.Errorf("docs/credentials.md does not say\n%s", row)
		}
	}
	if got := strings.Count(string(page), "\n| every namespace |") + strings.Count(string(page), "\n| home namespace |"); got != len(rows) {
		t.Errorf("docs/credentials.md lists %d grants, there are %d", got, len(rows))
	}
}

// What the background controller of Kyverno 1.19.1 sends for these policies
// (pkg/cel/libs/context.go, pkg/background/gpol, pkg/background/mpol). Its webhooks
// review no access for policies in CEL.
func TestKyvernoMayDoWhatItDoesInCELAndNothingElse(t *testing.T) {
	clone := "mirrorgen-cn-beijing-docker-io"
	allowed := grantsIn(t, *fileOf(celCredentialFiles(t, credentialsRichest()), credentialsRBACKind))
	for _, row := range []struct {
		why                                      string
		subject, verb, namespace, resource, name string
		want                                     bool
	}{
		{"the source is read", background, "get", "registry-credentials", "secrets", "regcred", true},
		{"the clone is made", background, "create", "shop", "secrets", "", true},
		{"the clone is looked at", background, "get", "shop", "secrets", clone, true},
		{"the clone follows", background, "update", "shop", "secrets", clone, true},
		{"the clone goes", background, "delete", "shop", "secrets", clone, true},
		{"edits are seen", background, "watch", "", "secrets", "", true},
		{"a source's clones are found", background, "list", "", "secrets", "", true},
		{"ServiceAccounts are found", background, "list", "shop", "serviceaccounts", "", true},
		{"a ServiceAccount is read again", background, "get", "shop", "serviceaccounts", "default", true},
		{"a ServiceAccount is appended to", background, "update", "shop", "serviceaccounts", "builder", true},

		{"the source is not written to", background, "update", "registry-credentials", "secrets", "regcred", false},
		{"nor removed", background, "delete", "registry-credentials", "secrets", "regcred", false},
		{"another's Secret", background, "get", "shop", "secrets", "db", false},
		{"another's Secret", background, "update", "shop", "secrets", "db", false},
		{"another's Secret", background, "delete", "shop", "secrets", "db", false},
		{"no name is no Secret", background, "get", "shop", "secrets", "", false},
		{"all Secrets at once", background, "deletecollection", "shop", "secrets", "", false},
		{"a patch", background, "patch", "shop", "secrets", clone, false},
		{"another Secret of the home namespace", background, "get", "registry-credentials", "secrets", "db", false},
		{"the other home's Secret in this one", background, "get", "harbor", "secrets", "regcred", false},
		{"a Secret of the source's name elsewhere", background, "get", "shop", "secrets", "regcred", false},
		{"another ServiceAccount", background, "update", "shop", "serviceaccounts", "deployer", false},
		{"a new ServiceAccount", background, "create", "shop", "serviceaccounts", "", false},
		{"a ServiceAccount's token", background, "create", "shop", "serviceaccounts/token", "default", false},
		{"the webhook asks for nothing", admission, "list", "", "secrets", "", false},
		{"the webhook asks for nothing", admission, "get", "shop", "secrets", "", false},
		{"the reports controller has no part in this", "kyverno/kyverno-reports-controller", "list", "", "secrets", "", false},
	} {
		if got := allows(allowed, row.subject, row.verb, row.namespace, row.resource, row.name); got != row.want {
			t.Errorf("%s: %s may %s %s %q in %q: %v", row.why, row.subject, row.verb, row.resource, row.name, row.namespace, got)
		}
	}
}
