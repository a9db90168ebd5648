package target

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// kubernetesServiceAccounts renders the MutatingAdmissionPolicy and its binding that
// name pull secrets in ServiceAccounts as they are admitted; nil where none carries
// one. The API server clones no Secrets and changes nothing that exists.
func kubernetesServiceAccounts(plan *mirror.Plan) (*artifact.File, error) {
	return kubernetesDialect().serviceAccounts(plan)
}
