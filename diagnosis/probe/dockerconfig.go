package probe

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// maxConfig bounds a docker config: a Secret has at most 1 MiB.
const maxConfig = 1 << 20

// A Credential is what one entry of a docker config holds. It has no exported
// field and prints as nothing.
type Credential struct {
	username, password           string
	identityToken, registryToken string
}

// String keeps a credential out of every message.
func (c *Credential) String() string { return "[hidden]" }

// GoString does the same for %#v.
func (c *Credential) GoString() string { return "[hidden]" }

// secrets are what may never be printed.
func (c *Credential) secrets() []string {
	return []string{
		c.password, c.identityToken, c.registryToken,
		base64.StdEncoding.EncodeToString([]byte(c.username + ":" + c.password)),
		base64.StdEncoding.EncodeToString([]byte(c.password)),
		url.QueryEscape(c.password), url.QueryEscape(c.identityToken),
	}
}

// A DockerConfig is the credentials of a config.json or a .dockerconfigjson, by
// the rules of the kubelet: a key is a host, host:port, a URL, with a path that
// covers what lies below it, and * stands for a part of a host name. The nil
// config holds nothing.
type DockerConfig struct {
	entries []entry
	// store is credsStore; empty: none.
	store string
	name  string
}

type entry struct {
	host, path string
	// credential is nil where another program holds it.
	credential *Credential
	// helper is that program's name.
	helper string
}

// ReadDockerConfig reads a docker config. Nothing of its content is in an error,
// but for host names.
func ReadDockerConfig(name string) (*DockerConfig, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no regular file; name a docker config.json", name)
	case info.Size() > maxConfig:
		return nil, fmt.Errorf("%s: has more than %d bytes; a docker config is smaller", name, maxConfig)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseDockerConfig(name, data)
}

// configFile is the part of a docker config that says who logs in where.
type configFile struct {
	Auths       map[string]configEntry `json:"auths"`
	CredHelpers map[string]string      `json:"credHelpers"`
	CredsStore  string                 `json:"credsStore"`
}

type configEntry struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

func parseDockerConfig(name string, data []byte) (*DockerConfig, error) {
	var file configFile
	if err := json.Unmarshal(data, &file); err != nil {
		// The decoder's own words may repeat what stands there.
		return nil, fmt.Errorf(`%s: is no docker config; it is JSON: {"auths": {"registry.example.com": {"auth": "..."}}}`, name)
	}
	if file.Auths == nil && file.CredHelpers == nil && file.CredsStore == "" {
		return nil, fmt.Errorf("%s: holds no auths; name a docker config.json, or the .dockerconfigjson of a Secret, decoded", name)
	}
	config := &DockerConfig{name: name, store: file.CredsStore}
	var problems []error
	for key, written := range file.Auths {
		e := entry{helper: file.CredsStore}
		e.host, e.path = splitKey(key)
		credential, err := credentialOf(written)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: auths[%s]: %w", name, e.host, err))
			continue
		case credential != nil:
			e.credential, e.helper = credential, ""
		case e.helper == "":
			problems = append(problems, fmt.Errorf("%s: auths[%s]: holds no credential; write auth, or username and password", name, e.host))
			continue
		}
		config.entries = append(config.entries, e)
	}
	for key, helper := range file.CredHelpers {
		host, below := splitKey(key)
		config.entries = append(config.entries, entry{host: host, path: below, helper: helper})
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	// The longest path decides, then a host written out before one with *, then
	// credHelpers before auths, as Docker has it.
	slices.SortFunc(config.entries, func(a, b entry) int {
		if n := len(b.path) - len(a.path); n != 0 {
			return n
		}
		if n := strings.Count(a.host, "*") - strings.Count(b.host, "*"); n != 0 {
			return n
		}
		if n := strings.Compare(a.host, b.host); n != 0 {
			return n
		}
		return strings.Compare(b.helper, a.helper)
	})
	return config, errors.Join(problems...)
}

// splitKey takes a key apart: "https://index.docker.io/v1/" is docker.io.
func splitKey(key string) (host, below string) {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	host, below, _ = strings.Cut(key, "/")
	// What stands before @ has no place in a key and may be a password.
	if _, behind, ok := strings.Cut(host, "@"); ok {
		host = behind
	}
	below = strings.Trim(below, "/")
	if below == "v1" || below == "v2" {
		// Docker's own form of a whole registry.
		below = ""
	}
	return canonicalHost(host), below
}

// canonicalHost is a host as hosts are compared: lower case, Docker Hub by one
// name, the default port of HTTPS left out.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(image.LowerASCII(host), ":443")
	if image.IsDockerHub(host) {
		return image.DockerHub
	}
	return host
}

func credentialOf(e configEntry) (*Credential, error) {
	c := &Credential{username: e.Username, password: e.Password, identityToken: e.IdentityToken, registryToken: e.RegistryToken}
	if e.Auth != "" {
		text := strings.TrimRight(strings.TrimSpace(e.Auth), "=")
		plain, err := base64.RawStdEncoding.DecodeString(text)
		username, password, ok := strings.Cut(string(plain), ":")
		if err != nil || !ok {
			return nil, errors.New("auth is no base64 of username:password")
		}
		c.username, c.password = username, strings.TrimRight(password, "\x00")
	}
	if c.password == "" && c.identityToken == "" && c.registryToken == "" {
		return nil, nil
	}
	return c, nil
}

// all are the credentials that are there.
func (d *DockerConfig) all() []*Credential {
	if d == nil {
		return nil
	}
	var all []*Credential
	for _, e := range d.entries {
		if e.credential != nil {
			all = append(all, e.credential)
		}
	}
	return all
}

// find is the entry for a repository at a host; nil where there is none.
func (d *DockerConfig) find(host, repository string) *entry {
	if d == nil {
		return nil
	}
	host = canonicalHost(host)
	for i := range d.entries {
		e := &d.entries[i]
		if matchesHost(e.host, host) && (e.path == "" || repository == e.path || strings.HasPrefix(repository, e.path+"/")) {
			return e
		}
	}
	return nil
}

// matchesHost compares part by part, so that * never stands for a dot: the
// kubelet's rule.
func matchesHost(pattern, host string) bool {
	patternName, patternPort, _ := cutPort(pattern)
	name, port, _ := cutPort(host)
	switch {
	case patternPort != port:
		return false
	case patternName == name:
		// An IPv6 address in brackets would be a class of characters below.
		return true
	}
	patterns, parts := strings.Split(patternName, "."), strings.Split(name, ".")
	if len(patterns) != len(parts) {
		return false
	}
	for i := range parts {
		if ok, err := path.Match(patterns[i], parts[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// cutPort splits host:port; an IPv6 address stands in brackets.
func cutPort(host string) (name, port string, ok bool) {
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		return host[:at], host[at+1:], true
	}
	return host, "", false
}
