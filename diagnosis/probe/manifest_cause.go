package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// causeOfAnswer names the cause of a status. HEAD has no body, so that what the
// registry has to say is asked for with GET, but not of one that counts requests.
func (q *question) causeOfAnswer(ctx context.Context, a *answer) string {
	cause := causeOfStatus(a.status)
	switch {
	case a.status == http.StatusUnauthorized && isBasic(q.challenge) && !q.pass.given:
		return causeNoCredentials
	case a.status == http.StatusUnauthorized && strings.Contains(a.header.Get("Www-Authenticate"), "insufficient_scope"):
		cause = causeAccessDenied
	case a.status == http.StatusTooManyRequests, a.status >= 500:
		return cause
	}
	if len(a.body) == 0 {
		said, err := q.send(ctx, http.MethodGet, maxErrorBody)
		if err != nil || said.status != a.status {
			return cause
		}
		a = said
	}
	if isHTML(a) {
		return cause
	}
	if finer := q.causeOfBody(a); finer != "" {
		return finer
	}
	return cause
}

// refinements are the causes that a body may tell where the status says less.
var refinements = map[string]bool{
	causeNotAllowlisted: true, causeProxyRepository: true, causeAccessDenied: true, causeRateLimited: true,
	causeNotFound: true, causeUnauthorized: true, causeNoCredentials: true, causeSignatureRejected: true,
}

// causeOfBody lets gen diagnose read the body as it would stand in a runtime's
// message. Nothing of the body goes further than the name of a cause.
func (q *question) causeOfBody(a *answer) string {
	text := registryErrors(a.body)
	if text == "" {
		text = string(a.body[:min(len(a.body), 1024)])
	}
	if strings.TrimSpace(text) == "" {
		return ""
	}
	message := fmt.Sprintf("failed to resolve reference %q: unexpected status from GET request to %s: %s: %s",
		q.out.Reference, q.client.url("/v2/"+q.parts.Repository+"/manifests/"+q.identifier()), statusText(a.status), text)
	if cause := q.diagnose(message); refinements[cause] {
		return cause
	}
	return ""
}

// registryErrors are the errors that the distribution spec defines, as runtimes
// print them: "denied: requested access to the resource is denied". Empty where
// the body holds none.
func registryErrors(body []byte) string {
	var said transport.Error
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	var lines []string
	for _, e := range said.Errors {
		lines = append(lines, strings.ToLower(string(e.Code))+": "+e.Message)
	}
	text := strings.Join(lines, "; ")
	return text[:min(len(text), 1024)]
}
