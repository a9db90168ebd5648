package spec

import (
	"errors"
	"fmt"
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
	} {
		if what := d.looksLike(text); what != "" {
			t.Errorf("%q looks like %s", text, what)
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
