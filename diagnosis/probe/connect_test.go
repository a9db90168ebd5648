package probe

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgen.dev/gen/generator/spec"
)

// Every way in which an address fails is known by the step that it fails at and
// by the cause that gen diagnose has for it.
func TestEachFailureOfAnAddressEndsInItsStepAndCause(t *testing.T) {
	ca := newIssuer(t)
	good := ca.issue(t, nil)
	open := answers(200, "{}")
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })

	tests := []struct {
		name, why string
		port      func(t *testing.T) string
		host      string // 127.0.0.1 where empty
		transport string
		trusted   bool
		timeout   time.Duration
		step      string
		status    Status
		cause     string
		detail    string
	}{
		{name: "plain HTTP as declared", why: "the transport says so",
			port: func(t *testing.T) string { return serve(t, nil, open) }, transport: "http",
			step: stepV2, status: OK, detail: "200 OK"},
		{name: "plain HTTP undeclared", why: "a node speaks TLS to it",
			port: func(t *testing.T) string { return serve(t, nil, open) }, transport: "https",
			step: stepTLS, status: Failed, cause: causeServerIsHTTP, detail: "http: server gave HTTP response to HTTPS client"},
		{name: "TLS declared as HTTP", why: "Go, nginx and others answer 400",
			port: func(t *testing.T) string { return serve(t, good, open) }, transport: "http",
			step: stepV2, status: Failed, cause: causeServerIsTLS, detail: "400 Bad Request"},
		{name: "TLS alert to HTTP", why: "other servers send an alert",
			port: func(t *testing.T) string {
				return listen(t, func(c net.Conn) {
					http.ReadRequest(bufio.NewReader(c))
					c.Write([]byte("\x15\x03\x01\x00\x02\x02\x46\r\n\r\n"))
					c.Close()
				})
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeServerIsTLS, detail: "the server speaks HTTPS"},
		{name: "self-signed", why: "nobody trusts its issuer",
			port: func(t *testing.T) string { return serve(t, good, open) }, transport: "https",
			step: stepTLS, status: Failed, cause: causeUnknownAuthority, detail: "signed by unknown authority"},
		{name: "trusted", why: "the root is known",
			port: func(t *testing.T) string { return serve(t, good, open) }, transport: "https", trusted: true,
			step: stepTLS, status: OK, detail: "valid for 90 more days"},
		{name: "skipped verification", why: "a node that skips it pulls, and somebody should know",
			port: func(t *testing.T) string { return serve(t, good, open) }, transport: "https-skip-verify",
			step: stepTLS, status: Warning, cause: causeUnknownAuthority, detail: "not verified by its transport"},
		{name: "needless skip", why: "verification would succeed",
			port: func(t *testing.T) string { return serve(t, good, open) }, transport: "https-skip-verify", trusted: true,
			step: stepTLS, status: OK, detail: "transport: https would do"},
		{name: "expired", why: "the end has passed",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = clock.AddDate(0, -3, 0), clock.AddDate(0, 0, -5) }), open)
			}, transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeExpired, detail: "expired on 2026-05-27, 5 days ago"},
		{name: "not yet valid", why: "the beginning has not come; runtimes call both expired",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.NotBefore = clock.AddDate(0, 0, 3) }), open)
			}, transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeExpired, detail: "not valid before 2026-06-04, in 3 days"},
		{name: "expires soon", why: "it works today and will not for long",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.NotAfter = clock.AddDate(0, 0, 13) }), open)
			}, transport: "https", trusted: true,
			step: stepTLS, status: Warning, cause: causeExpired, detail: "expires in 13 days, on 2026-06-14"},
		{name: "expires in two weeks", why: "the boundary: not soon",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.NotAfter = clock.AddDate(0, 0, 14) }), open)
			}, transport: "https", trusted: true,
			step: stepTLS, status: OK, detail: "valid for 14 more days"},
		{name: "wrong name", why: "the certificate is another host's",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.example.com"}, nil }), open)
			}, host: "localhost", transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeNameMismatch, detail: "certificate is valid for other.example.com, not localhost"},
		{name: "no IP SAN", why: "addressed by IP, and the certificate has names alone",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.IPAddresses = nil }), open)
			}, transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeNoIPSAN, detail: "doesn't contain any IP SANs"},
		{name: "hostile names", why: "a name in a certificate is any text; such a one is not repeated",
			port: func(t *testing.T) string {
				return serve(t, ca.issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"a<script>", "b.example.com"}, nil }), open)
			}, host: "localhost", transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeNameMismatch, detail: "valid for b.example.com, not localhost"},
		{name: "old TLS", why: "an alert; gen diagnose has the words",
			port: func(t *testing.T) string { return oldTLS(t, good) }, transport: "https", trusted: true,
			step: stepTLS, status: Failed, cause: causeHandshakeTimeout, detail: "tls: protocol version not supported"},
		{name: "nothing listens", why: "the port is closed",
			port: func(t *testing.T) string { return closedPort(t) }, transport: "https",
			step: stepTCP, status: Failed, cause: causeRefused, detail: "connection refused"},
		{name: "reset in the handshake", why: "filtering looks like this",
			port: func(t *testing.T) string { return listen(t, reset) }, transport: "https",
			step: stepTLS, status: Failed, cause: causeReset, detail: "connection reset by peer"},
		{name: "reset over HTTP", why: "no handshake to blame",
			port: func(t *testing.T) string { return listen(t, reset) }, transport: "http",
			step: stepV2, status: Failed, cause: causeReset, detail: "connection reset by peer"},
		{name: "closed without a word", why: "a load balancer without a backend",
			port: func(t *testing.T) string {
				return listen(t, func(c net.Conn) { http.ReadRequest(bufio.NewReader(c)); c.Close() })
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeEOF, detail: "EOF"},
		{name: "hangs in the handshake", why: "accepted and never answered",
			port: func(t *testing.T) string { return listen(t, func(c net.Conn) { <-never }) }, transport: "https", timeout: hanging,
			step: stepTLS, status: Failed, cause: causeHandshakeTimeout, detail: "net/http: TLS handshake timeout"},
		{name: "hangs at accept", why: "the kernel takes the connection, nobody else does",
			port: func(t *testing.T) string { return deaf(t) }, transport: "http", timeout: hanging,
			step: stepV2, status: Failed, cause: causeTimeout, detail: "GET /v2/: no answer within 3s"},
		{name: "hangs at /v2/", why: "accepted, read, never answered",
			port: func(t *testing.T) string { return serve(t, good, http.HandlerFunc(hang)) }, transport: "https", trusted: true, timeout: hanging,
			step: stepV2, status: Failed, cause: causeTimeout, detail: "GET /v2/: no answer within 3s"},
		{name: "HTTP/2", why: "most registries speak it",
			port: func(t *testing.T) string { return serveHTTP2(t, good, open) }, transport: "https", trusted: true,
			step: stepV2, status: OK, detail: "200 OK"},
		{name: "hangs at /v2/ over HTTP/2", why: "a stream without an answer",
			port: func(t *testing.T) string { return serveHTTP2(t, good, http.HandlerFunc(hang)) }, transport: "https", trusted: true, timeout: hanging,
			step: stepV2, status: Failed, cause: causeTimeout, detail: "GET /v2/: no answer within 3s"},
		{name: "token", why: "401 with a realm is how registries answer",
			port: func(t *testing.T) string {
				return serve(t, good, answers(401, "", "WWW-Authenticate", `Bearer realm="https://auth.example.com/token",service="r"`))
			}, transport: "https", trusted: true,
			step: stepV2, status: OK, detail: "401 with a token service at https://auth.example.com"},
		{name: "password", why: "401 with Basic likewise",
			port: func(t *testing.T) string {
				return serve(t, good, answers(401, "", "WWW-Authenticate", `Basic realm="r"`))
			}, transport: "https", trusted: true,
			step: stepV2, status: OK, detail: "wants a password"},
		{name: "401 alone", why: "there is nothing to answer it with",
			port: func(t *testing.T) string { return serve(t, good, answers(401, "")) }, transport: "https", trusted: true,
			step: stepV2, status: Failed, cause: causeUnauthorized, detail: "401 without a challenge"},
		{name: "Negotiate", why: "no runtime speaks it",
			port: func(t *testing.T) string { return serve(t, good, answers(401, "", "WWW-Authenticate", "Negotiate")) }, transport: "https", trusted: true,
			step: stepV2, status: Failed, cause: causeUnauthorized, detail: "401 without a challenge"},
		{name: "realm that is no URL", why: "it leads nowhere",
			port: func(t *testing.T) string {
				return serve(t, good, answers(401, "", "WWW-Authenticate", `Bearer realm="token"`))
			}, transport: "https", trusted: true,
			step: stepV2, status: Failed, cause: causeUnauthorized, detail: "401 without a challenge"},
		{name: "403", why: "an address list or a policy",
			port: func(t *testing.T) string { return serve(t, nil, answers(403, "")) }, transport: "http",
			step: stepV2, status: Failed, cause: causeForbidden, detail: "GET /v2/: 403 Forbidden"},
		{name: "404", why: "no registry there",
			port: func(t *testing.T) string { return serve(t, nil, http.NotFoundHandler()) }, transport: "http",
			step: stepV2, status: Failed, cause: causeNotFound, detail: "404 Not Found"},
		{name: "429", why: "too many asked",
			port: func(t *testing.T) string { return serve(t, nil, answers(429, "")) }, transport: "http",
			step: stepV2, status: Failed, cause: causeRateLimited, detail: "429 Too Many Requests"},
		{name: "500", why: "it is broken",
			port: func(t *testing.T) string { return serve(t, nil, answers(500, "")) }, transport: "http",
			step: stepV2, status: Failed, cause: causeServerError, detail: "500 Internal Server Error"},
		{name: "503 as a page", why: "a gateway words its errors in HTML; the status says more",
			port: func(t *testing.T) string {
				return serve(t, nil, answers(503, "<html>sorry</html>", "Content-Type", "text/html"))
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeServerError, detail: "503 Service Unavailable"},
		{name: "418", why: "no cause has it, and still there is one",
			port: func(t *testing.T) string { return serve(t, nil, answers(418, "")) }, transport: "http",
			step: stepV2, status: Failed, cause: causeUnknown, detail: "418 I'm a teapot"},
		{name: "web page", why: "a login page or a web UI answers everything",
			port: func(t *testing.T) string { return serve(t, nil, answers(200, "<!DOCTYPE html><title>Welcome</title>")) }, transport: "http",
			step: stepV2, status: Failed, cause: causeHTML, detail: "a page for people"},
		{name: "web page by its type alone", why: "the header is enough",
			port: func(t *testing.T) string {
				return serve(t, nil, answers(404, "gone", "Content-Type", "text/html; charset=utf-8"))
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeHTML, detail: "404 Not Found, a page for people"},
		{name: "redirects without end", why: "five are followed",
			port: func(t *testing.T) string {
				return serve(t, nil, http.RedirectHandler("/v2/", http.StatusFound))
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeUnknown, detail: "more than 5 redirects"},
		{name: "redirect within the host", why: "a slash too many is no failure",
			port: func(t *testing.T) string {
				mux := http.NewServeMux()
				mux.Handle("/v2/{$}", http.RedirectHandler("/registry/v2/", http.StatusFound))
				mux.Handle("/registry/v2/", open)
				return serve(t, nil, mux)
			}, transport: "http",
			step: stepV2, status: OK, detail: "200 OK"},
		{name: "huge body", why: "8 KiB of it are read, and it is no failure",
			port: func(t *testing.T) string { return serve(t, nil, endless()) }, transport: "http",
			step: stepV2, status: OK, detail: "200 OK"},
		{name: "huge header", why: "it is not read to its end",
			port: func(t *testing.T) string { return serve(t, nil, answers(200, "", "X-Big", strings.Repeat("x", 1<<20))) }, transport: "http",
			step: stepV2, status: Failed, cause: causeUnknown, detail: "cannot be read as HTTP"},
		{name: "no HTTP", why: "another protocol answers",
			port: func(t *testing.T) string {
				return listen(t, func(c net.Conn) { c.Write([]byte("SSH-2.0-OpenSSH_9.6 secret\r\n")); io.Copy(io.Discard, c) })
			}, transport: "http",
			step: stepV2, status: Failed, cause: causeUnknown, detail: "cannot be read as HTTP"},
		{name: "no TLS", why: "another protocol answers a handshake",
			port: func(t *testing.T) string {
				return listen(t, func(c net.Conn) { c.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n")); io.Copy(io.Discard, c) })
			}, transport: "https",
			step: stepTLS, status: Failed, cause: causeServerIsHTTP, detail: "does not look like a TLS handshake"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			host := test.host
			if host == "" {
				host = "127.0.0.1"
			}
			o := Options{Timeout: test.timeout}
			if test.trusted {
				o.Roots = ca.pool()
			}
			report := runProbe(t, oneMirror(t, host+":"+test.port(t), test.transport), o)
			address := report.Addresses[0]
			got := step(t, address.Steps, test.step)
			if got.Status != test.status || got.Cause != test.cause || !strings.Contains(got.Detail, test.detail) {
				t.Errorf("%s: got %s %q %q, want %s %q and %q in it", test.why, got.Status, got.Cause, got.Detail, test.status, test.cause, test.detail)
			}
			if address.Status != test.status || address.Cause != test.cause {
				t.Errorf("the address is %s %q, want what its step is: %s %q", address.Status, address.Cause, test.status, test.cause)
			}
			if report.Failed() != (test.status == Failed) {
				t.Errorf("Failed() = %v with a step that is %s", report.Failed(), test.status)
			}
			behind := false
			for _, s := range address.Steps {
				if behind && s.Status != Skipped {
					t.Errorf("step %s is %s behind one that failed, want skipped", s.Step, s.Status)
				}
				behind = behind || s.Status == Failed && s.Step != stepV2
			}
		})
	}
}

// reset ends a connection the hard way.
func reset(c net.Conn) {
	io.ReadAtLeast(c, make([]byte, 64), 16)
	if replay, ok := c.(*replayed); ok {
		c = replay.Conn
	}
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// endless sends for as long as it is read.
func endless() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			return
		}
		chunk := make([]byte, 64<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}

// closedPort is a port at which nothing listens, nor will while the test runs: it
// is the near end of a connection that is kept, so that no other server gets it.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
	kept, err := dialer.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	return portOf(t, kept.LocalAddr())
}

// deaf listens and accepts nothing.
func deaf(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return portOf(t, listener.Addr())
}

// oldTLS speaks TLS 1.1 at most.
func oldTLS(t *testing.T, certificate *tls.Certificate) string {
	return listen(t, func(c net.Conn) {
		tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Handshake()
		c.Close()
	})
}

// A caFile is read with the MirrorSet, and is trusted for its own mirror or
// registry, beside the machine's roots.
func TestACAFileIsTrustedForItsOwnMirrorAlone(t *testing.T) {
	ca := newIssuer(t)
	open := answers(200, "{}")
	port := serve(t, ca.issue(t, nil), open)
	dir := t.TempDir()
	name := filepath.Join(dir, "mirrors.yaml")
	text := strings.ReplaceAll(`apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - {name: a, source: ghcr.io, mirror: "127.0.0.1:PORT/a", caFile: ca.crt}
  - {name: b, source: quay.io, mirror: "127.0.0.1:PORT/b"}
  registries:
  - {host: "127.0.0.1:SECOND", caFile: ca.crt}
`, "PORT", port)
	text = strings.ReplaceAll(text, "SECOND", serve(t, ca.issue(t, nil), open))
	for file, data := range map[string][]byte{name: []byte(text), filepath.Join(dir, "ca.crt"): ca.pem()} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sets, err := spec.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	report := runProbe(t, sets[0], Options{})
	for i, want := range []Status{OK, Failed, OK} {
		if a := report.Addresses[i]; a.Status != want {
			t.Errorf("%s %s: %s %q, want %s", a.Role, a.Address, a.Status, a.Cause, want)
		}
	}
}
