package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mirrorgen.dev/gen/generator/terminal"
)

// maxDetail is how many characters of one step's detail are printed.
const maxDetail = 400

// describe words an error for people. Only what Go, the resolver or the kernel
// said is repeated, and names out of certificates whose form was checked: what a
// server sent is not.
func (p *prober) describe(err error) string {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused.why.in(p.lang, refused.what...)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Error()
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return http.ErrSchemeMismatch.Error()
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "tls: first record does not look like a TLS handshake"
	}
	if sentence := p.describeCertificate(err); sentence != "" {
		return sentence
	}
	if strings.Contains(err.Error(), "TLS handshake timeout") {
		return "net/http: TLS handshake timeout"
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return describeOperation(operation)
	}
	switch {
	case errors.Is(err, errRedirects):
		return textRedirects.in(p.lang, maxRedirects)
	case isTimeout(err):
		return textTimedOut.in(p.lang, p.timeout)
	case causeOf(err) == causeEOF:
		return textEOF.in(p.lang)
	case strings.HasPrefix(err.Error(), "tls: "), strings.HasPrefix(err.Error(), "x509: "):
		return err.Error()
	case causeOf(err) == causeServerIsTLS:
		return textServerIsTLS.in(p.lang)
	}
	return textNoHTTP.in(p.lang)
}

// describeCertificate words what is wrong with a certificate; empty where that is
// not the error.
func (p *prober) describeCertificate(err error) string {
	if hostname, ok := errors.AsType[x509.HostnameError](err); ok {
		return p.describeHostname(hostname)
	}
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	if isInvalid && invalid.Reason == x509.Expired {
		if now := p.now(); now.Before(invalid.Cert.NotBefore) {
			return textNotYetValid.in(p.lang, invalid.Cert.NotBefore.UTC().Format(time.DateOnly), days(invalid.Cert.NotBefore.Sub(now)))
		}
		return textExpired.in(p.lang, invalid.Cert.NotAfter.UTC().Format(time.DateOnly), days(p.now().Sub(invalid.Cert.NotAfter)))
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "x509: certificate signed by unknown authority"
	}
	if isInvalid {
		return "x509: the certificate or one above it may not be used so"
	}
	return ""
}

// describeOperation leaves out the local port, which differs from run to run.
func describeOperation(o *net.OpError) string {
	text := ""
	if o.Op == "dial" || o.Op == "proxyconnect" {
		text = o.Op + " " + o.Net
		if o.Addr != nil {
			text += " " + o.Addr.String()
		}
		text += ": "
	}
	var inner *net.OpError
	if errors.As(o.Err, &inner) {
		return text + describeOperation(inner)
	}
	return text + o.Err.Error()
}

// describeHostname names what a certificate is for. A certificate may hold
// hundreds of names, and any text for one.
func (p *prober) describeHostname(e x509.HostnameError) string {
	if causeOf(e) == causeNoIPSAN {
		return "x509: cannot validate certificate for " + e.Host + " because it doesn't contain any IP SANs"
	}
	var names []string
	for _, name := range e.Certificate.DNSNames {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*") == "" && len(name) <= 253 {
			names = append(names, name)
		}
	}
	for _, address := range e.Certificate.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return "x509: certificate is not valid for any names, but wanted to match " + e.Host
	}
	return "x509: certificate is valid for " + some(names, 4) + ", not " + e.Host
}

// some joins the first few of a list.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return strings.Join(slices.Clone(list[:most]), ", ") + ", ..."
}

// statusText is a status as runtimes print it: 403 Forbidden. The words are Go's,
// not the server's.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

func days(d time.Duration) int { return int(d.Hours() / 24) }

// clean is the last thing that happens to every sentence: no credential and no
// control character leaves, whoever put it there.
func (p *prober) clean(sentence string) string {
	p.mu.Lock()
	for _, secret := range p.secrets {
		sentence = strings.ReplaceAll(sentence, secret, "[hidden]")
	}
	p.mu.Unlock()
	sentence = terminal.MaskLine(sentence)
	if runes := []rune(sentence); len(runes) > maxDetail {
		sentence = string(runes[:maxDetail]) + "…"
	}
	return sentence
}

// hide adds what clean takes out. Words of fewer than four characters would tear
// holes into every sentence.
func (p *prober) hide(secrets ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= 4 && !slices.Contains(p.secrets, secret) {
			p.secrets = append(p.secrets, secret)
		}
	}
	// The longest first: a password may be a part of what holds it.
	slices.SortFunc(p.secrets, func(a, b string) int { return len(b) - len(a) })
}
