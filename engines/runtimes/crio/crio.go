// Package crio asks the library by which CRI-O and podman pull, where an image
// is pulled from, and pulls it.
package crio

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/pkg/shortnames"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"mirrorgen.dev/gen/engines/runtimes"
)

// A Node is a node whose /etc/containers holds what gen wrote and nothing else.
type Node struct {
	system *types.SystemContext
}

// Load reads the folder that gen nodes wrote; registries is the text of the
// node's own registries.conf, empty where it has none. Each Node needs a folder
// of its own, as the library remembers what it read.
func Load(dir, registries string) (*Node, error) {
	main, empty := filepath.Join(dir, "registries.conf"), filepath.Join(dir, "registries.d")
	if err := os.WriteFile(main, []byte(registries), 0o600); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(empty, 0o700); err != nil {
		return nil, err
	}
	node := &Node{&types.SystemContext{
		SystemRegistriesConfPath:    main,
		SystemRegistriesConfDirPath: filepath.Join(dir, "crio", "registries.conf.d"),
		DockerPerHostCertDirPath:    filepath.Join(dir, "crio", "certs.d"),
		RegistriesDirPath:           empty,
	}}
	_, err := sysregistriesv2.TryUpdatingCache(node.system)
	return node, err
}

// Candidates lists what an image of a Pod may stand for: a short name is
// completed by the search registries of registries.conf. The tag is dropped
// where a digest is given, as CRI-O does.
func (n *Node) Candidates(image string) ([]reference.Named, error) {
	resolved, err := shortnames.Resolve(n.system, image)
	if err != nil {
		return nil, err
	}
	var names []reference.Named
	for _, candidate := range resolved.PullCandidates {
		name := candidate.Value
		if digested, ok := name.(reference.Canonical); ok {
			if name, err = reference.WithDigest(reference.TrimNamed(name), digested.Digest()); err != nil {
				return nil, err
			}
		}
		names = append(names, name)
	}
	return names, nil
}

// one is the only candidate of an image; more than one would make the answer
// depend on which registry happens to hold it.
func (n *Node) one(image string) (reference.Named, error) {
	names, err := n.Candidates(image)
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("%s: is one of %v", image, names)
	}
	return names[0], nil
}

// locate writes the host that the library dials for docker.io.
func locate(name string) string {
	if rest, ok := strings.CutPrefix(name, "docker.io/"); ok {
		return "registry-1.docker.io/" + rest
	}
	return name
}

// Endpoints lists where the image is asked for, in order.
func (n *Node) Endpoints(image string) ([]runtimes.Endpoint, error) {
	name, err := n.one(image)
	if err != nil {
		return nil, err
	}
	registry, err := sysregistriesv2.FindRegistry(n.system, name.Name())
	if err != nil {
		return nil, err
	}
	if registry == nil {
		return []runtimes.Endpoint{{Location: locate(name.Name()), Transports: []string{runtimes.HTTPS}}}, nil
	}
	sources, err := registry.PullSourcesFromReference(name)
	if err != nil {
		return nil, err
	}
	var endpoints []runtimes.Endpoint
	for _, source := range sources {
		transports := []string{runtimes.HTTPS}
		if source.Endpoint.Insecure {
			// The library tries TLS without verification and then plain HTTP.
			transports = []string{runtimes.HTTPSSkipVerify, runtimes.HTTP}
		}
		endpoints = append(endpoints, runtimes.Endpoint{Location: locate(source.Reference.Name()), Transports: transports})
	}
	return endpoints, nil
}

// Pull fetches the image's manifest, config and layers; it returns their digests.
func (n *Node) Pull(ctx context.Context, image string) ([]string, error) {
	name, err := n.one(image)
	if err != nil {
		return nil, err
	}
	ref, err := docker.NewReference(name)
	if err != nil {
		return nil, err
	}
	source, err := ref.NewImageSource(ctx, n.system)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	data, mediaType, err := source.GetManifest(ctx, nil)
	if err != nil {
		return nil, err
	}
	parsed, err := manifest.FromBlob(data, mediaType)
	if err != nil {
		return nil, err
	}
	digest, err := manifest.Digest(data)
	if err != nil {
		return nil, err
	}
	digests := []string{digest.String()}
	blobs := []types.BlobInfo{parsed.ConfigInfo()}
	for _, layer := range parsed.LayerInfos() {
		blobs = append(blobs, layer.BlobInfo)
	}
	for _, blob := range blobs {
		body, _, err := source.GetBlob(ctx, blob, none.NoCache)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, body)
		body.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", blob.Digest, err)
		}
		digests = append(digests, blob.Digest.String())
	}
	return digests, nil
}
