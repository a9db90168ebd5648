// Package k3s asks the library by which k3s and RKE2 read registries.yaml where
// an image is pulled from, and pulls it.
package k3s

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rancher/wharfie/pkg/registries"

	"mirrorgen.dev/gen/generator/node"
)

// A Node is a node with the registries.yaml that gen wrote.
type Node struct {
	library interface {
		Image(name.Reference, ...remote.Option) (v1.Image, error)
	}
	configs map[string]registries.RegistryConfig
}

// CAFile is where the node looks for the certificates of a host, below the
// folder that it was loaded from; empty where it has the system's alone. The
// library passes over a file that is not there.
func (n *Node) CAFile(host string) string {
	if config := n.configs[host]; config.TLS != nil {
		return config.TLS.CAFile
	}
	return ""
}

// Load reads the folder that gen nodes wrote. The certificates are read from
// that folder instead of the place where an installer puts them.
func Load(dir string) (*Node, error) {
	folder := filepath.Join(dir, "k3s")
	text, err := os.ReadFile(filepath.Join(folder, "registries.yaml"))
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte(node.K3sCertificates), []byte(filepath.Join(folder, "certs")))
	here := filepath.Join(dir, "registries-here.yaml")
	if err := os.WriteFile(here, text, 0o600); err != nil {
		return nil, err
	}
	library, err := registries.GetPrivateRegistries(here)
	if err != nil {
		return nil, err
	}
	return &Node{library, library.Registry.Configs}, nil
}

// Pull fetches the image's manifest, config and layers; it returns their digests.
func (n *Node) Pull(ctx context.Context, image string) ([]string, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, err
	}
	pulled, err := n.library.Image(ref, remote.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	digest, err := pulled.Digest()
	if err != nil {
		return nil, err
	}
	digests := []string{digest.String()}
	if _, err := pulled.RawConfigFile(); err != nil {
		return nil, err
	}
	config, err := pulled.ConfigName()
	if err != nil {
		return nil, err
	}
	digests = append(digests, config.String())
	layers, err := pulled.Layers()
	if err != nil {
		return nil, err
	}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return nil, err
		}
		body, err := layer.Compressed()
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, body)
		body.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", digest, err)
		}
		digests = append(digests, digest.String())
	}
	return digests, nil
}
