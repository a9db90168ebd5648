// Package containerd asks containerd's own loader, of both major versions that
// are in use, where an image is pulled from, and pulls it.
package containerd

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/distribution/reference"

	"mirrorgen.dev/gen/engines/runtimes"
)

// A Version is containerd's loader and puller of one version. dir is the
// folder that config_path names; client, where it is not nil, may change each
// HTTP client before it is used.
type Version struct {
	// Name is containerd and the version of the module.
	Name string
	// hosts lists what the loader makes of the folder of one host, in order.
	hosts func(ctx context.Context, dir, host string) ([]host, error)
	// pull fetches manifest, config and layers of a normalized reference.
	pull func(ctx context.Context, dir, ref string, client func(*http.Client) error) ([]string, error)
}

// Versions are the versions that gen's output is held to.
func Versions() []Version { return []Version{version1(), version2()} }

// A host is a RegistryHost of either version.
type host struct {
	scheme, host, path string
	// pulls says that the host is asked for an image by tag: both capabilities,
	// pull and resolve, are needed.
	pulls  bool
	client *http.Client
	// fallsBack says that TLS is tried first and plain HTTP after it.
	fallsBack bool
}

// normalize reads an image the way containerd's CRI plugin does before it
// resolves: short names filled in, the tag dropped where a digest is given.
func normalize(image string) (reference.Named, error) {
	return reference.ParseDockerRef(image)
}

// Endpoints lists where the version asks for the image, in order.
func (v Version) Endpoints(ctx context.Context, dir, image string) ([]runtimes.Endpoint, error) {
	ref, err := normalize(image)
	if err != nil {
		return nil, err
	}
	// As containerd cuts it: to the library a host with an underline is none.
	name, repository, _ := strings.Cut(ref.Name(), "/")
	hosts, err := v.hosts(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	var endpoints []runtimes.Endpoint
	for _, h := range hosts {
		if !h.pulls {
			continue
		}
		root := h.host + h.path
		if h.path == "/v2" || strings.HasPrefix(h.path, "/v2/") {
			root = h.host + strings.TrimPrefix(h.path, "/v2")
		}
		endpoints = append(endpoints, runtimes.Endpoint{Location: root + "/" + repository, Transports: h.transports()})
	}
	return endpoints, nil
}

func (h host) transports() []string {
	if h.scheme == "http" {
		return []string{runtimes.HTTP}
	}
	transport := runtimes.HTTPS
	if t, ok := h.client.Transport.(*http.Transport); ok && skipsVerify(t.TLSClientConfig) {
		transport = runtimes.HTTPSSkipVerify
	}
	if h.fallsBack {
		return []string{transport, runtimes.HTTP}
	}
	return []string{transport}
}

func skipsVerify(c *tls.Config) bool { return c != nil && c.InsecureSkipVerify }

// Pull resolves the image and fetches its manifest, config and layers, as a
// pull does; it returns their digests.
func (v Version) Pull(ctx context.Context, dir, image string, client func(*http.Client) error) ([]string, error) {
	ref, err := normalize(image)
	if err != nil {
		return nil, err
	}
	return v.pull(ctx, dir, reference.TagNameOnly(ref).String(), client)
}

// A descriptor is the part of an OCI descriptor that a fetch needs.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// fetchAll fetches a manifest and what it names.
func fetchAll(manifest descriptor, fetch func(descriptor) (io.ReadCloser, error)) ([]string, error) {
	read := func(d descriptor) ([]byte, error) {
		body, err := fetch(d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Digest, err)
		}
		defer body.Close()
		return io.ReadAll(body)
	}
	data, err := read(manifest)
	if err != nil {
		return nil, err
	}
	var content struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	digests := []string{manifest.Digest}
	for _, d := range append([]descriptor{content.Config}, content.Layers...) {
		if _, err := read(d); err != nil {
			return nil, err
		}
		digests = append(digests, d.Digest)
	}
	return digests, nil
}
