package overlay

import (
	"net/url"
	"regexp"
	"strings"
)

// remote reports whether kustomize would take value for something to fetch. It
// follows api/internal/loader.IsRemoteFile (http and https files) and
// api/internal/git.NewRepoSpecFromURL (repositories), and is no narrower than
// they are: what reads as a host and a path is remote even where too few
// segments follow for a repository.
func remote(value string) bool {
	if isRemote(value) {
		return true
	}
	// Generators name a file as key=path.
	_, path, found := strings.Cut(value, "=")
	return found && isRemote(path)
}

func isRemote(value string) bool {
	if u, err := url.Parse(value); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return true
	}
	lower := strings.ToLower(value)
	for _, prefix := range []string{"git::", "ssh://", "https://", "http://", "file://", "github.com/", "github.com:"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return scpStyle.MatchString(value)
}

// scpStyle is user@host:path and user@host/path.
var scpStyle = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@[^/:]*[/:]`)

// userinfo is what may hold a password in an address, with a scheme or without;
// query is what may hold a token.
var (
	userinfo = regexp.MustCompile(`://[^/@]*@`)
	bareUser = regexp.MustCompile(`(^|[\s"'])[^\s"'/@:]+:[^\s"'/@]+@`)
	query    = regexp.MustCompile(`[?#][^\s"']*`)
)

// redact hides the credentials of an address that is about to be printed.
func redact(address string) string {
	address = userinfo.ReplaceAllString(address, "://...@")
	address = bareUser.ReplaceAllString(address, "$1...@")
	return query.ReplaceAllString(address, "?...")
}
