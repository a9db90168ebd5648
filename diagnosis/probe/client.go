package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

const (
	// maxRedirects is more than any registry needs: the manifest itself, and a
	// store behind it.
	maxRedirects = 5
	// maxErrorBody is how much of an error's body is read to find its cause.
	maxErrorBody = 8 << 10
	// maxManifest is what the distribution spec wants a registry to take; a body
	// beyond it is no manifest that a runtime accepts everywhere.
	maxManifest = 4 << 20
	// maxHeaders bounds the headers of an answer.
	maxHeaders = 64 << 10
)

// errRedirects ends a chain of redirects.
var errRedirects = errors.New("too many redirects")

// A client talks to one host, the way the spec says.
type client struct {
	// scheme is https or http; host is host[:port] as it stands in a URL.
	scheme, host string
	// skip: the spec says that the certificate is not verified.
	skip    bool
	timeout time.Duration
	// loopback is the dialer's.
	loopback map[string]bool
	// own is for the host itself and where it redirects to; strict verifies
	// whatever the spec says, and is for token services elsewhere.
	own, strict *http.Transport
	// proxy says which proxy a URL goes through; nil where none does.
	proxy func(*url.URL) (*url.URL, error)
}

// newClient makes a client; its connections are closed by close.
func newClient(o *Options, loopback map[string]bool, host, transport string, roots *x509.CertPool) *client {
	c := &client{scheme: "https", host: host, skip: transport == "https-skip-verify", timeout: o.Timeout, loopback: loopback}
	if transport == "http" {
		c.scheme = "http"
	}
	c.proxy = func(u *url.URL) (*url.URL, error) { return o.Proxy(&http.Request{URL: u}) }
	// A proxy on this machine was named by whoever set the environment. A token
	// service may go through another one than the mirror.
	allowed := maps.Clone(loopback)
	for _, scheme := range []string{"http", "https"} {
		for _, to := range []string{host, "registry.invalid"} {
			if through, err := c.proxy(&url.URL{Scheme: scheme, Host: to, Path: "/"}); err == nil && through != nil {
				allowed[authority(through)] = true
			}
		}
	}
	d := &dialer{resolver: o.Resolver, timeout: o.Timeout, loopback: allowed}
	c.own = transportOf(o, d, roots, c.skip)
	c.strict = transportOf(o, d, roots, false)
	return c
}

func transportOf(o *Options, d *dialer, roots *x509.CertPool, skip bool) *http.Transport {
	return &http.Transport{
		Proxy:       o.Proxy,
		DialContext: d.dial,
		TLSClientConfig: &tls.Config{
			RootCAs: roots,
			Time:    o.Now,
			// As a node does that was told to skip; what is wrong is still reported.
			InsecureSkipVerify: skip,
		},
		TLSHandshakeTimeout:    o.Timeout,
		ResponseHeaderTimeout:  o.Timeout,
		MaxResponseHeaderBytes: maxHeaders,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        o.Timeout,
	}
}

func (c *client) close() {
	c.own.CloseIdleConnections()
	c.strict.CloseIdleConnections()
}

// url is a URL of the host.
func (c *client) url(path string) *url.URL {
	return &url.URL{Scheme: c.scheme, Host: c.host, Path: path}
}

// through is the proxy that the host is reached by; nil: none.
func (c *client) through() *url.URL {
	proxy, err := c.proxy(c.url("/"))
	if err != nil {
		return nil
	}
	return proxy
}

// An answer is what came back, once redirects were followed.
type answer struct {
	status int
	header http.Header
	// body is at most the bytes asked for, empty for HEAD; whole says that there
	// were no more.
	body  []byte
	whole bool
	// left is where the first redirect to another host led; nil: none did.
	left *url.URL
}

// An authorization is the value of the header of that name; the zero value is none.
type authorization struct {
	value string
	// secret says that it came from a credential of the user's, not that the
	// mirror gives it to everybody.
	secret bool
}

// do sends one request and follows redirects, to other hosts without the
// Authorization header. seen records the first hop; it may be nil.
func (c *client) do(ctx context.Context, method, path string, auth authorization, accept []string, most int64, seen *trace) (*answer, error) {
	// Each step has the timeout to itself; all of them, redirects and body
	// included, have four times as much.
	ctx, cancel := context.WithTimeout(ctx, 4*c.timeout)
	defer cancel()
	if seen != nil {
		ctx = httptrace.WithClientTrace(ctx, seen.client())
	}
	target := c.url(path)
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	if auth.value != "" {
		request.Header.Set("Authorization", auth.value)
	}
	if len(accept) > 0 {
		request.Header.Set("Accept", strings.Join(accept, ", "))
	}
	a := &answer{}
	follow := http.Client{
		Transport: &leash{next: c.own, loopback: c.loopback, authority: authority(target), plain: !auth.secret},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			next.URL.User = nil
			if a.left == nil && (authority(next.URL) != authority(target) || next.URL.Scheme != target.Scheme) {
				a.left = next.URL
			}
			if a.left != nil {
				// Go keeps the header for another port and for a subdomain; and once a
				// chain has left, another server chose where it leads.
				next.Header.Del("Authorization")
			}
			return nil
		},
	}
	response, err := follow.Do(request)
	if err != nil {
		return a, unwrapURL(err)
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	a.body, a.whole = body[:min(int64(len(body)), most)], err == nil && int64(len(body)) <= most
	if err != nil && response.StatusCode < 300 {
		return a, err
	}
	return a, nil
}

// unwrapURL drops the URL that net/http puts before an error: a redirect's may
// hold a signature.
func unwrapURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// hostText is a URL's host for people; a host is a server's own word, so that
// what is no host name is not repeated.
func hostText(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if len(host) == 0 || len(host) > 260 || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]") != "" {
		return "?"
	}
	return host
}

// isTimeout reports whether an error is a time-out of any layer.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
