package containerd

import (
	"context"
	"io"

	"github.com/containerd/containerd/v2/core/transfer/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/distribution/reference"
)

// Transfer pulls an image as containerd 2.x does by default, through the
// transfer service, which gets the text of config_path as it stands. Its HTTP
// clients cannot be changed: they find registries through the proxy variables.
func Transfer(ctx context.Context, configPath, image string) ([]string, error) {
	ref, err := normalize(image)
	if err != nil {
		return nil, err
	}
	source, err := registry.NewOCIRegistry(ctx, reference.TagNameOnly(ref).String(), registry.WithHostDir(configPath))
	if err != nil {
		return nil, err
	}
	name, manifest, err := source.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	fetcher, err := source.Fetcher(ctx, name)
	if err != nil {
		return nil, err
	}
	return fetchAll(descriptor{manifest.MediaType, manifest.Digest.String(), manifest.Size}, func(d descriptor) (io.ReadCloser, error) {
		return fetcher.Fetch(ctx, ocispec.Descriptor{MediaType: d.MediaType, Digest: digest.Digest(d.Digest), Size: d.Size})
	})
}
