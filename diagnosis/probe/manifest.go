package probe

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mirrorgen.dev/gen/generator/image"
)

// manifestTypes are what containerd accepts, in its order.
var manifestTypes = []string{
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"*/*",
}

// askFor asks one address for one image, as a runtime does before it pulls: HEAD
// of the manifest, with a token where one is wanted.
func (p *prober) askFor(ctx context.Context, found *contact, t target, a ask) Asked {
	out := Asked{Role: t.role, Address: t.address, Reference: a.reference}
	switch {
	case a.parts == image.Reference{}:
		out.Steps = append(out.Steps, Step{Step: stepManifest, Status: Failed, Cause: causeInvalidImage, Detail: textNoReference.in(p.lang)})
	case !found.answers:
		out.Steps = append(out.Steps, Step{Step: stepManifest, Status: Skipped, Detail: textAddressFails.in(p.lang)})
	default:
		q := &question{prober: p, client: found.client, parts: a.parts, out: &out}
		if held := p.config.find(found.client.host, a.parts.Repository); held != nil {
			q.credential = held.credential
		}
		q.ask(ctx, found.challenge)
	}
	out.Status = worst(out.Steps)
	return out
}

// A question is one manifest at one host.
type question struct {
	*prober
	client     *client
	parts      image.Reference
	credential *Credential
	pass       pass
	challenge  *transport.Challenge
	out        *Asked
}

// identifier is the digest, or the tag where there is none.
func (q *question) identifier() string {
	if q.parts.Digest != "" {
		return q.parts.Digest
	}
	return q.parts.EffectiveTag()
}

func (q *question) send(ctx context.Context, method string, most int64) (*answer, error) {
	return q.client.do(ctx, method, "/v2/"+q.parts.Repository+"/manifests/"+q.identifier(), q.pass.authorization, manifestTypes, most, nil)
}

func (q *question) ask(ctx context.Context, challenge *transport.Challenge) {
	if !q.answerChallenge(ctx, challenge) {
		return
	}
	a, err := q.send(ctx, http.MethodHead, 0)
	if err == nil && challenge == nil && challengeOf(a) != nil {
		// /v2/ asked for nothing, the manifest does.
		if !q.answerChallenge(ctx, challengeOf(a)) {
			return
		}
		a, err = q.send(ctx, http.MethodHead, 0)
	}
	if err != nil {
		q.broke(a, err)
		return
	}
	if a.status == http.StatusOK && !isHTML(a) && q.digestIn(a) == "" || a.status == http.StatusMethodNotAllowed {
		// Some registries say the digest with GET alone; a runtime asks again too.
		if a, err = q.send(ctx, http.MethodGet, maxManifest); err != nil {
			q.broke(a, err)
			return
		}
	}
	q.judge(ctx, a)
}

// answerChallenge gets a pass; false ends the question.
func (q *question) answerChallenge(ctx context.Context, challenge *transport.Challenge) bool {
	q.challenge = challenge
	if challenge == nil {
		return true
	}
	q.pass = q.prober.pass(ctx, q.client, challenge, q.credential, scopeOf(q.parts.Repository))
	if isBasic(challenge) {
		return true
	}
	realm := realmText(challenge)
	step := Step{Step: stepToken, Status: OK, Detail: textToken.in(q.lang, realm)}
	switch {
	case q.pass.err != nil:
		step.Status, step.Cause, step.Detail = Failed, q.causeOfToken(q.pass.err, q.pass.given), q.describeToken(q.pass.err, realm)
	case q.pass.given:
		step.Detail = textTokenWithCredential.in(q.lang, realm)
	}
	if q.pass.withheld != nil {
		step.Detail += "; " + q.describe(q.pass.withheld)
		if step.Status == Failed {
			step.Cause = q.pass.withheld.cause
		}
	}
	q.out.Steps = append(q.out.Steps, step)
	return step.Status == OK
}

func (q *question) add(status Status, cause, detail string) {
	q.out.Steps = append(q.out.Steps, Step{Step: stepManifest, Status: status, Cause: cause, Detail: detail})
}

// broke reports a request without an answer.
func (q *question) broke(a *answer, err error) {
	cause, detail := q.causeOf(err), q.describe(err)
	if isTimeout(err) && (a == nil || a.left == nil) {
		// The host answered /v2/ a moment ago: a pull would hang until the runtime
		// or the kubelet gives up.
		cause, detail = causeDeadline, textHangs.in(q.lang, q.timeout)
	}
	q.add(Failed, cause, q.elsewhere(a, detail))
}

// judge reads an answer.
func (q *question) judge(ctx context.Context, a *answer) {
	const asked = "HEAD manifest"
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	switch {
	case isHTML(a) && (a.status < 300 || a.status == http.StatusNotFound):
		q.add(Failed, causeHTML, q.elsewhere(a, textPage.in(q.lang, asked, statusText(a.status))))
	case a.status != http.StatusOK:
		cause := q.causeOfAnswer(ctx, a)
		detail := q.elsewhere(a, textStatus.in(q.lang, asked, statusText(a.status)))
		if q.pass.withheld != nil && a.status < 500 && a.status != http.StatusTooManyRequests {
			cause, detail = q.pass.withheld.cause, detail+"; "+q.describe(q.pass.withheld)
		}
		q.add(Failed, cause, detail)
	case strings.HasPrefix(media, "application/vnd.docker.distribution.manifest.v1"):
		q.add(Failed, causeSchema1, textSchema1.in(q.lang))
	case !a.whole:
		q.add(Failed, causeUnknown, textHuge.in(q.lang, maxManifest>>20))
	case len(a.body) > 0 && !isManifest(a.body):
		q.add(Failed, causeUnknown, textNoDigest.in(q.lang))
	default:
		q.judgeDigest(a)
	}
}
