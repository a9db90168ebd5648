package probe

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Most registries want a token even of those to whom they give everything.
func TestATokenForAnybodyIsFetchedAndUsed(t *testing.T) {
	ca := newIssuer(t)
	digest := digestOf([]byte(manifest), "sha256")
	// What the token service was asked, and what it answers.
	type service struct {
		status int
		body   string
	}
	gives := service{200, `{"token":"` + issued + `"}`}
	tests := []struct {
		name, why string
		transport string
		// realm is "self", or "other" for a second server on another host.
		realm   string
		service service
		// then is what the manifest's request gets with the token; nil: 200.
		then   http.Handler
		step   string
		status Status
		cause  string
		detail string
	}{
		{name: "from itself", why: "as Harbor and Quay do", transport: "https", realm: "self", service: gives, step: stepManifest, status: OK, detail: digest},
		{name: "from itself over plain HTTP", why: "it is nobody's credential", transport: "http", realm: "self", service: gives, step: stepManifest, status: OK, detail: digest},
		{name: "from another host", why: "without a credential nobody has to list it", transport: "https", realm: "other", service: gives, step: stepManifest, status: OK, detail: digest},
		{name: "access_token", why: "some services call it so", transport: "https", realm: "self", service: service{200, `{"access_token":"` + issued + `"}`}, step: stepManifest, status: OK, detail: digest},
		{name: "401", why: "anybody is not enough", transport: "https", realm: "self", service: service{401, ""}, step: stepToken, status: Failed, cause: causeNoCredentials, detail: "401 Unauthorized"},
		{name: "403", why: "an address list", transport: "https", realm: "self", service: service{403, ""}, step: stepToken, status: Failed, cause: causeForbidden, detail: "403 Forbidden"},
		{name: "404", why: "there is no such service; no image is missing", transport: "https", realm: "self", service: service{404, ""}, step: stepToken, status: Failed, cause: causeUnknown, detail: "404 Not Found"},
		{name: "429", why: "too many asked", transport: "https", realm: "self", service: service{429, ""}, step: stepToken, status: Failed, cause: causeRateLimited, detail: "429"},
		{name: "503", why: "it is down", transport: "https", realm: "self", service: service{503, ""}, step: stepToken, status: Failed, cause: causeServerError, detail: "503"},
		{name: "no token", why: "200 without one", transport: "https", realm: "self", service: service{200, `{"secret":"` + issued + `"}`}, step: stepToken, status: Failed, cause: causeUnknown, detail: "gives no token"},
		{name: "a page", why: "a login page", transport: "https", realm: "self", service: service{200, "<html>" + issued}, step: stepToken, status: Failed, cause: causeUnknown, detail: "gives no token"},
		{name: "not enough", why: "the token is good for other repositories", transport: "https", realm: "self", service: gives,
			then: answers(401, "", "WWW-Authenticate", `Bearer realm="https://x.example.com/t",error="insufficient_scope"`), step: stepManifest, status: Failed, cause: causeAccessDenied, detail: "401 Unauthorized"},
		{name: "refused all the same", why: "401 without a reason", transport: "https", realm: "self", service: gives,
			then: answers(401, ""), step: stepManifest, status: Failed, cause: causeUnauthorized, detail: "401 Unauthorized"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			asked := &witness{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/token" {
					return
				}
				if got := r.URL.Query()["scope"]; len(got) != 1 || got[0] != "repository:a/b:pull" || r.URL.Query().Get("service") != "registry" {
					t.Errorf("the token service was asked for %v", r.URL.Query())
				}
				w.WriteHeader(test.service.status)
				io.WriteString(w, test.service.body)
			})}
			then := test.then
			if then == nil {
				then = behind(answers(200, "", "Docker-Content-Digest", digest))
			}
			other := "https://127.0.0.1:" + serve(t, ca.issue(t, nil), asked) + "/token"
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				realm := other
				if test.realm == "self" {
					realm = test.transport + "://" + r.Host + "/token"
				}
				switch {
				case r.URL.Path == "/token":
					asked.ServeHTTP(w, r)
				case r.Header.Get("Authorization") == "Bearer "+issued:
					then.ServeHTTP(w, r)
				default:
					w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="registry",scope="repository:other:pull"`)
					w.WriteHeader(401)
				}
			})
			certificate := ca.issue(t, nil)
			if test.transport == "http" {
				certificate = nil
			}
			// The other host is named, so that the dialer lets it through.
			set := setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - {name: quay, source: quay.io, mirror: "MIRROR", transport: TRANSPORT}
  registries:
  - {host: "OTHER"}
`, "MIRROR", "localhost:"+serve(t, certificate, handler), "TRANSPORT", test.transport, "OTHER", strings.TrimSuffix(strings.TrimPrefix(other, "https://"), "/token"))
			report := runProbe(t, set, Options{Images: []string{"quay.io/a/b:1"}, Roots: ca.pool()})
			got := step(t, report.Images[0].Asked[0].Steps, test.step)
			if got.Status != test.status || got.Cause != test.cause || !strings.Contains(got.Detail, test.detail) {
				t.Errorf("%s: got %s %q %q, want %s %q and %q in it", test.why, got.Status, got.Cause, got.Detail, test.status, test.cause, test.detail)
			}
			if sent := asked.got(); len(sent) > 0 {
				t.Errorf("the token service was sent %v", sent)
			}
			if found := secretsIn(everything(t, report)); len(found) > 0 {
				t.Errorf("the output holds %q", found)
			}
		})
	}
}

func TestARealmIsKnownByItsHost(t *testing.T) {
	p := &prober{realms: map[string]bool{"auth.example.com": true, "port.example.com:8443": true}}
	tests := []struct {
		mirror, realm string
		known         bool
	}{
		{"cr.example.com", "https://auth.example.com/token", true},
		{"cr.example.com", "https://auth.example.com:8443/token", true},
		{"cr.example.com", "https://AUTH.example.com/token", true},
		{"cr.example.com", "https://port.example.com:8443/token", true},
		{"cr.example.com", "https://port.example.com/token", false},
		{"cr.example.com", "https://auth.example.com.evil.com/token", false},
		{"cr.example.com", "https://evil.com/auth.example.com", false},
		{hubHost, "https://auth.docker.io/token", true},
		{"cr.example.com", "https://auth.docker.io/token", false},
		{hubHost, "https://auth.docker.io.evil.com/token", false},
		{hubHost, "https://auth.docker.io:8443/token", false},
	}
	for _, test := range tests {
		realm, err := url.Parse(test.realm)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.isRealm(&client{scheme: "https", host: test.mirror}, realm); got != test.known {
			t.Errorf("%s for %s: known %v, want %v", test.realm, test.mirror, got, test.known)
		}
	}
}
