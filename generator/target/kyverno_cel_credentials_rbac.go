package target

import (
	"maps"
	"slices"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// kyvernoCELCredentialsRBAC renders what Kyverno's background controller may do for
// pull secrets and ServiceAccounts; nil where no mirror has a pull secret. For
// policies in CEL its webhooks ask and do nothing, so that the admission controller
// gets no rights at all.
func kyvernoCELCredentialsRBAC(plan *mirror.Plan) (*artifact.File, error) {
	sources := map[string][]string{}
	var clones []string
	for _, name := range plan.MirrorNames() {
		if secret := plan.Mirrors[name].PullSecret; secret != nil {
			sources[secret.Namespace] = append(sources[secret.Namespace], secret.Name)
			clones = append(clones, secret.Clone)
		}
	}
	if clones == nil {
		return nil, nil
	}
	var homes []secretHome
	for _, namespace := range slices.Sorted(maps.Keys(sources)) {
		slices.Sort(sources[namespace])
		homes = append(homes, secretHome{namespace, slices.Compact(sources[namespace])})
	}
	slices.Sort(clones)
	return credentialFile(plan, credentialsRBACKind, "credentials-rbac.yaml", map[string]any{
		"Name":             plan.Name + "-" + pullSecretsKind,
		"AccountsName":     plan.Name + "-" + serviceAccountsKind,
		"Homes":            homes,
		"Clones":           clones,
		"Accounts":         celAccounts(plan),
		"KyvernoNamespace": kyvernoNamespace,
		"Background":       kyvernoBackgroundController,
	})
}
