package probe

import (
	"context"
	"net/http"
)

// credentialsStep logs in where the docker config says so: a token without a
// scope, or the password itself, and /v2/ once more.
func (p *prober) credentialsStep(ctx context.Context, found *contact, t target) Step {
	step := Step{Step: stepCredentials, Status: Skipped}
	held := p.config.find(found.client.host, t.path)
	switch {
	case !found.greets:
		step.Detail = textNotReached.in(p.lang)
		return step
	case held == nil && found.challenge == nil:
		step.Detail = textNoneAsked.in(p.lang)
		return step
	case held == nil && p.config == nil:
		step.Detail = textNoConfig.in(p.lang)
		return step
	case held == nil:
		step.Detail = textNoEntry.in(p.lang)
		return step
	case found.client.scheme != "https":
		// A node would send it. Saying so is all that the probe does.
		step.Status, step.Cause, step.Detail = Warning, causeNoCredentials, textPlainCredentials.in(p.lang)
		return step
	case found.challenge == nil:
		step.Detail = textNotAskedFor.in(p.lang)
		return step
	}
	got := p.pass(ctx, found.client, found.challenge, held.credential, nil)
	switch {
	case got.withheld != nil:
		step.Status, step.Cause, step.Detail = Failed, got.withheld.cause, p.describe(got.withheld)
		return step
	case got.err != nil:
		step.Status, step.Cause = Failed, p.causeOfToken(got.err, got.given)
		step.Detail = p.describeToken(got.err, realmText(found.challenge))
		return step
	}
	a, err := found.client.do(ctx, http.MethodGet, "/v2/", got.authorization, nil, maxErrorBody, nil)
	switch {
	case err != nil:
		step.Status, step.Cause, step.Detail = Failed, p.causeOf(err), p.describe(err)
	case a.status != http.StatusOK:
		step.Status, step.Cause = Failed, causeOfStatus(a.status)
		step.Detail = textStatus.in(p.lang, "GET /v2/", statusText(a.status))
	default:
		step.Status, step.Detail = OK, textLoggedIn.in(p.lang)
	}
	return step
}
