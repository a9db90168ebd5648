package expression

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// errAbsent marks a part that an image does not have, which is an error to
// Kyverno unless || follows.
var errAbsent = errors.New("has no value")

// parts are an image as one of Kyverno's two readers takes it apart.
type parts struct{ registry, repository, tag, digest string }

// kyvernoParts are images.<list>.<name> (pkg/utils/image/infos.go of v1.19.1): the
// registry as written, docker.io where none was; no library/; no tag beside a
// digest alone.
func kyvernoParts(text string) (parts, error) {
	ref, err := image.Parse(text)
	if err != nil {
		return parts{}, fmt.Errorf("bad image: %w", err)
	}
	p := parts{registry: "docker.io", repository: text, tag: ref.EffectiveTag(), digest: ref.Digest}
	p.repository, _, _ = strings.Cut(p.repository, "@")
	if host, rest, ok := strings.Cut(p.repository, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost" || strings.ToLower(host) != host) {
		p.registry, p.repository = host, rest
	}
	p.repository, _, _ = strings.Cut(p.repository, ":")
	return p, nil
}

// IsLookedUp reports an image that a registry can be asked for: Kyverno's client
// refuses a few that a kubelet pulls.
func IsLookedUp(text string) bool {
	_, err := registryParts(text)
	return err == nil
}

// field is a part by Kyverno's name. An empty one is absent there.
func (p parts) field(name string) (any, error) {
	of := ""
	switch name {
	case "registry":
		of = p.registry
	case "path":
		of = p.repository
	case "name":
		of = p.repository[strings.LastIndexByte(p.repository, '/')+1:]
	case "tag":
		of = p.tag
	case "digest":
		of = p.digest
	case "reference":
		of = p.String()
	case "referenceWithTag":
		return p.registry + "/" + p.repository + ":" + p.tag, nil
	default:
		return nil, fmt.Errorf("images have no field %q", name)
	}
	if of == "" {
		return nil, fmt.Errorf("%s %w", name, errAbsent)
	}
	return of, nil
}

// String is image_normalize: the tag is lost beside a digest.
func (p parts) String() string {
	if p.digest != "" {
		return p.registry + "/" + p.repository + "@" + p.digest
	}
	return p.registry + "/" + p.repository + ":" + p.tag
}

// registryParts are how go-containerregistry reads a reference (pkg/name, without
// strict validation), which imageRegistry and CEL's image library do. Its grammar is
// another than a kubelet's: a repository has at least two characters and may have
// doubled slashes, a host in upper case is none without a dot, and Docker Hub is
// index.docker.io, with library/ filled in.
func registryParts(text string) (p parts, err error) {
	name := text
	if before, digest, ok := strings.Cut(text, "@"); ok {
		if !strings.HasPrefix(digest, "sha256:") || !image.Valid("x@"+digest) {
			return parts{}, errors.New("could not parse reference: the digest is none of SHA-256")
		}
		name, p.digest = before, digest
	}
	p.repository = name
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		p.repository, p.tag = name[:at], name[at+1:]
		if !within(p.tag, tagCharacters, 1, 128) {
			return parts{}, errors.New("could not parse reference: the tag is none")
		}
	}
	if p.tag == "" && p.digest == "" {
		p.tag = "latest"
	}
	if host, rest, ok := strings.Cut(p.repository, "/"); ok && (host == "localhost" || strings.ContainsAny(host, ".:")) {
		if u, err := url.Parse("//" + host); err != nil || u.Host != host {
			return parts{}, errors.New("could not parse reference: the registry is no host")
		}
		p.registry, p.repository = host, rest
	}
	if !within(p.repository, repositoryCharacters, 2, 255) {
		return parts{}, errors.New("could not parse reference: a repository has two characters at least, and lower-case letters, digits and _-./")
	}
	if p.registry == "" || p.registry == image.DockerHub || p.registry == "index.docker.io" {
		// To the library registry-1.docker.io is another registry.
		p.registry = "index.docker.io"
		if !strings.Contains(p.repository, "/") {
			p.repository = "library/" + p.repository
		}
	}
	return p, nil
}

const (
	repositoryCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-./"
	tagCharacters        = "abcdefghijklmnopqrstuvwxyz0123456789_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// within reports a text of some characters, so many of them.
func within(text, characters string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, characters) == ""
}

// identifier is the tag, the digest, or tag@digest (v1.19.1).
func (p parts) identifier() string {
	switch {
	case p.digest == "":
		return p.tag
	case p.tag == "":
		return p.digest
	}
	return p.tag + "@" + p.digest
}

// lookedUp is a field of an imageRegistry of the rule's context.
type lookedUp struct {
	reference Expr
	field     string
}

func (l lookedUp) children() []Expr { return []Expr{l.reference} }
func (l lookedUp) eval(e Env) (any, error) {
	of, err := evalIn(l.reference, e)
	if err != nil {
		return nil, err
	}
	text, err := asText(of)
	if err != nil {
		return nil, err
	}
	p, err := registryParts(text)
	if err != nil {
		return nil, err
	}
	switch l.field {
	case "registry":
		return p.registry, nil
	case "repository":
		return p.repository, nil
	case "identifier":
		return p.identifier(), nil
	case "image":
		return text, nil
	}
	return nil, fmt.Errorf("%q of an imageRegistry is not read here: it depends on what the registry holds", l.field)
}

// LookedUp is a field of what Kyverno looks up in a registry.
func LookedUp(reference Expr, field string) Expr { return lookedUp{reference, field} }

// SubmittedPart is a field of Kyverno's images.*.
func SubmittedPart(field string) Expr { return submittedPart{field} }
