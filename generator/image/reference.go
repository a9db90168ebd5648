// Package image reads container image references the way a kubelet does.
//
// The grammar is the one of github.com/distribution/reference, normalized:
//
//	reference  = name [ ":" tag ] [ "@" digest ]
//	name       = [ host "/" ] component *( "/" component )
//	host       = ( label *( "." label ) / "[" ipv6 "]" ) [ ":" port ]
//	component  = alnum *( separator alnum )        ; alnum: lower case letters and digits
//	separator  = "." / "_" / "__" / 1*"-"
//	tag        = ( letter / digit / "_" ) 0*127( letter / digit / "_" / "." / "-" )
//	digest     = ( "sha256" / "sha384" / "sha512" ) ":" lower case hex of that hash's length
//
// The first component is a host when it holds "." or ":", is "localhost", or
// has an upper-case letter; otherwise the image is Docker Hub's. Every spelling
// of Docker Hub is one registry, docker.io, whose one-component repositories
// lie below library/.
//
// The scanner here is hand-written, because admission-sized work parses each
// image several times and the library's regular expressions cost 3 to 8 µs a
// parse; a fuzz test holds it to the library's answer on every input. The
// library still words the errors.
package image

import (
	"errors"
	"strings"

	// The digest algorithms that a kubelet links; without these imports the
	// library would refuse sha384 and sha512 digests as unsupported.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/distribution/reference"
)

// DockerHub is the registry that an image without a host comes from, and the
// one spelling that this package uses for it.
const DockerHub = "docker.io"

// MaxPathLength is the length in bytes that a repository may have, "library/"
// included, host excluded (distribution/reference, RepositoryNameTotalLengthMax).
const MaxPathLength = reference.RepositoryNameTotalLengthMax

// MaxTagLength is the length in bytes that a tag may have.
const MaxTagLength = 128

const (
	defaultTag = "latest"
	library    = "library/"
)

// A Reference is an image reference taken apart. The zero value is not a
// reference; Parse makes one.
type Reference struct {
	// Registry is the host and port as written, or docker.io for every
	// spelling of Docker Hub, an absent host included.
	Registry string
	// Repository is the path below the registry, "library/" filled in.
	Repository string
	// Tag is the tag as written; empty where none was.
	Tag string
	// Digest is "algorithm:hex" as written; empty where none was.
	Digest string
}

// Parse reads an image reference. The error says which rule the text breaks;
// it never repeats the text, so a caller may print both side by side.
func Parse(text string) (Reference, error) {
	if ref, ok := scan(text); ok {
		return ref, nil
	}
	return Reference{}, reason(text)
}

// Valid reports whether Parse would accept the text, without wording an error.
func Valid(text string) bool {
	_, ok := scan(text)
	return ok
}

// Name is registry and repository with the host in lower case: the key under
// which mirrors are looked up, since hosts compare without regard to case.
func (r Reference) Name() string {
	return LowerASCII(r.Registry) + "/" + r.Repository
}

// Suffix is what follows the name: ":tag", "@digest" or both as written, or
// ":latest" where neither was.
func (r Reference) Suffix() string {
	switch {
	case r.Tag == "" && r.Digest == "":
		return ":" + defaultTag
	case r.Digest == "":
		return ":" + r.Tag
	case r.Tag == "":
		return "@" + r.Digest
	}
	return ":" + r.Tag + "@" + r.Digest
}

// EffectiveTag is the tag as written, or "latest" where neither tag nor digest was.
func (r Reference) EffectiveTag() string {
	if r.Tag == "" && r.Digest == "" {
		return defaultTag
	}
	return r.Tag
}

// String is the canonical form: registry, repository and Suffix.
func (r Reference) String() string {
	return r.Registry + "/" + r.Repository + r.Suffix()
}

// IsDockerHub reports whether host, in any case, is one of Docker Hub's names.
// registry-1.docker.io is the host that Docker Hub is served from; the library
// does not know it as Docker Hub, a kubelet pulls the same images from it.
func IsDockerHub(host string) bool {
	switch LowerASCII(host) {
	case DockerHub, "index.docker.io", "registry-1.docker.io":
		return true
	}
	return false
}

// LowerASCII maps A-Z to a-z and nothing else, unlike strings.ToLower, which
// also folds letters that no host may hold.
func LowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

var errFormat = errors.New("the text does not follow the grammar [host[:port]/]path[:tag][@digest]")

// reason words why scan refused the text, by asking the library.
func reason(text string) error {
	if text == "" {
		return errors.New("an image reference is empty")
	}
	if len(text) > MaxReferenceLength {
		return errors.New("the reference is longer than any valid one")
	}
	_, err := reference.ParseNormalizedNamed(text)
	switch {
	case err == nil:
		// The library accepts what this package narrows: a Docker Hub path that
		// exceeds MaxPathLength once "library/" is in its place.
		return reference.ErrNameTooLong
	case strings.Contains(err.Error(), "must be lowercase"):
		return reference.ErrNameContainsUppercase
	case strings.Contains(err.Error(), "64-byte hexadecimal"):
		return errors.New("a repository name cannot be 64 hexadecimal digits")
	case errors.Is(err, reference.ErrNameTooLong):
		return err
	}
	// The library repeats the text in some errors, and says no more in the others.
	return errFormat
}
