package probe

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnEntryIsFoundAsTheKubeletFindsIt(t *testing.T) {
	auth := func(name string) string {
		return `{"auth":"` + base64.StdEncoding.EncodeToString([]byte("user:"+name)) + `"}`
	}
	tests := []struct {
		name             string
		keys             []string
		host, repository string
		want             string // the key that decides; empty: none
	}{
		{"host", []string{"cr.example.com"}, "cr.example.com", "a/b", "cr.example.com"},
		{"another host", []string{"cr.example.com"}, "example.com", "a", ""},
		{"look-alike", []string{"cr.example.com"}, "cr.example.com.evil.com", "a", ""},
		{"case", []string{"CR.example.com"}, "cr.example.com", "a", "CR.example.com"},
		{"port", []string{"cr.example.com:5000"}, "cr.example.com:5000", "a", "cr.example.com:5000"},
		{"another port", []string{"cr.example.com:5000"}, "cr.example.com:5001", "a", ""},
		{"port missing", []string{"cr.example.com"}, "cr.example.com:5000", "a", ""},
		{"default port", []string{"cr.example.com:443"}, "cr.example.com", "a", "cr.example.com:443"},
		{"URL", []string{"https://cr.example.com"}, "cr.example.com", "a", "https://cr.example.com"},
		{"URL with v2", []string{"https://cr.example.com/v2/"}, "cr.example.com", "a", "https://cr.example.com/v2/"},
		{"Docker Hub as docker login writes it", []string{"https://index.docker.io/v1/"}, hubHost, "library/nginx", "https://index.docker.io/v1/"},
		{"Docker Hub by its short name", []string{"docker.io"}, hubHost, "library/nginx", "docker.io"},
		{"path", []string{"cr.example.com/team"}, "cr.example.com", "team/app", "cr.example.com/team"},
		{"path itself", []string{"cr.example.com/team"}, "cr.example.com", "team", "cr.example.com/team"},
		{"path at a boundary", []string{"cr.example.com/team"}, "cr.example.com", "team2/app", ""},
		{"longer path first", []string{"cr.example.com", "cr.example.com/team/app", "cr.example.com/team"}, "cr.example.com", "team/app/x", "cr.example.com/team/app"},
		{"star", []string{"*.example.com"}, "cr.example.com", "a", "*.example.com"},
		{"star is one part", []string{"*.example.com"}, "a.b.example.com", "a", ""},
		{"star is no dot", []string{"*.com"}, "example.evil.com", "a", ""},
		{"star within a part", []string{"cr-*.example.com"}, "cr-1.example.com", "a", "cr-*.example.com"},
		{"written out before star", []string{"*.example.com", "cr.example.com"}, "cr.example.com", "a", "cr.example.com"},
		{"IPv6", []string{"[2001:db8::1]:5000"}, "[2001:db8::1]:5000", "a", "[2001:db8::1]:5000"},
		{"broken pattern", []string{"[.example.com"}, "cr.example.com", "a", ""},
	}
	for _, test := range tests {
		var entries []string
		for _, key := range test.keys {
			entries = append(entries, fmt.Sprintf("%q:%s", key, auth(key)))
		}
		config, err := parseDockerConfig("config.json", []byte(`{"auths":{`+strings.Join(entries, ",")+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if e := config.find(test.host, test.repository); e != nil {
			got = e.credential.password
		}
		if got != test.want {
			t.Errorf("%s: %s/%s is decided by %q, want %q", test.name, test.host, test.repository, got, test.want)
		}
	}
}

func TestADockerConfigIsReadInEveryForm(t *testing.T) {
	tests := []struct{ name, entry, user, password, identity string }{
		{"auth", `{"auth":"dXNlcjpwYXNz"}`, "user", "pass", ""},
		{"auth without padding", `{"auth":"dXNlcjpwYXNzdw"}`, "user", "passw", ""},
		{"password with a colon", `{"auth":"dXNlcjphOmI="}`, "user", "a:b", ""},
		{"user and password", `{"username":"user","password":"pass"}`, "user", "pass", ""},
		{"auth before user and password", `{"auth":"dXNlcjpwYXNz","username":"u","password":"p"}`, "user", "pass", ""},
		{"identity token", `{"auth":"PHRva2VuPjo=","identitytoken":"abc"}`, "<token>", "", "abc"},
	}
	for _, test := range tests {
		config, err := parseDockerConfig("c", []byte(`{"auths":{"h.example.com":`+test.entry+`}}`))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		c := config.entries[0].credential
		if c.username != test.user || c.password != test.password || c.identityToken != test.identity {
			t.Errorf("%s: got %q %q %q", test.name, c.username, c.password, c.identityToken)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(text, "pass") {
			t.Errorf("%s: a credential prints as %s", test.name, text)
		}
	}
}

func TestAConfigThatIsNoneIsRefusedWithoutItsContent(t *testing.T) {
	secret := "hunter22"
	tests := []struct{ name, text, want string }{
		{"no JSON", secret, "c.json: is no docker config"},
		{"another JSON", `{"kind":"Secret","data":{".dockerconfigjson":"` + secret + `"}}`, "c.json: holds no auths; name a docker config.json, or the .dockerconfigjson of a Secret, decoded"},
		{"a list", `["` + secret + `"]`, "is no docker config"},
		{"wrong type", `{"auths":"` + secret + `"}`, "is no docker config"},
		{"no base64", `{"auths":{"h.example.com":{"auth":"` + secret + `!"}}}`, "c.json: auths[h.example.com]: auth is no base64 of username:password"},
		{"no colon", `{"auths":{"h.example.com":{"auth":"` + base64.StdEncoding.EncodeToString([]byte(secret)) + `"}}}`, "auths[h.example.com]: auth is no base64 of username:password"},
		{"nothing in it", `{"auths":{"h.example.com":{}}}`, "auths[h.example.com]: holds no credential; write auth, or username and password"},
		{"user in the key", `{"auths":{"https://u:` + secret + `@h.example.com":{}}}`, "auths[h.example.com]: holds no credential"},
		{"two at once", `{"auths":{"b.example.com":{},"a.example.com":{}}}`, "auths[a.example.com]: holds no credential; write auth, or username and password\nc.json: auths[b.example.com]"},
	}
	for _, test := range tests {
		_, err := parseDockerConfig("c.json", []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", test.name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error repeats the secret: %v", test.name, err)
		}
	}
}

func TestAConfigFileIsARegularFileOfABoundedSize(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.json")
	if err := os.WriteFile(big, make([]byte, maxConfig+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dir: "is no regular file", big: "has more than 1048576 bytes", filepath.Join(dir, "none"): "no such file",
	} {
		if _, err := ReadDockerConfig(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", filepath.Base(name), err, want)
		}
	}
}

// A credential that another program keeps is neither fetched nor passed over.
func TestACredentialHelperIsRefusedWhereItsCredentialIsNeeded(t *testing.T) {
	host := "127.0.0.1:" + serve(t, nil, answers(200, "{}"))
	tests := []struct {
		name, config string
		refused      bool
	}{
		{"helper of this host", `{"credHelpers":{"HOST":"ecr-login"}}`, true},
		{"helper of another", `{"credHelpers":{"other.example.com":"ecr-login"}}`, false},
		{"helper beside a credential", `{"auths":{"HOST":{"auth":"dTpw"}},"credHelpers":{"HOST":"ecr-login"}}`, true},
		{"store of this host", `{"auths":{"HOST":{}},"credsStore":"desktop"}`, true},
		{"store of another", `{"auths":{"other.example.com":{}},"credsStore":"desktop"}`, false},
		{"store beside a credential", `{"auths":{"HOST":{"auth":"dTpw"}},"credsStore":"desktop"}`, false},
		{"store alone", `{"credsStore":"desktop"}`, false},
		{"helper of an image's path", `{"credHelpers":{"HOST/a":"ecr-login"}}`, true},
	}
	for _, test := range tests {
		config, err := parseDockerConfig("config.json", []byte(strings.ReplaceAll(test.config, "HOST", host)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = tryProbe(t, oneMirror(t, host, "http"), Options{Config: config, Images: []string{"quay.io/a/b"}})
		if (err != nil) != test.refused {
			t.Errorf("%s: error %v, want one: %v", test.name, err, test.refused)
		}
		if err != nil && !strings.Contains(err.Error(), "config.json: the credential of "+host+" is kept by docker-credential-") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
