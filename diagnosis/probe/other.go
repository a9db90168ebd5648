package probe

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
)

// otherCause asks once in the other protocol where the server closed or reset the
// connection, as some do instead of saying that they speak the other one: Python's
// http.server to a TLS handshake, openssl s_server to plain HTTP. It names the
// cause if that is answered; empty where it is not, or was not asked.
func (p *prober) otherCause(ctx context.Context, c *client, s sighting, broke string, err error) string {
	if cause := causeOf(err); cause != causeEOF && cause != causeReset || s.answered {
		return ""
	}
	// A proxy answers in the host's place, and what was asked of the host went
	// through it.
	if c.through() != nil {
		return ""
	}
	switch {
	case c.scheme == "https" && broke == stepTLS && c.answersHTTP(ctx):
		return causeServerIsHTTP
	case c.scheme == "http" && broke == stepV2 && c.answersTLS(ctx):
		return causeServerIsTLS
	}
	return ""
}

// answersHTTP asks the host's own port in plain HTTP. Any status says that HTTP is
// spoken there but 400, with which servers of TLS answer plain HTTP (nginx, Go,
// load balancers): a filter that cuts handshakes must not lead to the advice to do
// without TLS. Redirects are not followed, and no body is read.
func (c *client) answersHTTP(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 4*c.timeout)
	defer cancel()
	to := &url.URL{Scheme: "http", Host: authority(c.url("/")), Path: "/v2/"}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return false
	}
	next := c.own.Clone()
	// The first question went without a proxy; one for the other scheme alone would
	// answer in the host's place.
	next.Proxy, next.DisableKeepAlives = nil, true
	defer next.CloseIdleConnections()
	response, err := (&leash{next: next, loopback: c.loopback, authority: authority(to), only: true}).RoundTrip(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode != http.StatusBadRequest
}

// answersTLS makes a TLS session at the host's own port and ends it. Nothing is
// sent in it, so that whose certificate it is does not matter.
func (c *client) answersTLS(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*c.timeout)
	defer cancel()
	to := c.url("/")
	if refusedURL(to, c.loopback) != nil {
		return false
	}
	conn, err := c.own.DialContext(ctx, "tcp", authority(to))
	if err != nil {
		return false
	}
	defer conn.Close()
	ctx, cancel = context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return tls.Client(conn, &tls.Config{ServerName: to.Hostname(), InsecureSkipVerify: true}).HandshakeContext(ctx) == nil
}
