package target

import (
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// Kyverno renders ClusterPolicies (kyverno.io/v1): one that rewrites, one that
// refuses, and one that only warns where something can only be warned about;
// for pull secrets those that clone them, and what Kyverno has to be allowed for that.
func Kyverno() Target {
	return Target{
		Name:   "kyverno",
		Doc:    "Kyverno ClusterPolicies that rewrite and judge Pods (Kyverno 1.11 to 1.19; the constraint and pull secrets from 1.13)",
		Render: renderKyverno,
		Notice: "ClusterPolicy is deprecated since Kyverno 1.19 and removed in 1.20; these policies are proven on 1.18.2 and 1.19.1 " +
			"(the functions they use exist since 1.11, rule-level failureAction and generateExisting since 1.13); the target kyverno-cel says the same " +
			"in MutatingPolicy and ValidatingPolicy (policies.kyverno.io/v1), the target kubernetes without Kyverno",
	}
}

func renderKyverno(plan *mirror.Plan) ([]artifact.File, error) {
	return renderEach(plan,
		kyvernoRewrite, kyvernoImageCache, kyvernoConstraint, kyvernoWarnings,
		kyvernoPullSecrets, kyvernoServiceAccounts, kyvernoExistingAccounts, kyvernoCredentialsRBAC)
}

// kyvernoFile renders a template as the plan's file of that kind.
func kyvernoFile(plan *mirror.Plan, kind, template string, data any) (*artifact.File, error) {
	text, err := render(path.Join("kyverno", template), data)
	if err != nil {
		return nil, err
	}
	return &artifact.File{Path: path.Join("kyverno", plan.Name+"-"+kind+".yaml"), Data: text}, nil
}

// kyvernoHeader is the header of a file that depends on the plan.
func kyvernoHeader(plan *mirror.Plan) string {
	if plan.Source == "" {
		return artifact.Header("")
	}
	return artifact.Header(path.Base(plan.Source))
}
