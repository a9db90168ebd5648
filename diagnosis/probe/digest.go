package probe

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// judgeDigest holds the digest of what is there against the one asked for.
func (q *question) judgeDigest(a *answer) {
	digest := q.digestIn(a)
	if len(a.body) > 0 {
		digest = digestOf(a.body, q.algorithm())
		if said := q.digestIn(a); said != "" && said != digest {
			q.add(Failed, causeDigestDiffers, textDigestLies.in(q.lang, said, digest))
			return
		}
	}
	switch {
	case digest == "":
		q.add(Failed, causeUnknown, textNoDigest.in(q.lang))
	case q.parts.Digest != "" && q.parts.Digest != digest:
		q.add(Failed, causeDigestDiffers, textOtherDigest.in(q.lang, digest))
	default:
		q.out.Digest = digest
		q.add(OK, "", q.elsewhere(a, digest))
	}
}

// isManifest reports whether a body is a manifest or an index: each has schema
// version 2 by both specifications.
func isManifest(body []byte) bool {
	var m struct {
		SchemaVersion int `json:"schemaVersion"`
	}
	return json.Unmarshal(body, &m) == nil && m.SchemaVersion == 2
}

// algorithm is that of the digest asked for, or sha256.
func (q *question) algorithm() string {
	algorithm, _, ok := strings.Cut(q.parts.Digest, ":")
	if !ok {
		return "sha256"
	}
	return algorithm
}

// digestIn is the digest that a header says, where it is one of the algorithm
// that was asked for; empty otherwise.
func (q *question) digestIn(a *answer) string {
	digest := a.header.Get("Docker-Content-Digest")
	if !strings.HasPrefix(digest, q.algorithm()+":") || !image.Valid("localhost/x@"+digest) {
		return ""
	}
	return digest
}

func digestOf(data []byte, algorithm string) string {
	switch algorithm {
	case "sha512":
		sum := sha512.Sum512(data)
		return algorithm + ":" + hex.EncodeToString(sum[:])
	case "sha384":
		sum := sha512.Sum384(data)
		return algorithm + ":" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
