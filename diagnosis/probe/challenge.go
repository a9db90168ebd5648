package probe

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// canned answers every request with one response.
type canned struct{ response *http.Response }

func (c canned) RoundTrip(request *http.Request) (*http.Response, error) {
	c.response.Request = request
	return c.response, nil
}

// challengeOf reads what a 401 asks for; nil where an answer is none, or asks for
// nothing that is known. Ping is the one door to the module's parser of
// WWW-Authenticate, so it gets the answer that is there already.
func challengeOf(a *answer) *transport.Challenge {
	if a.status != http.StatusUnauthorized {
		return nil
	}
	registry, err := name.NewRegistry("registry.invalid")
	if err != nil {
		return nil
	}
	challenge, err := transport.Ping(context.Background(), registry, canned{&http.Response{
		StatusCode: a.status,
		Header:     a.header,
		Body:       io.NopCloser(strings.NewReader("")),
	}})
	if err != nil || !isBearer(challenge) && !isBasic(challenge) {
		return nil
	}
	return challenge
}

func isBasic(c *transport.Challenge) bool { return c != nil && strings.EqualFold(c.Scheme, "basic") }

// isBearer reports whether a token is asked for, from a realm that is a URL.
func isBearer(c *transport.Challenge) bool {
	return c != nil && strings.EqualFold(c.Scheme, "bearer") && realmOf(c) != nil
}

// realmOf is the token service; nil where the challenge names none.
func realmOf(c *transport.Challenge) *url.URL {
	realm, err := url.Parse(c.Parameters["realm"])
	if err != nil || realm.Host == "" || realm.Scheme != "https" && realm.Scheme != "http" {
		return nil
	}
	realm.User = nil
	return realm
}

// realmText names the token service for people.
func realmText(c *transport.Challenge) string {
	realm := realmOf(c)
	return realm.Scheme + "://" + hostText(realm)
}

// scopeOf is what a pull asks a token service for.
func scopeOf(repository string) []string {
	if repository == "" {
		return nil
	}
	return []string{"repository:" + repository + ":pull"}
}
