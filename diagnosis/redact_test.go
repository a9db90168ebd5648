package diagnosis

import (
	"encoding/json"
	"strings"
	"testing"
)

// secret is what no output may hold; it is long enough to be a token.
const secret = "S3CR3TS3CR3TS3CR3TS3CR3T"

func TestSecretsAreNotRepeated(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"user and password", `Get "https://user:` + secret + `@r.example/v2/": EOF`, `Get "https://***@r.example/v2/": EOF`},
		{"a token as the user", "Get https://" + secret + "@r.example:5000/v2/: EOF", "Get https://***@r.example:5000/v2/: EOF"},
		{"an at sign in the password", "http://user:a@" + secret + "@r.example/", "http://***@r.example/"},
		{"a slash in the password", "https://user:a/" + secret + "@r.example/v2/", "https://***@r.example/v2/"},
		{"a proxy's", "HTTPS_PROXY=http://user:" + secret + "@10.0.0.8:3128 proxyconnect tcp", "HTTPS_PROXY=http://***@10.0.0.8:3128 proxyconnect tcp"},
		{"slashes that JSON escapes", `{"url":"https:\/\/user:` + secret + `@r.example\/v2\/"}`, `{"url":"https:\/\/***@r.example\/v2\/"}`},
		{"another scheme", "registry://user:" + secret + "@r.example", "registry://***@r.example"},
		{"Amazon's signature", "Get https://s3.example/b?X-Amz-Algorithm=AWS4&X-Amz-Signature=" + secret + "&X-Amz-Date=1: 403 Forbidden", "Get https://s3.example/b?***: 403 Forbidden"},
		{"Docker Hub's", `Get "https://production.cloudflare.docker.com/b/data?verify=1-` + secret + `%3D": dial tcp`, `Get "https://production.cloudflare.docker.com/b/data?***": dial tcp`},
		{"CloudFront's", "https://c.example/data?Expires=1&Signature=" + secret + "&Key-Pair-Id=APK: EOF", "https://c.example/data?***: EOF"},
		{"Azure's", "https://a.example/c?se=2024&sig=" + secret + "%3D&sp=r, EOF", "https://a.example/c?***, EOF"},
		{"JSON's ampersand", `"https://a.example/c?se=2024\u0026sig=` + secret + `\u0026sp=r"`, `"https://a.example/c?***"`},
		{"HTML's ampersand", "https://a.example/c?se=2024&amp;sig=" + secret, "https://a.example/c?***"},
		{"Chinese behind it", "https://a.example/c?sig=" + secret + "，请重试", "https://a.example/c?***，请重试"},
		{"a query that a terminal wrapped", "https://a.example/c?sig=abc%3D\n" + secret + "%3D&sp=r: EOF", "https://a.example/c?***: EOF"},
		{"a query that was wrapped before the signature", "https://a.example/c?se\n=2019&sig=" + secret + "&sp=r: EOF", "https://a.example/c?se\n=2019&sig=***&sp=r: EOF"},
		{"a token in the query", "https://r.example/v2/a/blobs/x?token=" + secret, "https://r.example/v2/a/blobs/x?***"},
		{"Basic", "Authorization: Basic " + secret + "==", "Authorization: Basic ***"},
		{"Basic in curl", `curl -H "Authorization: Basic ` + secret + `" https://r.example/v2/`, `curl -H "Authorization: Basic ***" https://r.example/v2/`},
		{"short Basic", "authorization: basic YTpi", "authorization: basic ***"},
		{"a proxy's header", "Proxy-Authorization: Basic " + secret, "Proxy-Authorization: Basic ***"},
		{"Go's header", "map[Accept:[*/*] Authorization:[Bearer " + secret + "] User-Agent:[c]]", "map[Accept:[*/*] Authorization:[Bearer ***] User-Agent:[c]]"},
		{"JSON's header", `{\"Authorization\":[\"Bearer ` + secret + `\"]}`, `{\"Authorization\":[\"Bearer ***\"]}`},
		{"Amazon's header", "Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=" + secret + "\nHost: a", "Authorization: AWS4-HMAC-SHA256 ***\nHost: a"},
		{"Bearer without a header", "using Bearer " + secret + " for r.example", "using Bearer *** for r.example"},
		{"a JSON Web Token", "token eyJhbGciOiJS.eyJpc3MiOiJo." + secret + " expired", "token *** expired"},
		{"Docker's configuration", `{"auths":{"r.example":{"auth":"` + secret + `"}}}`, `{"auths":{"r.example":{"auth":"***"}}}`},
		{"in quotes within quotes", `msg="{\"password\": \"` + secret + `\"}"`, `msg="{\"password\": \"***\"}"`},
		{"an identity token", "identitytoken=" + secret + ", next", "identitytoken=***, next"},
		{"kubectl's option", "--docker-password=" + secret + " -n shop", "--docker-password=*** -n shop"},
		{"an option with a blank", "skopeo copy --src-creds user:" + secret + " docker://a", "skopeo copy --src-creds *** docker://a"},
		{"Docker's API", "X-Registry-Auth: " + secret, "X-Registry-Auth: ***"},
	} {
		got := Redact(row.text)
		if got != row.want {
			t.Errorf("%s: %q\nbecomes %q\nwant    %q", row.why, row.text, got, row.want)
		}
		if again := Redact(got); again != got {
			t.Errorf("%s: %q becomes %q the second time", row.why, got, again)
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, row := range []struct{ why, text string }{
		{"nothing", ""},
		{"a challenge", `Www-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"`},
		{"the words of a wrapper", "authorization failed: no basic auth credentials"},
		{"a long word behind basic", "error authorizing context: basic authentication challenge for realm"},
		{"what the token is not", "failed to fetch bearer token: unexpected status"},
		{"a token that is spoken of", "authorization: token has expired"},
		{"a mirror's query", "https://m.example/v2/library/nginx/manifests/1?ns=docker.io: 403 Forbidden"},
		{"a token server's query", "https://auth.docker.io/token?scope=repository%3Alibrary%2Fnginx%3Apull&service=registry.docker.io"},
		{"a digest", "docker://quay.io/a/b@sha256:0123: EOF"},
		{"a tag and a digest", "docker://nginx:1.27@sha256:0123: EOF"},
		{"a port", "https://r.example:5000/v2/a@sha256:0123"},
		{"an e-mail address in a path", "https://r.example/users/a@b.example"},
		{"git's user", "ssh://git@github.com/a/b"},
		{"a flag", "podman pull --tls-verify=false r.example/a"},
		{"a comparison", "level=error msg=x sig=9"},
		{"what was hidden already", "https://***@r.example/v2/a?***"},
		{"bytes that are no UTF-8", "\xff\xfe https://\xff@"[:11]},
	} {
		if got := Redact(row.text); got != row.text {
			t.Errorf("%s: %q becomes %q", row.why, row.text, got)
		}
	}
}

// The whole of what is printed, in both forms, by every way into it.
func TestNoOutputHoldsASecretOfTheMessage(t *testing.T) {
	const pull = `Failed to pull image "https://user:` + secret + `@r.example/a:1": Get "https://user:` + secret + `@r.example/v2/a/blobs/x?X-Amz-Signature=` + secret + `": dial tcp 10.0.0.1:443: i/o timeout`
	for _, row := range []struct {
		why  string
		item Item
	}{
		{"a failed pull", Item{Message: pull}},
		{"an image that is no reference", Item{Message: `Failed to apply default image tag "https://user:` + secret + `@r.example/a:1": couldn't parse image reference "https://user:` + secret + `@r.example/a:1": invalid reference format`}},
		{"a password with a slash, which resembles a host", Item{Message: `Head "https://user:a/` + secret + `@r.example/v2/": x509: certificate signed by unknown authority`}},
		{"mirrors", Item{Message: "(Mirrors also failed: [m.example/a:1: Get https://user:" + secret + "@m.example/v2/: EOF]): r.example/a:1: manifest unknown"}},
		{"a proxy", Item{Message: `Head "https://r.example/v2/": proxyconnect tcp: dial tcp 10.0.0.8:3128: connect: connection refused (http://user:` + secret + `@10.0.0.8:3128)`}},
		{"no failure", Item{Message: "curl -H 'Authorization: Basic " + secret + "' https://r.example/v2/"}},
		{"a reason of something else", Item{Message: pull, Reason: "FailedMount"}},
		{"a reason that makes it one", Item{Message: "https://user:" + secret + "@r.example", Reason: "ErrImagePull"}},
		{"the image of the Pod", Item{Message: "ErrImagePull", Image: "https://user:" + secret + "@r.example/a:1"}},
	} {
		f := row.item.Diagnose(English)
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var console strings.Builder
		if err := (Report{Finding: f, Count: 1}).WriteConsole(&console, Chinese); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data)+console.String(), "S3CR3T") {
			t.Errorf("%s: %s\n%s", row.why, data, console.String())
		}
	}
}

func TestASecretDoesNotChangeTheFinding(t *testing.T) {
	plain := Diagnose(`Get "https://r.example:5000/v2/a/manifests/1": 403 Forbidden`, English)
	withUser := Diagnose(`Get "https://user:pass@r.example:5000/v2/a/manifests/1": 403 Forbidden`, English)
	withUser.Message = plain.Message
	if plain.Cause != "forbidden" || plain.Host != "r.example:5000" || plain.Image != "r.example:5000/a:1" || !equalJSON(t, plain, withUser) {
		t.Errorf("%+v\n%+v", plain, withUser)
	}
}

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(other)
}

// FuzzRedact states that redacting twice is redacting once, that a secret in
// each of the usual places is hidden whatever stands around it.
func FuzzRedact(f *testing.F) {
	for _, name := range []string{"testdata/field.jsonl", "testdata/blind.jsonl"} {
		for _, l := range readLabelled(f, name) {
			f.Add(l.Message)
		}
	}
	for _, seed := range []string{"", "?sig=", "&sig=\n&sig=", "https://@", "://:@/", "Authorization:", "\"auth\":\"", "eyJ..", "\\u0026sig=a", "a?b=c\r\n d&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := Redact(text)
		if again := Redact(once); again != once {
			t.Fatalf("%q: %q, then %q", text, once, again)
		}
		if strings.Contains(text, "S3CR3T") {
			return
		}
		for _, place := range []string{
			"\nGet \"https://user:" + secret + "@r.example/v2/\": ",
			"\nGet \"https://r.example/v2/a/blobs/x?a=1&X-Amz-Signature=" + secret + "&b=2\": ",
			"\nAuthorization: Bearer " + secret + "\n",
		} {
			if got := Redact(text + place + text); strings.Contains(got, "S3CR3T") {
				t.Fatalf("%q: %q", text+place+text, got)
			}
		}
	})
}
