package containerd

import (
	"context"
	"io"
	"net/http"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func version2() Version {
	const pulling = docker.HostCapabilityPull | docker.HostCapabilityResolve
	load := func(ctx context.Context, dir string, client func(*http.Client) error) docker.RegistryHosts {
		return config.ConfigureHosts(ctx, config.HostOptions{HostDir: config.HostDirFromRoot(dir), UpdateClient: client})
	}
	return Version{
		Name: "containerd-2.4.2",
		hosts: func(ctx context.Context, dir, name string) ([]host, error) {
			loaded, err := load(ctx, dir, nil)(name)
			if err != nil {
				return nil, err
			}
			var hosts []host
			for _, h := range loaded {
				_, plain := h.Client.Transport.(*http.Transport)
				hosts = append(hosts, host{h.Scheme, h.Host, h.Path, h.Capabilities.Has(pulling), h.Client, !plain})
			}
			return hosts, nil
		},
		pull: func(ctx context.Context, dir, ref string, client func(*http.Client) error) ([]string, error) {
			resolver := docker.NewResolver(docker.ResolverOptions{Hosts: load(ctx, dir, client)})
			name, manifest, err := resolver.Resolve(ctx, ref)
			if err != nil {
				return nil, err
			}
			fetcher, err := resolver.Fetcher(ctx, name)
			if err != nil {
				return nil, err
			}
			return fetchAll(descriptor{manifest.MediaType, manifest.Digest.String(), manifest.Size}, func(d descriptor) (io.ReadCloser, error) {
				return fetcher.Fetch(ctx, ocispec.Descriptor{MediaType: d.MediaType, Digest: digest.Digest(d.Digest), Size: d.Size})
			})
		},
	}
}
