package probe

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// soon is how many days before its end a certificate is warned about: time for a
// change request, less than the 30 days at which ACME clients renew.
const soon = 14

// tlsStep reports a session that was made: what a node that skips verification
// would not see, and what fails before long.
func (p *prober) tlsStep(step *Step, c *client, s sighting) {
	if c.scheme == "http" {
		step.Status, step.Detail = Skipped, textPlainHTTP.in(p.lang)
		return
	}
	version, chains := tls.VersionName(s.state.Version), s.state.VerifiedChains
	if c.skip {
		var err error
		if chains, err = p.verify(c, s.state.PeerCertificates); err != nil {
			step.Status, step.Cause = Warning, p.causeOf(err)
			step.Detail = textSkipped.in(p.lang, version, p.describe(err))
			return
		}
	}
	ends := endOf(chains)
	days := int(ends.Sub(p.now()).Hours() / 24)
	step.Detail = textCertificate.in(p.lang, version, days)
	if c.skip {
		step.Detail = textSkipNotNeeded.in(p.lang, step.Detail)
	}
	if days < soon {
		step.Status, step.Cause = Warning, causeExpired
		step.Detail = textExpiresSoon.in(p.lang, version, days, ends.UTC().Format(time.DateOnly))
	}
}

// endOf is when the last of the chains breaks: each one ends with the first of
// its certificates to expire.
func endOf(chains [][]*x509.Certificate) time.Time {
	var last time.Time
	for _, chain := range chains {
		ends := chain[0].NotAfter
		for _, above := range chain[1:] {
			if above.NotAfter.Before(ends) {
				ends = above.NotAfter
			}
		}
		if ends.After(last) {
			last = ends
		}
	}
	return last
}

// verify is what crypto/tls does with a chain where verification is on.
func (p *prober) verify(c *client, chain []*x509.Certificate) ([][]*x509.Certificate, error) {
	above := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		above.AddCert(certificate)
	}
	return chain[0].Verify(x509.VerifyOptions{
		DNSName:       c.url("/").Hostname(),
		Roots:         c.strict.TLSClientConfig.RootCAs,
		Intermediates: above,
		CurrentTime:   p.now(),
	})
}

// isTLSFailure reports whether an error came out of a handshake with the host.
func isTLSFailure(err error) bool {
	switch causeOf(err) {
	case causeUnknownAuthority, causeNameMismatch, causeNoIPSAN, causeExpired, causeServerIsHTTP, causeHandshakeTimeout, causeReset:
		return true
	}
	return false
}
