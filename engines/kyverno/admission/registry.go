package admission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	gcrremote "github.com/google/go-containerregistry/pkg/v1/remote"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
)

// A registry holds the images that a request declares. nil: none.
type registry struct {
	// digests by name, both "index.docker.io/library/nginx:latest" and "...@sha256:...".
	digests map[string]string
}

// newRegistry reads references as Kyverno's registry client does. A tag has one
// made-up digest, the SHA-256 of its full name, so that results never change.
func newRegistry(images []string) (*registry, error) {
	held := &registry{digests: make(map[string]string, 2*len(images))}
	for i, image := range images {
		reference, err := name.ParseReference(image)
		if err != nil {
			return nil, fmt.Errorf("registryImages[%d] %q: %w", i, image, err)
		}
		digest := ""
		if exact, ok := reference.(name.Digest); ok {
			digest = exact.DigestStr()
			if tag := tagBesideDigest(image); tag != "" {
				held.digests[reference.Context().Tag(tag).Name()] = digest
			}
		} else {
			sum := sha256.Sum256([]byte(reference.Name()))
			digest = "sha256:" + hex.EncodeToString(sum[:])
			held.digests[reference.Name()] = digest
		}
		held.digests[reference.Context().Name()+"@"+digest] = digest
	}
	return held, nil
}

// tagBesideDigest is "1.25" for "nginx:1.25@sha256:...".
func tagBesideDigest(image string) string {
	before, _, _ := strings.Cut(image, "@")
	colon := strings.LastIndex(before, ":")
	if colon <= strings.LastIndex(before, "/") {
		return ""
	}
	return before[colon+1:]
}

type registryKey struct{}

// withRegistry carries the request's registry to declaredImages: the engine, which
// serves all requests, takes one factory when it is made.
func withRegistry(ctx context.Context, held *registry) context.Context {
	return context.WithValue(ctx, registryKey{}, held)
}

func registryOf(ctx context.Context) *registry {
	held, _ := ctx.Value(registryKey{}).(*registry)
	return held
}

// declaredImages is Kyverno's door to registries: the one here, else that of the
// call. Nothing goes over a network.
type declaredImages struct{ held *registry }

func (d declaredImages) GetClient(ctx context.Context, _ *kyvernov1.ImageRegistryCredentials, _ string, _ []string) (engineapi.RegistryClient, error) {
	if d.held != nil {
		return registryClient(d), nil
	}
	return registryClient{registryOf(ctx)}, nil
}

type registryClient struct{ held *registry }

// ForRef gives what pkg/engine/adapters/rclient.go gives for an image of a real
// registry. An image that is not declared is missing there.
func (c registryClient) ForRef(_ context.Context, image string) (*engineapi.ImageData, error) {
	reference, err := name.ParseReference(image)
	if err != nil {
		return nil, fmt.Errorf("failed to fetch image descriptor: %s, error: failed to parse image reference: %s, error: %w", image, image, err)
	}
	digest := ""
	if c.held != nil {
		digest = c.held.digests[reference.Name()]
	}
	if digest == "" {
		return nil, fmt.Errorf("failed to fetch image descriptor: %s, error: GET https://%s/v2/%s/manifests/%s: MANIFEST_UNKNOWN: manifest unknown; the request declares no such registry image",
			image, reference.Context().RegistryStr(), reference.Context().RepositoryStr(), reference.Identifier())
	}
	identifier := reference.Identifier()
	// As in Kyverno, to the letter: the last colon before the digest is taken for
	// the tag's, although it may be the port's.
	if before, _, found := strings.Cut(image, "@"); found && strings.HasPrefix(identifier, "sha256:") {
		if colon := strings.LastIndex(before, ":"); colon != -1 && before[colon+1:] != "" {
			identifier = before[colon+1:] + "@" + identifier
		}
	}
	return &engineapi.ImageData{
		Image:         image,
		ResolvedImage: reference.Context().Name() + "@" + digest,
		Registry:      reference.Context().RegistryStr(),
		Repository:    reference.Context().RepositoryStr(),
		Identifier:    identifier,
		Manifest:      []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}`),
		Config:        []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`),
	}, nil
}

var errNoSignatures = errors.New("an offline registry holds no signatures")

func (registryClient) FetchImageDescriptor(context.Context, string) (*gcrremote.Descriptor, error) {
	return nil, errNoSignatures
}
