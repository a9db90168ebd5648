// Package dockerd asks Docker's own registry service what daemon.json and
// certs.d come to, and asks the endpoints that it names for an image.
package dockerd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/registry"

	"mirrorgen.dev/gen/engines/runtimes"
)

// A Node is a node with the daemon.json that gen wrote.
type Node struct {
	service *registry.Service
}

// Load reads daemon.json of the folder that gen nodes wrote; it may be absent.
// An unknown key keeps dockerd from starting, so it is an error here.
func Load(dir string) (*Node, error) {
	text, err := os.ReadFile(filepath.Join(dir, "docker", "daemon.json"))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte("{}"), nil
	}
	if err != nil {
		return nil, err
	}
	var options registry.ServiceOptions
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&options); err != nil {
		return nil, fmt.Errorf("daemon.json: %w", err)
	}
	service, err := registry.NewService(options)
	if err != nil {
		return nil, err
	}
	return &Node{service}, nil
}

// endpoints lists what the daemon tries for an image, in order.
func (n *Node) endpoints(image string) (reference.Named, []registry.APIEndpoint, error) {
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return nil, nil, err
	}
	endpoints, err := n.service.LookupPullEndpoints(reference.Domain(named))
	return named, endpoints, err
}

// Endpoints lists where the image is asked for, in order.
func (n *Node) Endpoints(image string) ([]runtimes.Endpoint, error) {
	named, found, err := n.endpoints(image)
	if err != nil {
		return nil, err
	}
	var endpoints []runtimes.Endpoint
	for _, e := range found {
		transport := runtimes.HTTPS
		switch {
		case e.URL.Scheme == "http":
			transport = runtimes.HTTP
		case e.TLSConfig.InsecureSkipVerify:
			transport = runtimes.HTTPSSkipVerify
		}
		location := e.URL.Host + strings.TrimSuffix(e.URL.Path, "/") + "/" + reference.Path(named)
		if last := len(endpoints) - 1; last >= 0 && endpoints[last].Location == location {
			// The same host again: TLS first, plain HTTP after it.
			endpoints[last].Transports = append(endpoints[last].Transports, transport)
			continue
		}
		endpoints = append(endpoints, runtimes.Endpoint{Location: location, Transports: []string{transport}})
	}
	return endpoints, nil
}

// Pull asks the endpoints in order for the image, as the daemon does: the first
// that has the manifest gives the layers as well. It returns their digests.
func (n *Node) Pull(ctx context.Context, image string) ([]string, error) {
	named, endpoints, err := n.endpoints(image)
	if err != nil {
		return nil, err
	}
	object := "latest"
	switch ref := named.(type) {
	case reference.Canonical:
		object = ref.Digest().String()
	case reference.Tagged:
		object = ref.Tag()
	}
	err = fmt.Errorf("%s: no endpoint", image)
	for _, e := range endpoints {
		root := strings.TrimSuffix(e.URL.String(), "/") + "/v2/" + reference.Path(named)
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: e.TLSConfig, DisableKeepAlives: true}}
		var digests []string
		if digests, err = fetchAll(ctx, client, root, object); err == nil {
			return digests, nil
		}
	}
	return nil, err
}

func fetchAll(ctx context.Context, client *http.Client, root, object string) ([]string, error) {
	get := func(path string) ([]byte, http.Header, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, root+path, nil)
		if err != nil {
			return nil, nil, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return nil, nil, err
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", request.URL, answer.Status)
		}
		return data, answer.Header, err
	}
	data, header, err := get("/manifests/" + object)
	if err != nil {
		return nil, err
	}
	type descriptor struct {
		Digest string `json:"digest"`
	}
	var manifest struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, err
	}
	digests := []string{header.Get("Docker-Content-Digest")}
	for _, d := range append([]descriptor{manifest.Config}, manifest.Layers...) {
		if _, _, err := get("/blobs/" + d.Digest); err != nil {
			return nil, err
		}
		digests = append(digests, d.Digest)
	}
	return digests, nil
}
