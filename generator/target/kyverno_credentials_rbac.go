package target

import (
	"maps"
	"slices"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// The ServiceAccounts of Kyverno's controllers, as its Helm chart names them in
// a default installation (charts/kyverno 3.x: release and namespace kyverno).
const (
	kyvernoNamespace            = "kyverno"
	kyvernoAdmissionController  = "kyverno-admission-controller"
	kyvernoBackgroundController = "kyverno-background-controller"
)

// A secretHome is a namespace with the pull secrets that are cloned from it, sorted.
type secretHome struct {
	Namespace string
	Sources   []string
}

// kyvernoCredentialsRBAC renders what Kyverno's controllers may do for pull
// secrets and ServiceAccounts; nil where no mirror has a pull secret.
func kyvernoCredentialsRBAC(plan *mirror.Plan) (*artifact.File, error) {
	sources := map[string]map[string]bool{}
	clones, accounts := map[string]bool{}, map[string]bool{}
	for _, m := range plan.Mirrors {
		secret := m.PullSecret
		if secret == nil {
			continue
		}
		if sources[secret.Namespace] == nil {
			sources[secret.Namespace] = map[string]bool{}
		}
		sources[secret.Namespace][secret.Name] = true
		clones[secret.Clone] = true
		for _, account := range secret.ServiceAccounts {
			accounts[account] = true
		}
	}
	if len(clones) == 0 {
		return nil, nil
	}
	var homes []secretHome
	for _, namespace := range slices.Sorted(maps.Keys(sources)) {
		homes = append(homes, secretHome{namespace, slices.Sorted(maps.Keys(sources[namespace]))})
	}
	return kyvernoFile(plan, credentialsRBACKind, "credentials-rbac.yaml", map[string]any{
		"Header":           kyvernoHeader(plan),
		"Set":              plan.Name,
		"Name":             plan.Name + "-" + pullSecretsKind,
		"AdmissionName":    plan.Name + "-" + pullSecretsKind + "-admission",
		"AccountsName":     plan.Name + "-" + serviceAccountsKind,
		"Homes":            homes,
		"Clones":           slices.Sorted(maps.Keys(clones)),
		"Accounts":         slices.Sorted(maps.Keys(accounts)),
		"KyvernoNamespace": kyvernoNamespace,
		"Admission":        kyvernoAdmissionController,
		"Background":       kyvernoBackgroundController,
	})
}
