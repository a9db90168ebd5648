package probe

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const (
	user     = "robot$pull"
	password = "correct/horse+battery"
	issued   = "eyToken.that-was.issued"
	identity = "identity-token-of-the-user"
)

var basicHeader = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))

// configFor holds the credential for a host.
func configFor(t *testing.T, host string) *DockerConfig {
	t.Helper()
	config, err := parseDockerConfig("config.json", []byte(`{"auths":{"`+host+`":{"auth":"`+strings.TrimPrefix(basicHeader, "Basic ")+`"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// wantsPassword is a registry behind a password.
func wantsPassword(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != basicHeader {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(401)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// wantsToken is a registry behind a token, which its realm hands out; ask says
// what the realm's URL is, once it is known.
func wantsToken(realm *string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			handsOut().ServeHTTP(w, r)
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+issued {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+*realm+`",service="registry"`)
			w.WriteHeader(401)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// handsOut is a token service that takes the credential and nothing else.
func handsOut() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		if r.Header.Get("Authorization") != basicHeader && r.Form.Get("refresh_token") != identity {
			w.WriteHeader(401)
			io.WriteString(w, `{"details":"incorrect username or password"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"token":"`+issued+`","access_token":"`+issued+`"}`)
	})
}

// everything is all that a report prints, in every form.
func everything(t *testing.T, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	for _, lang := range []language{"en", "zh"} {
		if err := WriteConsole(&out, r, lang); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteJSON(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// secretsIn names the secrets that a text holds.
func secretsIn(text string) []string {
	var found []string
	for _, secret := range []string{
		password, strings.TrimPrefix(basicHeader, "Basic "), issued, identity, url.QueryEscape(password),
		base64.StdEncoding.EncodeToString([]byte(password)),
	} {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

// given is one mirror behind TLS, what it and another server were sent, and what
// came of it.
type given struct {
	mirror, other *witness
	report        *Report
}

func TestCredentialsGoWhereTheyMayAndNowhereElse(t *testing.T) {
	ca := newIssuer(t)
	digest := digestOf([]byte(manifest), "sha256")
	held := func() http.Handler { return behind(answers(200, "", "Docker-Content-Digest", digest)) }
	tests := []struct {
		name, why string
		// mirror makes the mirror's handler; other is https://HOST:PORT of a second
		// server that the MirrorSet names too.
		mirror func(self, other *string) http.Handler
		other  http.Handler
		// otherHost is localhost, as the mirror is, or 127.0.0.1, which is another host.
		otherHost string
		otherTLS  bool
		transport string // https where empty
		realms    func(other string) []string
		config    func(host string) *DockerConfig
		// login is the credentials step; image is the manifest's or the token's.
		login Status
		cause string
		image Status
		// mirrorGot and otherGot are what may be among the headers and bodies of the
		// two; anything else fails.
		mirrorGot, otherGot []string
	}{
		{name: "password", why: "the mirror's own host, over TLS",
			mirror: func(_, _ *string) http.Handler { return wantsPassword(held()) },
			login:  OK, image: OK, mirrorGot: []string{basicHeader}},
		{name: "password not asked for", why: "it stays at home",
			mirror: func(_, _ *string) http.Handler { return held() },
			login:  Skipped, image: OK},
		{name: "token from the mirror itself", why: "same host and port",
			mirror: func(self, _ *string) http.Handler {
				realm := new(string)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					*realm = *self + "/token"
					wantsToken(realm, held()).ServeHTTP(w, r)
				})
			},
			login: OK, image: OK, mirrorGot: []string{basicHeader, "Bearer " + issued}},
		{name: "token from another port of the host", why: "GitLab's registry and its realm share a host",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "localhost", otherTLS: true,
			login: OK, image: OK, mirrorGot: []string{"Bearer " + issued}, otherGot: []string{basicHeader}},
		{name: "hostile realm", why: "another host, which nobody listed, gets nothing",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1", otherTLS: true,
			login: Failed, cause: causeNoCredentials, image: Failed},
		{name: "listed realm", why: "another host, which the user vouches for",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1", otherTLS: true,
			realms: func(other string) []string { return []string{strings.TrimPrefix(other, "https://")} },
			login:  OK, image: OK, mirrorGot: []string{"Bearer " + issued}, otherGot: []string{basicHeader}},
		{name: "listed realm without its port", why: "a host stands for its ports",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1", otherTLS: true,
			realms: func(string) []string { return []string{"127.0.0.1"} },
			login:  OK, image: OK, mirrorGot: []string{"Bearer " + issued}, otherGot: []string{basicHeader}},
		{name: "another realm is listed", why: "a list is no licence for the rest",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1", otherTLS: true,
			realms: func(string) []string { return []string{"auth.example.com"} },
			login:  Failed, cause: causeNoCredentials, image: Failed},
		{name: "realm over plain HTTP", why: "not even where it is listed",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1",
			realms: func(string) []string { return []string{"127.0.0.1"} },
			login:  Failed, cause: causeUnauthorized, image: Failed},
		{name: "mirror over plain HTTP", why: "a password that anybody may read on the way",
			mirror: func(_, _ *string) http.Handler { return wantsPassword(held()) }, transport: "http",
			login: Warning, cause: causeNoCredentials, image: Failed},
		{name: "skipped verification at a listed realm", why: "the MirrorSet skips it for the mirror, not for the realm",
			mirror: func(_, other *string) http.Handler { return lazyToken(other, held()) }, other: handsOut(), otherHost: "127.0.0.1", otherTLS: true,
			transport: "https-skip-verify", realms: func(string) []string { return []string{"127.0.0.1"} },
			login: Failed, cause: causeUnknownAuthority, image: Failed},
		{name: "redirect to another port of the same host", why: "Go's client would take the header along",
			mirror: func(_, other *string) http.Handler { return wantsPassword(behind(lazyRedirect(other))) }, other: held(), otherHost: "localhost", otherTLS: true,
			login: OK, image: OK, mirrorGot: []string{basicHeader}},
		{name: "redirect to another host", why: "a store of layers has URLs of its own",
			mirror: func(_, other *string) http.Handler { return wantsPassword(behind(lazyRedirect(other))) },
			other:  answers(200, "", "Docker-Content-Digest", digest), otherHost: "127.0.0.1", otherTLS: true,
			login: OK, image: OK, mirrorGot: []string{basicHeader}},
		{name: "redirect to plain HTTP", why: "followed, as a runtime does, with nothing in hand",
			mirror: func(_, other *string) http.Handler { return wantsPassword(behind(lazyRedirect(other))) },
			other:  answers(200, "", "Docker-Content-Digest", digest), otherHost: "localhost",
			login: OK, image: OK, mirrorGot: []string{basicHeader}},
		{name: "redirect with a user in it", why: "a server's own password is not sent on for it",
			mirror: func(_, other *string) http.Handler {
				return wantsPassword(behind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, strings.Replace(*other, "://", "://"+url.UserPassword("u", "p").String()+"@", 1), http.StatusFound)
				})))
			},
			other: answers(200, "", "Docker-Content-Digest", digest), otherHost: "localhost", otherTLS: true,
			login: OK, image: OK, mirrorGot: []string{basicHeader}},
		{name: "redirect of the login", why: "the second /v2/ goes elsewhere",
			mirror: func(_, other *string) http.Handler { return wantsPassword(lazyRedirect(other)) },
			other:  answers(403, ""), otherHost: "localhost", otherTLS: true,
			login: Failed, cause: causeForbidden, image: Failed, mirrorGot: []string{basicHeader}},
		{name: "realm that redirects", why: "a token request is followed nowhere",
			mirror: func(self, other *string) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" {
						http.Redirect(w, r, *other+"/token", http.StatusTemporaryRedirect)
						return
					}
					realm := *self + "/token"
					wantsToken(&realm, held()).ServeHTTP(w, r)
				})
			}, other: handsOut(), otherHost: "localhost", otherTLS: true,
			login: Failed, cause: causeNoCredentials, image: Failed, mirrorGot: []string{basicHeader}},
		{name: "identity token", why: "it goes in a body, to the realm alone",
			mirror: func(self, _ *string) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					realm := *self + "/token"
					wantsToken(&realm, held()).ServeHTTP(w, r)
				})
			},
			config: func(host string) *DockerConfig {
				return &DockerConfig{entries: []entry{{host: host, credential: &Credential{username: "<token>", identityToken: identity}}}}
			},
			login: OK, image: OK, mirrorGot: []string{"refresh_token=" + identity, "Bearer " + issued}},
		{name: "identity token and a realm that redirects", why: "307 repeats the body",
			mirror: func(self, other *string) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" {
						http.Redirect(w, r, *other+"/token", http.StatusTemporaryRedirect)
						return
					}
					realm := *self + "/token"
					wantsToken(&realm, held()).ServeHTTP(w, r)
				})
			}, other: handsOut(), otherHost: "localhost", otherTLS: true,
			config: func(host string) *DockerConfig {
				return &DockerConfig{entries: []entry{{host: host, credential: &Credential{username: "<token>", identityToken: identity}}}}
			},
			login: Failed, cause: causeNoCredentials, image: Failed, mirrorGot: []string{"refresh_token=" + identity}},
		{name: "identity token for a password", why: "there is none to give",
			mirror: func(_, _ *string) http.Handler { return wantsPassword(held()) },
			config: func(host string) *DockerConfig {
				return &DockerConfig{entries: []entry{{host: host, credential: &Credential{username: "<token>", identityToken: identity}}}}
			},
			login: Failed, cause: causeNoCredentials, image: Failed},
		{name: "wrong password", why: "401 once more",
			mirror: func(_, _ *string) http.Handler { return wantsPassword(held()) },
			config: func(host string) *DockerConfig {
				return &DockerConfig{entries: []entry{{host: host, credential: &Credential{username: user, password: "wrong"}}}}
			},
			login: Failed, cause: causeUnauthorized, image: Failed, mirrorGot: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":wrong"))}},
		{name: "wrong password at a realm", why: "the token service says so",
			mirror: func(self, _ *string) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					realm := *self + "/token"
					wantsToken(&realm, held()).ServeHTTP(w, r)
				})
			},
			config: func(host string) *DockerConfig {
				return &DockerConfig{entries: []entry{{host: host, credential: &Credential{username: user, password: "wrong"}}}}
			},
			login: Failed, cause: causeUnauthorized, image: Failed, mirrorGot: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":wrong"))}},
		{name: "credential of another host", why: "the config has none for this one",
			mirror: func(_, _ *string) http.Handler { return wantsPassword(held()) },
			config: func(string) *DockerConfig { return configFor(t, "registry.example.com") },
			login:  Skipped, image: Failed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			certificate := ca.issue(t, nil)
			self, elsewhere := new(string), new(string)
			g := given{mirror: &witness{next: test.mirror(self, elsewhere)}, other: &witness{next: test.other}}
			scheme, own := "https", certificate
			if test.transport == "http" {
				scheme, own = "http", nil
			}
			host := "localhost:" + serve(t, own, g.mirror)
			*self = scheme + "://" + host
			second := host
			if test.other != nil {
				scheme, of := "https", certificate
				if !test.otherTLS {
					scheme, of = "http", nil
				}
				second = test.otherHost + ":" + serve(t, of, g.other)
				*elsewhere = scheme + "://" + second
			}
			transport := test.transport
			if transport == "" {
				transport = "https"
			}
			// Both are named, so that what keeps a credential back is never the dialer.
			set := setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - {name: quay, source: quay.io, mirror: "MIRROR", transport: TRANSPORT}
  - {name: other, source: ghcr.io, mirror: "OTHER", transport: TRANSPORT}
`, "MIRROR", host, "OTHER", second, "TRANSPORT", transport)
			o := Options{Images: []string{"quay.io/a/b:1"}, Config: configFor(t, host), Roots: ca.pool()}
			if test.transport == "https-skip-verify" {
				o.Roots = nil
			}
			if test.config != nil {
				o.Config = test.config(host)
			}
			if test.realms != nil {
				o.Realms = test.realms(*elsewhere)
			}
			g.report = runProbe(t, set, o)
			g.check(t, test.why, host, test.login, test.cause, test.image)
			received(t, "the mirror", g.mirror, test.mirrorGot)
			received(t, "the other server", g.other, test.otherGot)
			if found := secretsIn(everything(t, g.report)); len(found) > 0 {
				t.Errorf("the output holds %q", found)
			}
		})
	}
}

// lazyToken is wantsToken whose realm is elsewhere.
func lazyToken(other *string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		realm := *other + "/token"
		wantsToken(&realm, next).ServeHTTP(w, r)
	})
}

func lazyRedirect(other *string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, *other+r.URL.Path, http.StatusTemporaryRedirect)
	})
}

func (g *given) check(t *testing.T, why, host string, login Status, cause string, image Status) {
	t.Helper()
	for _, a := range g.report.Addresses {
		if a.Mirror != "quay" {
			continue
		}
		if got := step(t, a.Steps, stepCredentials); got.Status != login || got.Cause != cause {
			t.Errorf("%s: credentials %s %q %q, want %s %q", why, got.Status, got.Cause, got.Detail, login, cause)
		}
	}
	if got := g.report.Images[0].Asked[0]; got.Status != image {
		t.Errorf("%s: the image at %s is %s, want %s: %+v", why, host, got.Status, image, got.Steps)
	}
}

// received fails where a server was sent what is not among the allowed, and where
// one of the allowed never came.
func received(t *testing.T, who string, w *witness, allowed []string) {
	t.Helper()
	for _, got := range w.got() {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.Contains(got, a) }) {
			t.Errorf("%s was sent %q", who, got)
		}
	}
	for _, a := range allowed {
		if !slices.ContainsFunc(w.got(), func(got string) bool { return strings.Contains(got, a) }) {
			t.Errorf("%s was never sent %q", who, a)
		}
	}
}

// A server may put what it was sent wherever it likes; it does not come out.
func TestACredentialThatAServerEchoesIsNotPrinted(t *testing.T) {
	ca := newIssuer(t)
	secret := strings.TrimPrefix(basicHeader, "Basic ")
	echoes := map[string]http.Handler{
		"header":       answers(401, password, "WWW-Authenticate", `Basic realm="`+secret+`"`, "X-Echo", password),
		"realm":        answers(401, "", "WWW-Authenticate", `Bearer realm="https://`+strings.ToLower(issued)+`.example.com/`+password+`?x=`+secret+`"`),
		"error":        answers(403, `{"errors":[{"code":"DENIED","message":"`+password+` `+secret+` `+issued+`"}]}`),
		"type":         answers(200, password, "Content-Type", password, "Docker-Content-Digest", password),
		"body":         answers(500, password),
		"redirect":     answers(302, "", "Location", "https://"+user+":"+"pass@localhost:1/"+secret+"?token="+issued),
		"bad redirect": answers(302, "", "Location", ":// "+secret),
		"protocol": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
				io.WriteString(c, "HTTP/1.1 "+password+"\r\n"+secret+"\r\n\r\n")
				c.Close()
			}
		}),
	}
	for name, echo := range echoes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The first answer asks for the password; what comes back for it echoes.
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "" && r.URL.Path == "/v2/" {
					w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
					w.WriteHeader(401)
					return
				}
				echo.ServeHTTP(w, r)
			})
			host := "localhost:" + serve(t, ca.issue(t, nil), handler)
			report := runProbe(t, oneMirror(t, host, "https"), Options{Images: []string{"quay.io/a/b:1"}, Config: configFor(t, host), Roots: ca.pool()})
			if found := secretsIn(everything(t, report)); len(found) > 0 {
				t.Errorf("the output holds %q:\n%s", found, everything(t, report))
			}
			if !report.Failed() {
				t.Error("an answer of that kind passed as fine")
			}
		})
	}
}

// The leash would stop it too; it is not even tried.
func TestACredentialIsWithheldFromPlainHTTP(t *testing.T) {
	p := &prober{}
	challenge := challengeOf(&answer{status: 401, header: http.Header{"Www-Authenticate": {`Basic realm="r"`}}})
	got := p.pass(t.Context(), &client{scheme: "http", host: "localhost:5000"}, challenge, &Credential{username: user, password: password}, nil)
	if got.value != "" || got.given || got.withheld == nil {
		t.Errorf("got %+v", got)
	}
}

// The last look at each request, by itself.
func TestTheLeashHolds(t *testing.T) {
	tests := []struct {
		name, url, header, body string
		only, plain             bool
		passes                  bool
	}{
		{name: "credential at home", url: "https://localhost:5000/v2/", header: "Basic x", passes: true},
		{name: "host in capitals", url: "https://LOCALHOST:5000/v2/", header: "Basic x", passes: true},
		{name: "other port", url: "https://localhost:5001/v2/", header: "Basic x"},
		{name: "no port", url: "https://localhost/v2/", header: "Basic x"},
		{name: "subdomain", url: "https://a.localhost:5000/v2/", header: "Basic x"},
		{name: "look-alike", url: "https://localhost.example.com:5000/v2/", header: "Basic x"},
		{name: "plain HTTP", url: "http://localhost:5000/v2/", header: "Basic x"},
		{name: "plain HTTP with a token of everybody's", url: "http://localhost:5000/v2/", header: "Bearer x", plain: true, passes: true},
		{name: "a token elsewhere", url: "http://localhost:5001/v2/", header: "Bearer x", plain: true},
		{name: "body elsewhere", url: "https://example.com/token", body: "refresh_token=x"},
		{name: "body at home", url: "https://localhost:5000/token", body: "refresh_token=x", passes: true},
		{name: "nothing in hand", url: "https://example.com/", passes: true},
		{name: "nothing in hand, and nowhere else to go", url: "https://example.com/", only: true},
	}
	for _, test := range tests {
		reached := false
		l := &leash{authority: "localhost:5000", only: test.only, plain: test.plain, next: transportFunc(func(*http.Request) (*http.Response, error) {
			reached = true
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		request := httptest.NewRequest(http.MethodGet, test.url, nil)
		if test.body != "" {
			request = httptest.NewRequest(http.MethodPost, test.url, strings.NewReader(test.body))
		}
		if test.header != "" {
			request.Header.Set("Authorization", test.header)
		}
		_, err := l.RoundTrip(request)
		if reached != test.passes || (err == nil) != test.passes {
			t.Errorf("%s: sent %v, error %v; want sent %v", test.name, reached, err, test.passes)
		}
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
