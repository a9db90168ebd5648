package target

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// KyvernoCEL renders the successors of ClusterPolicy: MutatingPolicies,
// ValidatingPolicies and GeneratingPolicies (policies.kyverno.io/v1).
func KyvernoCEL() Target {
	return Target{
		Name:   "kyverno-cel",
		Doc:    "Kyverno MutatingPolicies, ValidatingPolicies and GeneratingPolicies (policies.kyverno.io/v1: Kyverno 1.18 and later, pull secrets from 1.19)",
		Render: renderKyvernoCEL,
	}
}

func renderKyvernoCEL(plan *mirror.Plan) ([]artifact.File, error) {
	d := kyvernoCELDialect()
	if err := d.affordable(plan); err != nil {
		return nil, err
	}
	return renderEach(plan, d.rewrite, d.imageCache, d.constraint, d.warnings,
		kyvernoCELPullSecrets, kyvernoCELServiceAccounts, kyvernoCELExistingAccounts, kyvernoCELCredentialsRBAC)
}
