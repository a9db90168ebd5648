package target

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// kyvernoCELServiceAccounts renders the MutatingPolicy that names pull secrets in
// ServiceAccounts as they are admitted; nil where none carries one.
func kyvernoCELServiceAccounts(plan *mirror.Plan) (*artifact.File, error) {
	return kyvernoCELDialect().serviceAccounts(plan)
}

// kyvernoCELExistingAccounts renders the MutatingPolicy that does the same to
// ServiceAccounts that exist already; nil where none carries one.
func kyvernoCELExistingAccounts(plan *mirror.Plan) (*artifact.File, error) {
	if len(celAccounts(plan)) == 0 {
		return nil, nil
	}
	return credentialFile(plan, existingAccountsKind, "credentials-existing-accounts.yaml", map[string]any{
		"Name":       plan.Name + "-" + existingAccountsKind,
		"Title":      "Name the pull secrets of " + plan.Name + " in existing ServiceAccounts",
		"RBACFile":   plan.Name + "-" + credentialsRBACKind + ".yaml",
		"Conditions": append(celNamespaceConditions(plan.Scope), celVariable{"not-terminating", "!(" + celTerminating + ")"}),
		"Variables":  celAccountVariables(plan),
		"Patch":      celAccountPatch,
	})
}
