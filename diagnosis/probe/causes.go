package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// The causes that the probe tells by itself. They are those of gen diagnose, so
// that what a probe finds and what a node reports have one name and one remedy.
const (
	causeUnknownAuthority  = "x509-unknown-authority"
	causeNameMismatch      = "x509-name-mismatch"
	causeNoIPSAN           = "x509-no-ip-san"
	causeExpired           = "x509-expired"
	causeServerIsHTTP      = "http-response-to-https-client"
	causeServerIsTLS       = "http-request-to-https-port"
	causeTimeout           = "network-timeout"
	causeDeadline          = "pull-deadline-exceeded"
	causeHandshakeTimeout  = "tls-handshake-timeout"
	causeRefused           = "connection-refused"
	causeReset             = "connection-reset"
	causeEOF               = "unexpected-eof"
	causeDNS               = "dns-failure"
	causeProxy             = "http-proxy-failure"
	causeNoCredentials     = "no-credentials"
	causeUnauthorized      = "unauthorized"
	causeForbidden         = "forbidden"
	causeAccessDenied      = "access-denied"
	causeNotFound          = "not-found"
	causeRateLimited       = "rate-limited"
	causeHTML              = "html-instead-of-registry"
	causeServerError       = "registry-server-error"
	causeSchema1           = "schema1-unsupported"
	causeNotAllowlisted    = "mirror-not-allowlisted"
	causeProxyRepository   = "proxy-repository-not-found"
	causeInvalidImage      = "invalid-image-name"
	causeUnknown           = "generic-no-detail"
	causeSignatureRejected = "signature-validation-failed"
)

// Two causes are the probe's own: no pull reports them.
const (
	// causeAddressRefused: the probe itself does not connect there.
	causeAddressRefused = "address-refused"
	// causeDigestDiffers: the mirror answers with another image than asked for or
	// than upstream has.
	causeDigestDiffers = "digest-differs"
)

// causeOf names the cause of an error of the network, of TLS or of HTTP. It is
// told by types, and by words only where Go has no type.
func causeOf(err error) string {
	var (
		refused   *refusal
		dns       *net.DNSError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		record    tls.RecordHeaderError
		operation *net.OpError
	)
	switch {
	case errors.As(err, &refused):
		return refused.cause
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return causeProxy
	case errors.As(err, &dns):
		return causeDNS
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return causeServerIsHTTP
	case errors.As(err, &hostname):
		if net.ParseIP(strings.Trim(hostname.Host, "[]")) != nil && len(hostname.Certificate.IPAddresses) == 0 {
			return causeNoIPSAN
		}
		return causeNameMismatch
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return causeExpired
	case errors.As(err, &authority), errors.As(err, &invalid):
		return causeUnknownAuthority
	case errors.Is(err, syscall.ECONNREFUSED):
		return causeRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return causeReset
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return causeTimeout
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		return causeHandshakeTimeout
	case isTimeout(err):
		return causeTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return causeEOF
	// A TLS record where an HTTP answer was expected: 0x15 is an alert.
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`):
		return causeServerIsTLS
	}
	return ""
}

// causeOfStatus names the cause of an HTTP status that is no success.
func causeOfStatus(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return causeUnauthorized
	case status == http.StatusForbidden:
		return causeForbidden
	case status == http.StatusNotFound:
		return causeNotFound
	case status == http.StatusTooManyRequests:
		return causeRateLimited
	case status == http.StatusProxyAuthRequired:
		return causeProxy
	case status >= 500:
		return causeServerError
	}
	return causeUnknown
}

// isHTML reports whether an answer is a page for people.
func isHTML(a *answer) bool {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if strings.EqualFold(strings.TrimSpace(kind), "text/html") {
		return true
	}
	start := strings.ToLower(strings.TrimSpace(string(a.body[:min(len(a.body), 64)])))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
