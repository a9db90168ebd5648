package migrate

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

func placeText(p spec.Position) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// An endpoint is where a runtime asks for images.
type endpoint struct {
	// host is host[:port]; docker.io for every name of Docker Hub.
	host string
	// path is what stands before a repository, "" for nothing.
	path string
	// transport is https or http.
	transport string
}

// address is what an image there begins with.
func (e endpoint) address() string {
	if e.path == "" {
		return e.host
	}
	return e.host + "/" + e.path
}

var errPassword = errors.New("holds a user or a password, which is not repeated and has no place in a MirrorSet; name a Secret in pullSecret")

// withoutLogin is a URL without the user and the password before its host, and
// whether there were any.
func withoutLogin(text string) (string, bool) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	authority, path, hasPath := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return text, false
	}
	if hasPath {
		path = "/" + path
	}
	return scheme + authority[at+1:] + path, true
}

// endpointAt reads the URL of an endpoint and says what is left out of it; ok is
// false where nothing of it is carried over.
func (r *reader) endpointAt(at place, text string, override bool) (e endpoint, ok bool) {
	text, login := withoutLogin(text)
	if login {
		r.leave(at, "", credentials)
	}
	e, err := readEndpoint(text, override)
	if err != nil {
		r.leave(at, loginless(text), err.Error())
		return e, false
	}
	return e, true
}

// readEndpoint reads the URL of an endpoint. override says that its path is the
// root of the registry's API as it stands; otherwise a runtime puts /v2 behind it.
func readEndpoint(text string, override bool) (endpoint, error) {
	if strings.Contains(text, "@") {
		return endpoint{}, errPassword
	}
	if !strings.Contains(text, "://") {
		text = "//" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return endpoint{}, errors.New("is no URL of a registry; write https://host[:port]")
	}
	e := endpoint{host: canonical(u.Host), transport: u.Scheme}
	switch u.Scheme {
	case "":
		e.transport = "https"
		if port := u.Port(); isLoopback(u.Host) && port != "" && port != "443" {
			e.transport = "http"
		}
	case "https", "http":
	default:
		return endpoint{}, fmt.Errorf("has the scheme %s; registries are reached by https and http", show(u.Scheme))
	}
	if err := spec.CheckAddress(e.host); err != nil {
		return endpoint{}, err
	}
	path := strings.TrimRight(u.Path, "/")
	if !override && path != "" && !strings.HasSuffix(path, "/v2") {
		path += "/v2"
	}
	switch {
	case path == "", path == "/v2":
	case override && strings.HasPrefix(path, "/v2/"):
		e.path = strings.TrimPrefix(path, "/v2/")
	default:
		return endpoint{}, fmt.Errorf("asks for %s/<repository>/manifests/..., where no reference of an image leads: those ask below /v2/; write https://%s/v2/<path> with override_path = true if a path of the registry is meant",
			path, e.host)
	}
	if err := spec.CheckAddress(e.address()); err != nil {
		return endpoint{}, err
	}
	return e, nil
}

// isLoopback is containerd's IsLocalhost.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// isSelf reports that an endpoint is the registry itself.
func (e endpoint) isSelf(source string) bool {
	return e.path == "" && e.host == canonical(source)
}

// The registry's own name, checked: what a host's folder or a key names.
func registryName(text string) (string, error) {
	if strings.Contains(text, "@") {
		return "", errPassword
	}
	host := canonical(text)
	if err := spec.CheckAddress(host); err != nil {
		return "", err
	}
	if strings.Contains(host, "/") {
		return "", fmt.Errorf("%s: a runtime knows registries by host[:port], never a path of one", show(host))
	}
	return host, nil
}

// noteHubName says what another name of Docker Hub meant where a runtime's
// configuration is about it: a runtime knows images by the name that they are written by.
func (r *reader) noteHubName(at place, text string) {
	if host := image.LowerASCII(text); image.IsDockerHub(host) && host != image.DockerHub {
		r.note(at, host, "is Docker Hub by a name that a runtime redirects for images that are written with it alone; the MirrorSet is about docker.io, whatever its images are written with")
	}
}

// withSuffix is a reference below an address.
func withSuffix(address, rest string, ref image.Reference) string {
	if rest != "" {
		address += "/" + rest
	}
	return address + ref.Suffix()
}
