package target

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// Kubernetes renders the API server's own admission policies: no webhook, no
// controller, nothing to install.
func Kubernetes() Target {
	return Target{
		Name:   "kubernetes",
		Doc:    "MutatingAdmissionPolicies and ValidatingAdmissionPolicies (admissionregistration.k8s.io/v1: Kubernetes 1.36 and later)",
		Render: renderKubernetes,
		Notice: "MutatingAdmissionPolicy is v1, and on without being asked for, since Kubernetes 1.36",
	}
}

func renderKubernetes(plan *mirror.Plan) ([]artifact.File, error) {
	d := kubernetesDialect()
	if err := d.affordable(plan); err != nil {
		return nil, err
	}
	return renderEach(plan, d.rewrite, d.imageCache, d.constraint, d.warnings, kubernetesServiceAccounts)
}
