package overlay

import "testing"

func TestRemoteIsNoNarrowerThanKustomize(t *testing.T) {
	for _, row := range []struct {
		value, reason string
		want          bool
	}{
		{"https://example.com/x.yaml", "a file", true},
		{"HTTPS://example.com/x.yaml", "schemes have no case", true},
		{"http:x", "kustomize asks for the scheme alone", true},
		{"https://github.com/org/repo//path?ref=v1", "a repository", true},
		{"git::https://example.com/org/repo", "go-getter's prefix is stripped, not obeyed", true},
		{"ssh://git@example.com/org/repo", "git over ssh", true},
		{"file:///srv/repo", "a local repository is still cloned by git", true},
		{"git@github.com:org/repo.git", "scp style", true},
		{"me@example.com:org/repo", "scp style, any host", true},
		{"me@example.com/org/repo", "kustomize takes a slash as well", true},
		{"github.com/org/repo", "this one host needs no scheme", true},
		{"GitHub.com/org/repo", "in any case", true},
		{"github.com:org/repo", "scp style without a user", true},
		{"key=https://example.com/x", "a generator's key=path", true},

		{"../base", "a folder", false},
		{"base/x.yaml", "a file", false},
		{"gitlab.com/org/repo", "without a scheme this is a path to kustomize", false},
		{"github.com", "no path, hence a file", false},
		{"s3::https://example.com/x", "go-getter's other prefixes have never been read by kustomize", false},
		{" https://example.com/x", "a leading space makes it a path", false},
		{"a@b", "no path follows", false},
		{"1a@b/c", "a user begins with a letter", false},
		{"key=value", "no address", false},
		{"/srv/x", "absolute", false},
		{"", "nothing", false},
	} {
		if got := remote(row.value); got != row.want {
			t.Errorf("%q: got %v: %s", row.value, got, row.reason)
		}
	}
}

func TestPasswordsAreNotPrinted(t *testing.T) {
	for _, row := range []struct{ why, address, want string }{
		{"a user and a password", "https://user:secret@example.com/x", "https://...@example.com/x"},
		{"without a scheme", "user:secret@example.com:a/b", "...@example.com:a/b"},
		{"a token in a query", "https://example.com/x.yaml?token=secret", "https://example.com/x.yaml?..."},
		{"a token in a fragment", `resource "https://example.com/x#secret" is remote`, `resource "https://example.com/x?..." is remote`},
		{"nothing to hide", "github.com/a/b//c", "github.com/a/b//c"},
	} {
		if got := redact(row.address); got != row.want {
			t.Errorf("%s: %q, want %q", row.why, got, row.want)
		}
	}
}
