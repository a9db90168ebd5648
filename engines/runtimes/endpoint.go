// Package runtimes proves that the node configuration which gen writes means to
// each container runtime what the MirrorSet means to gen. Each runtime is asked
// through its own loader: a folder per runtime, loopback for the registries,
// agreement for random MirrorSets.
package runtimes

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// The transports of a MirrorSet.
const (
	HTTPS           = "https"
	HTTPSSkipVerify = "https-skip-verify"
	HTTP            = "http"
)

// An Endpoint is one place where a runtime asks for an image.
type Endpoint struct {
	// Location is host[:port]/repository, the repository being what stands
	// between /v2/ and /manifests/ in the URL; where the URL has another root,
	// its path is left whole. Docker Hub's host is the one that serves it.
	Location string
	// Transports are those by which the runtime would ask; never empty. A
	// runtime that falls back from TLS to plain HTTP lists both.
	Transports []string
}

// Speaks reports whether the endpoint is asked by the transport that a
// MirrorSet wants. Where that is https, nothing weaker may be tried.
func (e Endpoint) Speaks(transport string) bool {
	if transport == "" || transport == HTTPS {
		return slices.Equal(e.Transports, []string{HTTPS})
	}
	return slices.Contains(e.Transports, transport)
}

// Locate writes a name of a plan, host[:port]/repository, as a Location. Docker
// Hub's API is at registry-1.docker.io; docker.io itself does not serve it.
func Locate(name string) string {
	if rest, ok := strings.CutPrefix(name, image.DockerHub+"/"); ok {
		return "registry-1.docker.io/" + rest
	}
	return name
}
