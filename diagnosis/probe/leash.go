package probe

import (
	"net/http"
)

// A leash is the last look at every request that leaves, redirected ones and
// those of the token exchange included: whoever asks for it, a credential goes to
// one host only, and nothing goes where the guard refuses.
type leash struct {
	next http.RoundTripper
	// loopback is the dialer's.
	loopback map[string]bool
	// authority is the host:port that may be given an Authorization header or a body.
	authority string
	// only refuses every other host, with or without a credential.
	only bool
	// plain lets an Authorization header go over plain HTTP: it is a token that
	// was given to nobody in particular.
	plain bool
}

// RoundTrip refuses, or passes the request on.
func (l *leash) RoundTrip(request *http.Request) (*http.Response, error) {
	refuse := func(r *refusal) (*http.Response, error) {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, r
	}
	if r := refusedURL(request.URL, l.loopback); r != nil {
		return refuse(r)
	}
	elsewhere := authority(request.URL) != l.authority
	carries := request.Header.Get("Authorization") != "" || request.Body != nil && request.Body != http.NoBody
	switch {
	case elsewhere && (l.only || carries):
		return refuse(&refusal{cause: causeNoCredentials, why: textElsewhere, what: []any{hostText(request.URL)}})
	case carries && request.URL.Scheme != "https" && !l.plain:
		return refuse(&refusal{cause: causeNoCredentials, why: textPlainCredentials})
	}
	return l.next.RoundTrip(request)
}
