package probe

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A contact is what the steps up to /v2/ found at one host. Every address at the
// host shares it.
type contact struct {
	client *client
	// steps are dns, tcp, tls and v2.
	steps []Step
	// answers says that the host answered as its transport says, whatever the
	// status: a runtime does not ask for /v2/ before it asks for a manifest.
	answers bool
	// greets says that /v2/ answered as a registry does.
	greets bool
	// challenge is what /v2/ asks for; nil where it asks for nothing or did not answer.
	challenge *transport.Challenge
}

// contact takes the steps up to /v2/, with one request; with a second one where the
// server closes the connection and may speak the other protocol.
func (p *prober) contact(ctx context.Context, c *client) *contact {
	found := &contact{client: c}
	t := &trace{begin: time.Now()}
	a, err := c.do(ctx, http.MethodGet, "/v2/", authorization{}, nil, maxErrorBody, t)
	s := t.sighting()
	broke := brokeAt(c, s, err)
	reached := true
	for _, name := range []string{stepDNS, stepTCP, stepTLS, stepV2} {
		step := Step{Step: name, Status: OK}
		switch {
		case !reached:
			step.Status, step.Detail = Skipped, textNotReached.in(p.lang)
		case name == broke:
			p.fail(&step, c, s, err)
			p.answersOtherwise(ctx, &step, c, s, err)
			step.Detail = p.elsewhere(a, step.Detail)
			reached = false
		case name == stepDNS:
			p.dnsStep(&step, c, s)
		case name == stepTCP:
			p.tcpStep(&step, c, s)
		case name == stepTLS:
			p.tlsStep(&step, c, s)
		default:
			p.v2Step(&step, c, a)
			step.Detail = p.elsewhere(a, step.Detail)
		}
		if took, ok := s.took[name]; ok {
			step.Milliseconds = p.milliseconds(took)
		}
		found.steps = append(found.steps, step)
	}
	if err == nil {
		last := found.steps[len(found.steps)-1]
		found.answers, found.greets = last.Cause != causeServerIsTLS, last.Status != Failed
		found.challenge = challengeOf(a)
	}
	return found
}

// brokeAt names the step that an error ended; empty where there is no error.
func brokeAt(c *client, s sighting, err error) string {
	switch {
	case err == nil:
		return ""
	case s.answered:
		// What was asked answered; a redirect's target did not.
		return stepV2
	case s.connected == "":
		if causeOf(err) == causeDNS {
			return stepDNS
		}
		return stepTCP
	case c.scheme == "http", s.state != nil:
		return stepV2
	case c.through() != nil && !isTLSFailure(err):
		// The connection is one to the proxy, which went no further.
		return stepTCP
	}
	return stepTLS
}

// fail makes a step the one that an error ended.
func (p *prober) fail(step *Step, c *client, s sighting, err error) {
	step.Status, step.Cause, step.Detail = Failed, p.causeOf(err), p.describe(err)
	proxy := c.through()
	switch {
	case step.Step == stepTCP && proxy != nil && step.Cause != causeAddressRefused:
		step.Cause = causeProxy
		step.Detail = textProxyFails.in(p.lang, hostText(proxy), step.Detail)
	case step.Step == stepV2 && isTimeout(err) && !s.answered:
		step.Detail = textNoAnswer.in(p.lang, "GET /v2/", p.timeout)
	}
}

// answersOtherwise names the cause of a closed connection where the server turns
// out to speak the other protocol.
func (p *prober) answersOtherwise(ctx context.Context, step *Step, c *client, s sighting, err error) {
	switch cause := p.otherCause(ctx, c, s, step.Step, err); cause {
	case causeServerIsHTTP:
		step.Cause, step.Detail = cause, textAnswersHTTP.in(p.lang, step.Detail)
	case causeServerIsTLS:
		step.Cause, step.Detail = cause, textAnswersTLS.in(p.lang, step.Detail)
	}
}

func (p *prober) dnsStep(step *Step, c *client, s sighting) {
	name := c.url("/").Hostname()
	_, err := netip.ParseAddr(name)
	switch {
	case c.through() != nil:
		step.Status, step.Detail = Skipped, textProxyResolves.in(p.lang, hostText(c.through()))
	case err == nil:
		step.Status, step.Detail = Skipped, textIsAddress.in(p.lang)
	case len(s.addresses) == 0:
		// The guard refused the name itself.
		step.Status, step.Detail = Skipped, textNotResolved.in(p.lang)
	default:
		step.Detail = some(s.addresses, 4)
	}
}

func (p *prober) tcpStep(step *Step, c *client, s sighting) {
	step.Detail = s.connected
	if proxy := c.through(); proxy != nil {
		step.Detail = textByProxy.in(p.lang, hostText(proxy))
	}
}

func (p *prober) v2Step(step *Step, c *client, a *answer) {
	failed := func(cause, detail string) { step.Status, step.Cause, step.Detail = Failed, cause, detail }
	const asked = "GET /v2/"
	switch {
	case isHTML(a) && (a.status < 300 || a.status == http.StatusNotFound):
		failed(causeHTML, textPage.in(p.lang, asked, statusText(a.status)))
	case a.status == http.StatusOK:
		step.Detail = textOpen.in(p.lang)
	case a.status == http.StatusUnauthorized:
		switch challenge := challengeOf(a); {
		case isBearer(challenge):
			step.Detail = textWantsToken.in(p.lang, realmText(challenge))
		case isBasic(challenge):
			step.Detail = textWantsPassword.in(p.lang)
		default:
			failed(causeUnauthorized, textNoChallenge.in(p.lang))
		}
	case a.status == http.StatusBadRequest && c.scheme == "http":
		failed(causeServerIsTLS, textStatus.in(p.lang, asked, statusText(a.status)))
	default:
		failed(causeOfStatus(a.status), textStatus.in(p.lang, asked, statusText(a.status)))
	}
}

// elsewhere adds where a redirect led.
func (p *prober) elsewhere(a *answer, detail string) string {
	if a == nil || a.left == nil {
		return detail
	}
	return detail + "; " + textRedirected.in(p.lang, a.left.Scheme+"://"+hostText(a.left))
}

// milliseconds is a duration where durations are wanted.
func (p *prober) milliseconds(d time.Duration) *int64 {
	if !p.timings {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}
