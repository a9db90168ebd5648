package target

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// An accountRule appends one mirror's pull secret to ServiceAccounts, for the templates.
type accountRule struct {
	Rule, Clone string
	// Accounts are the ServiceAccounts; Present is the variable that is true where
	// one names the clone already.
	Accounts []string
	Present  string
}

// kyvernoServiceAccounts renders the policy that names pull secrets in
// ServiceAccounts as they are admitted; nil where none carries one.
func kyvernoServiceAccounts(plan *mirror.Plan) (*artifact.File, error) {
	return accountsFile(plan, serviceAccountsKind, "credentials-service-accounts.yaml", "ServiceAccounts", "append-", "request.object")
}

// kyvernoExistingAccounts renders the policy that does the same to
// ServiceAccounts that exist already. It is a policy of its own because it alone
// runs in the background, where Kyverno takes fewer variables.
func kyvernoExistingAccounts(plan *mirror.Plan) (*artifact.File, error) {
	return accountsFile(plan, existingAccountsKind, "credentials-existing-accounts.yaml", "existing ServiceAccounts", "append-existing-", "target")
}

// accountsFile renders either. object is what Kyverno calls the ServiceAccount,
// prefix what the rules' names begin with.
func accountsFile(plan *mirror.Plan, kind, template, which, prefix, object string) (*artifact.File, error) {
	var rules []accountRule
	for _, name := range plan.MirrorNames() {
		secret := plan.Mirrors[name].PullSecret
		if secret == nil || len(secret.ServiceAccounts) == 0 {
			continue
		}
		clone, err := jmesString(secret.Clone)
		if err != nil {
			return nil, err
		}
		rules = append(rules, accountRule{
			Rule: prefix + name, Clone: secret.Clone, Accounts: secret.ServiceAccounts,
			Present: "{{ contains(" + object + ".imagePullSecrets[].name || `[]`, `" + clone + "`) }}",
		})
	}
	if rules == nil {
		return nil, nil
	}
	data, err := credentialData(plan)
	if err != nil {
		return nil, err
	}
	data["Name"] = plan.Name + "-" + kind
	data["Title"] = "Name the pull secrets of " + plan.Name + " in " + which
	data["Rules"] = rules
	return kyvernoFile(plan, kind, template, data)
}
