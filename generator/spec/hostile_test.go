package spec

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"unicode"

	"mirrorgen.dev/gen/generator/document"
)

// richest is a set that writes every field.
func richest() *MirrorSet {
	selector := func() *Selector {
		return &Selector{MatchLabels: map[string]string{"a.b/c": "d"}, MatchExpressions: []Requirement{{Key: "k", Operator: "In", Values: []string{"v", "w"}}, {Key: "l", Operator: "Exists"}}}
	}
	return &MirrorSet{
		Name: "all", Namespace: "ns", Annotations: map[string]string{"a/b": "any text: {{ here }}"}, Labels: map[string]string{"l": "v"},
		Spec: Spec{
			Mirrors: []Mirror{
				{Name: "one", Source: "quay.io/acme", Aliases: []string{"quay.example.com"}, Mirror: "m.example.com/quay", Fallbacks: []string{"f.example.com:5000/q"},
					Only: []string{"a", "b/c"}, Except: []string{"a/d"}, Transport: "https-skip-verify", CAFile: "certs/ca.crt",
					PullSecret: &PullSecret{Name: "regcred", Namespace: "creds", ServiceAccounts: []string{"default"}, AllNamespaces: true}},
				{Name: "two", Source: "gcr.io", Mirror: "n.example.com/gcr"},
			},
			Registries: []Registry{{Host: "10.0.0.1:5000", Transport: "http"}, {Host: "r.example.com", CAFile: "certs/r.crt"}},
			Scope:      Scope{ExcludeNamespaces: []string{"x"}, IncludeSystemNamespaces: true, NamespaceSelector: selector(), PodSelector: selector()},
			Rewrite:    Rewrite{FailurePolicy: "Fail"},
			Constraint: Constraint{Enforcement: "warn", FailurePolicy: "Fail", HonourPodSelector: true, AllowRegistries: []string{"r.example.com/a"}},
			Nodes:      Nodes{OnUnsupported: "skip", FallbackToUpstream: new(bool)},
			Serverless: []string{"tencent-eks"},
		},
	}
}

// A leaf is one string of an object: its path and how to replace it.
type leaf struct {
	path    string
	replace func(text string)
}

func leaves(v any, path string, replace func(any)) []leaf {
	var all []leaf
	switch v := v.(type) {
	case string:
		return []leaf{{path, func(text string) { replace(text) }}}
	case []any:
		for i := range v {
			all = append(all, leaves(v[i], index(path, i), func(x any) { v[i] = x })...)
		}
	case map[string]any:
		for key := range v {
			all = append(all, leaves(v[key], join(path, key), func(x any) { v[key] = x })...)
		}
	}
	return all
}

func hostile() []string {
	return []string{
		`"`, `'`, "a\nb", "a\n---\nkind: Pod", "{{ element.image }}", "{{", "}}", "<% x %>", "${HOME}", "$(id)", "`id`", "---", "../x", "../../etc/passwd", "a b", "a\\b", "\t", "\x00", "\x1b[31m", "é", "\u202e", "*", "?", "|", ";", "&x", "#", "!!str", "%",
		strings.Repeat("a", 100_000), "https://a.b", "user:password@a.b",
	}
}

// TestHostileValues states that no field of a spec takes a value that could be
// code to anything that reads what is generated.
func TestHostileValues(t *testing.T) {
	count := 0
	for _, l := range leaves(richest().Object()["spec"], "spec", nil) {
		for _, text := range hostile() {
			object := richest().Object()
			for _, target := range leaves(object["spec"], "spec", nil) {
				if target.path == l.path {
					target.replace(text)
				}
			}
			judgeHostile(t, l.path, text, object)
			count++
		}
	}
	if count < 30*len(hostile()) {
		t.Errorf("%d values were tried: some fields are missing", count)
	}
}

// TestHostileKeys does so for the keys of mappings that take any.
func TestHostileKeys(t *testing.T) {
	for _, text := range hostile() {
		object := richest().Object()
		scope := object["spec"].(map[string]any)["scope"].(map[string]any)
		scope["podSelector"].(map[string]any)["matchLabels"] = map[string]any{text: "x"}
		judgeHostile(t, "spec.scope.podSelector.matchLabels", text, object)
		object = richest().Object()
		object["metadata"].(map[string]any)["annotations"] = map[string]any{text: "x"}
		judgeHostile(t, "metadata.annotations", text, object)
		object = richest().Object()
		object["spec"].(map[string]any)[text] = "x"
		judgeHostile(t, "spec", text, object)
	}
}

func judgeHostile(t *testing.T, path, text string, object map[string]any) {
	t.Helper()
	data, err := document.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("f", data)
	var problems Problems
	if !errors.As(err, &problems) {
		t.Errorf("%s: %.40q is accepted", path, text)
		return
	}
	found := false
	for _, p := range problems {
		found = found || p.Path == path && p.Line > 1 && p.Column > 1
		printed := p.String()
		if len(printed) > 600 || strings.ContainsFunc(printed, func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }) {
			t.Errorf("%s: the message is not fit for a terminal: %q", path, printed)
		}
		if strings.Contains(printed, "password@") {
			t.Errorf("%s: the message repeats a password: %s", path, printed)
		}
	}
	if !found {
		t.Errorf("%s: %.40q: no problem at its place: %v", path, text, err)
	}
}

// TestCredentialsAreNotRepeated states that what looks like a credential is
// refused wherever it stands, and stands in no message.
func TestCredentialsAreNotRepeated(t *testing.T) {
	secrets := []struct{ why, text, secret string }{
		{"a password in an address", "robot:hunter2@registry.example.com/x", "hunter2"},
		{"a password in a URL", "https://robot:hunter2@registry.example.com", "hunter2"},
		{"a token in a URL", "https://hunter2@registry.example.com", "hunter2"},
		{"a Docker configuration", `{"auths": {"a.b": {"auth": "hunter2"}}}`, "hunter2"},
		{"the same in base64", "eyJhdXRocyI6eyJhLmIiOnsiYXV0aCI6Imh1bnRlcjIifX19", "Imh1bnRlcjIifX19"},
		{"a bearer token", "Authorization: Bearer hunter2hunter2", "hunter2"},
		{"a GitHub token", "ghp_hunter2hunter2hunter2", "hunter2"},
		{"an AWS key", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"},
		{"an Alibaba key", "LTAI5tHunter2Hunter2", "Hunter2"},
		{"a private key", "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n", "hunter2"},
		{"a header of basic authentication", "Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"},
		{"the scheme in lower case, a short password", "basic dTpwdw==", "dTpwdw"},
		{"the scheme in upper case, no padding", "BASIC dXNlcjpwYXNz", "dXNlcjpw"},
		{"what Docker's auth field holds", "dXNlcjpwYXNzd29yZA==", "dXNlcjpw"},
		{"the same without padding", "dXNlcjpwYXNzd29yZA", "dXNlcjpw"},
		{"the same with the newline of echo", "dXNlcjpwYXNzd29yZAo=", "dXNlcjpw"},
		{"the same in a word of its own", "auth=dXNlcjpwYXNzd29yZA== # harbor", "dXNlcjpw"},
		{"the same below a path", "registry.example.com/dXNlcjpwYXNzd29yZA==", "dXNlcjpw"},
		{"a robot account", "cm9ib3QkcHVsbDpIdW50ZXIyL0h1bnRlcjI=", "SHVudGVy"},
		{"a password beyond ASCII, in the URL's alphabet", "w6R1c2VyOnDDpHNzw7_Dv8O_", "w6R1c2Vy"},
		{"a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl", "eyJzdWIi"},
	}
	for _, s := range secrets {
		places := leaves(richest().Object(), "", nil)
		for _, place := range places {
			object := richest().Object()
			for _, target := range leaves(object, "", nil) {
				if target.path == place.path {
					target.replace(s.text)
				}
			}
			refusedSilently(t, s.why+" as "+place.path, s.secret, object)
		}
		object := richest().Object()
		object["metadata"].(map[string]any)["annotations"] = map[string]any{s.text: "x"}
		refusedSilently(t, s.why+" as a key", s.secret, object)
		object = richest().Object()
		object[s.text] = map[string]any{s.text: []any{s.text}}
		refusedSilently(t, s.why+" in an unknown field", s.secret, object)
	}
}

func refusedSilently(t *testing.T, why, secret string, object map[string]any) {
	t.Helper()
	data, err := document.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(Parse("f", data)), second(FromObject("f", object))} {
		if err == nil {
			t.Errorf("%s: accepted", why)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: repeated in: %v", why, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestHonestTextIsNoCredential(t *testing.T) {
	d := newDetector()
	for _, text := range []string{
		"team-a@example.com", "mailto:team@example.com", "nginx:1.25@sha256:" + strings.Repeat("a", 64), "https://example.com/a?b=c", "registry.example.com:5000/x", "a bearer of news", "see: a@b", "", "the key: value",
		// Images, hosts and paths.
		"nginx", "nginx:1.25", "docker.io/library/nginx:1.25.3-alpine3.18", "registry.k8s.io/kube-apiserver:v1.31.0", "prometheus-operator", "quay.io/prometheus-operator/prometheus-config-reloader",
		"kubernetes-sigs/external-dns", "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java", "mirror-registry-eu-central-1.internal.example.com:8443/dockerhub", "my_registry.local",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "certs/internal/registry-ca.crt", "/etc/containerd/certs.d/docker.io/hosts.toml", "C:/certs/ca.crt", "[fd00::9]:5000",
		// Digests, commits, identities.
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "9076b52", "DEADBEEFDEADBEEF",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
		// Labels, annotations and selectors.
		"app.kubernetes.io/managed-by", "helm.sh/chart: kube-prometheus-stack-61.3.1", "pod-template-hash-7d4b9c6f5d", "node-role.kubernetes.io/control-plane", "topology.kubernetes.io/zone=eu-central-1a", "internal-config.kubernetes.io/previousNamespaces",
		"2026-11-21T16:25:30Z", "platform-team_production", "ThisLabelValueIsAsLongAsALabelValueMayEverBeInAnyKubernetes0bjec",
		// Prose about credentials, and base64 of something else.
		"Basic authentication is off", "basic-auth", "needs basic access authentication", "Basic Kubernetes: an introduction", "aHR0cHM6Ly9leGFtcGxlLmNvbS9hL2I=", "aGVsbG8gd29ybGQsIGhlbGxv", "bm90ZTogdGhlIGtleSBpcyBlbHNld2hlcmU=", "c2hhMjU2OmUzYjBjNDQyOThmYzFjMTQ=", "YTpi", "UsesOldSelf",
	} {
		if what := d.looksLike(text); what != "" {
			t.Errorf("%q looks like %s", text, what)
		}
	}
}

// TestHexIsNeverALogin states that no digest, commit or identity in hexadecimal
// digits decodes to a login: an odd chance would refuse somebody's label.
func TestHexIsNeverALogin(t *testing.T) {
	d, r := newDetector(), rand.New(rand.NewSource(1))
	for range 20_000 {
		for _, size := range []int{6, 16, 20, 32} {
			sum := make([]byte, size)
			r.Read(sum)
			if text := hex.EncodeToString(sum); d.looksLike(text) != "" {
				t.Errorf("%q looks like %s", text, d.looksLike(text))
			}
		}
	}
}

func TestEveryFieldComesBack(t *testing.T) {
	data, err := document.Marshal(richest().Object())
	if err != nil {
		t.Fatal(err)
	}
	sets, err := Parse("f", data)
	if err != nil {
		t.Fatal(err)
	}
	if !same(sets[0], richest()) {
		t.Errorf("got %+v\nfrom\n%s", sets[0], data)
	}
	for _, l := range leaves(richest().Object(), "", nil) {
		if _, ok := sets[0].Positions[l.path]; !ok {
			t.Errorf("%s has no place", l.path)
		}
	}
	if fmt.Sprint(sets[0].Position("spec.mirrors[1].transport")) != fmt.Sprint(sets[0].Position("spec.mirrors[1]")) {
		t.Error("an unset field is not at its mirror")
	}
}
