package admission

import (
	"context"
	"errors"

	"k8s.io/apiserver/pkg/authorization/authorizer"
)

var errNoAuthorizer = errors.New("a policy asks its authorizer who may do what: that is known in a cluster only")

// noAuthorizer is what the variable "authorizer" asks. CEL can read a failed check
// as a refusal, so that the failure is noted apart.
type noAuthorizer struct{ observation *observation }

// Authorize implements authorizer.Authorizer.
func (n noAuthorizer) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	n.observation.broken = errNoAuthorizer
	return authorizer.DecisionNoOpinion, "", errNoAuthorizer
}
