package target

import (
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A celVariable is a named expression, for the templates.
type celVariable struct{ Name, Expression string }

// A celAccountVariable is a variable with a line about it, for the templates.
type celAccountVariable struct{ Name, About, Expression string }

// celAccounts are the ServiceAccounts that carry pull secrets, sorted; none where
// Pods name all of them.
func celAccounts(plan *mirror.Plan) []string {
	accounts := map[string]bool{}
	for _, m := range plan.Mirrors {
		if m.PullSecret != nil {
			for _, account := range m.PullSecret.ServiceAccounts {
				accounts[account] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(accounts))
}

// celAccountVariables find out which pull secrets the ServiceAccount in object lacks.
func celAccountVariables(plan *mirror.Plan) []celAccountVariable {
	var rows []string
	for _, account := range celAccounts(plan) {
		var clones []string
		for _, name := range plan.MirrorNames() {
			if secret := plan.Mirrors[name].PullSecret; secret != nil && slices.Contains(secret.ServiceAccounts, account) {
				clones = append(clones, secret.Clone)
			}
		}
		rows = append(rows, celString(account)+": "+celStrings(clones))
	}
	return []celAccountVariable{
		{"carried", "The secrets that each ServiceAccount carries.", "{" + strings.Join(rows, ",\n ") + "}"},
		{"named", "Those that this one names.",
			"(has(object.imagePullSecrets) && type(object.imagePullSecrets) == list ? object.imagePullSecrets : [])\n" +
				".map(s, has(s.name) ? string(s.name) : '')"},
		{"lacking", "Those that it lacks. A name that the API server makes up is not there yet.",
			"(has(object.metadata.name) && object.metadata.name in variables.carried ? variables.carried[object.metadata.name] : [])\n" +
				".filter(n, !(n in variables.named))"},
	}
}

// celAccountPatch appends what is lacking. The first entry brings its list.
const celAccountPatch = `[JSONPatch{op: 'add', path: '/imagePullSecrets', value: []}]
.filter(p, size(variables.lacking) > 0 && !(has(object.imagePullSecrets) && type(object.imagePullSecrets) == list))
+ variables.lacking.map(n, JSONPatch{op: 'add', path: '/imagePullSecrets/-', value: {'name': n} })`

// serviceAccounts renders the policy that names pull secrets in ServiceAccounts as
// they are admitted; nil where none carries one.
func (d celDialect) serviceAccounts(plan *mirror.Plan) (*artifact.File, error) {
	accounts := celAccounts(plan)
	if len(accounts) == 0 {
		return nil, nil
	}
	names, err := quote(accounts)
	if err != nil {
		return nil, err
	}
	set, err := quote(plan.Name)
	if err != nil {
		return nil, err
	}
	scope, err := celScope{
		resources:  []string{`{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [serviceaccounts], resourceNames: ` + names + "}"},
		namespaces: celNamespaces(plan.Scope),
	}.render(d.kyverno)
	if err != nil {
		return nil, err
	}
	existing := "Those that exist already are\n# the concern of " + plan.Name + "-" + existingAccountsKind + ".yaml."
	if !d.kyverno {
		existing = "Those that exist already\n# get them when they are updated, and the Secrets have to be brought into the namespaces by other means."
	}
	data := d.policy(plan, d.mutating, serviceAccountsKind)
	data["About"] = "Names the pull secrets of MirrorSet " + set + " in ServiceAccounts that are created or updated,\n" +
		"# behind those that they name already, once. " + existing
	data["Title"] = "Name the pull secrets of " + plan.Name + " in ServiceAccounts"
	data["Subject"] = "ServiceAccount"
	// spec.evaluation.skipBackgroundRequests
	data["MinVersion"] = "1.19.0"
	data["Description"] = "Appends the pull secrets of registry mirrors to the ServiceAccounts that carry them, so that\n" +
		"      Pods which run under these may pull from the mirrors."
	// Without its entry a ServiceAccount works, and gets it when it is next updated.
	data["FailurePolicy"] = "Ignore"
	data["Scope"] = scope
	data["Variables"] = celAccountVariables(plan)
	data["Patch"] = celAccountPatch
	return d.file(plan, serviceAccountsKind, "service-accounts.yaml", data)
}

// celNamespaceConditions put a Namespace that is the object in scope; none: all are.
// Unlike selectors they ask what it is, and not what it was as well.
func celNamespaceConditions(scope mirror.Scope) []celVariable {
	var all []celVariable
	if scope.NamespaceSelector != nil {
		all = append(all, celVariable{"selected", celSelector("object.metadata.labels", *scope.NamespaceSelector)})
	}
	if len(scope.ExcludeNamespaces) > 0 {
		all = append(all, celVariable{"not-excluded", "!(object.metadata.name in " + celStrings(scope.ExcludeNamespaces) + ")"})
	}
	return all
}

// celTerminating holds for a Namespace that is being deleted.
const celTerminating = "has(object.status) && has(object.status.phase) && object.status.phase == 'Terminating'"
