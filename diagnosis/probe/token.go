package probe

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A pass is what came of a challenge.
type pass struct {
	authorization
	// withheld says why a credential was there and not used; nil: it was used, or
	// there is none.
	withheld *refusal
	// given says that the credential went out.
	given bool
	// err is why there is no pass; nil where there is, or none is needed.
	err error
}

// pass answers a challenge of a client's host. The credential may be nil; it is
// used over verified-as-configured TLS, at the host itself or at a realm of the
// same host or of the list, and nowhere else. Where it is withheld, the token is
// asked for as anybody would.
func (p *prober) pass(ctx context.Context, c *client, challenge *transport.Challenge, credential *Credential, scopes []string) pass {
	var out pass
	if credential != nil && c.scheme != "https" {
		out.withheld, credential = &refusal{cause: causeNoCredentials, why: textPlainCredentials}, nil
	}
	switch {
	case challenge == nil:
	case isBasic(challenge):
		switch {
		case credential == nil:
		case credential.password == "":
			out.withheld = &refusal{cause: causeNoCredentials, why: textNoPassword}
		default:
			out.value, out.secret, out.given = credential.basic(), true, true
		}
	default:
		p.token(ctx, c, challenge, credential, scopes, &out)
	}
	return out
}

// token asks the realm of a challenge.
func (p *prober) token(ctx context.Context, c *client, challenge *transport.Challenge, credential *Credential, scopes []string, out *pass) {
	realm := realmOf(challenge)
	sameHost := strings.EqualFold(realm.Hostname(), c.url("/").Hostname())
	if realm.Scheme != "https" && c.scheme == "https" {
		out.err = &refusal{cause: causeUnauthorized, why: textPlainRealm, what: []any{hostText(realm)}}
		return
	}
	if credential != nil && !sameHost && !p.isRealm(c, realm) {
		out.withheld, credential = &refusal{cause: causeNoCredentials, why: textForeignRealm, what: []any{hostText(realm), hostText(realm)}}, nil
	}
	if credential != nil && credential.registryToken != "" {
		out.value, out.secret, out.given = "Bearer "+credential.registryToken, true, true
		return
	}
	// The module refuses a realm at a private address unless it is the registry's
	// own host:port. What may be dialled is decided by the guard, on the resolved
	// address, so the realm stands for the registry here.
	registry, err := name.NewRegistry(realm.Host)
	if err != nil {
		out.err = &refusal{cause: causeUnauthorized, why: textNoChallenge}
		return
	}
	next := c.own
	if !sameHost {
		next = c.strict
	}
	parameters := map[string]string{"realm": realm.String(), "service": challenge.Parameters["service"]}
	ctx, cancel := context.WithTimeout(ctx, 4*c.timeout)
	defer cancel()
	token, err := transport.Exchange(ctx, registry, credential.authenticator(),
		&leash{next: next, loopback: c.loopback, authority: authority(realm), only: true, plain: credential == nil},
		scopes, &transport.Challenge{Scheme: challenge.Scheme, Parameters: parameters, Insecure: realm.Scheme == "http" && c.scheme == "http"})
	out.given = credential != nil
	if err != nil {
		out.err = unwrapURL(err)
		return
	}
	value := token.Token
	if value == "" {
		value = token.AccessToken
	}
	p.hide(value, token.RefreshToken)
	out.value, out.secret = "Bearer "+value, credential != nil
}

// isRealm reports whether a token service was listed, as host or as host:port,
// or is Docker Hub's own.
func (p *prober) isRealm(c *client, realm *url.URL) bool {
	host := strings.ToLower(realm.Host)
	return c.host == hubHost && host == hubRealm || p.realms[host] || p.realms[authority(realm)] ||
		p.realms[strings.ToLower(realm.Hostname())]
}

// causeOfToken names why a token service gave none.
func (p *prober) causeOfToken(err error, given bool) string {
	var refused *transport.Error
	if !errors.As(err, &refused) {
		return p.causeOf(err)
	}
	switch {
	case refused.StatusCode == http.StatusUnauthorized && !given:
		return causeNoCredentials
	case refused.StatusCode == http.StatusNotFound:
		// No image is missing: the token service is not there.
		return causeUnknown
	}
	return causeOfStatus(refused.StatusCode)
}

// describeToken words the same. A token service's own words are left out: it was
// given a password, and may repeat it.
func (p *prober) describeToken(err error, realm string) string {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return textStatus.in(p.lang, "GET "+realm, statusText(refused.StatusCode))
	}
	if cause := causeOf(err); cause == "" && !isTimeout(err) {
		return textNoToken.in(p.lang, realm)
	}
	return p.describe(err)
}

// basic is the value of an Authorization header.
func (c *Credential) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.username+":"+c.password))
}

// authenticator is the credential for the token exchange; nobody's for nil.
func (c *Credential) authenticator() authn.Authenticator {
	if c == nil {
		return authn.Anonymous
	}
	return authn.FromConfig(authn.AuthConfig{Username: c.username, Password: c.password, IdentityToken: c.identityToken})
}
