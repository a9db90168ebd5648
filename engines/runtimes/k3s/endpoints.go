package k3s

import (
	"context"
	"errors"
	"strings"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/loopback"
)

// An Observer finds out where a node asks for an image by letting it ask, as the
// library keeps its list of endpoints to itself.
type Observer struct {
	// trusted asks registries whose certificates it can verify, untrusted others:
	// what is asked there over TLS is asked without verifying. Each is a node of
	// its own, since the library keeps its connections.
	trusted, untrusted view
}

// A view is a node before registries at every address.
type view struct {
	node       *Node
	everywhere *loopback.Everywhere
}

// Observe loads the folder that gen nodes wrote. Registries of trusted have
// certificates that every client trusts, those of untrusted have not.
func Observe(dir string, trusted, untrusted *loopback.Everywhere) (Observer, error) {
	var o Observer
	for at, everywhere := range map[*view]*loopback.Everywhere{&o.trusted: trusted, &o.untrusted: untrusted} {
		node, err := Load(dir)
		if err != nil {
			return o, err
		}
		*at = view{node, everywhere}
	}
	return o, nil
}

// Endpoints lists where the node asks for the image, in order; the last is the
// registry itself, which k3s leaves out where its configuration says so.
func (o Observer) Endpoints(ctx context.Context, image string) ([]runtimes.Endpoint, error) {
	untrusted, err := o.untrusted.watch(ctx, image)
	if err != nil {
		return nil, err
	}
	unverified := map[string]bool{}
	for _, asked := range untrusted {
		unverified[asked.Address] = unverified[asked.Address] || asked.TLS
	}
	trusted, err := o.trusted.watch(ctx, image)
	if err != nil {
		return nil, err
	}
	var endpoints []runtimes.Endpoint
	for _, asked := range trusted {
		path, _, ok := strings.Cut(asked.Path, "/manifests/")
		if !ok {
			continue
		}
		endpoint := runtimes.Endpoint{Location: location(asked, path)}
		switch {
		case !asked.TLS:
			endpoint.Transports = []string{runtimes.HTTP}
		case unverified[asked.Address]:
			endpoint.Transports = []string{runtimes.HTTPSSkipVerify}
		default:
			endpoint.Transports = []string{runtimes.HTTPS}
		}
		endpoints = append(endpoints, endpoint)
	}
	if len(endpoints) == 0 {
		return nil, errors.New("no endpoint was asked")
	}
	return endpoints, nil
}

// watch lets the node ask for the image and lists what it asked.
func (v view) watch(ctx context.Context, image string) ([]loopback.Asked, error) {
	v.everywhere.Answer()
	if _, err := v.node.Pull(ctx, image); err == nil {
		return nil, errors.New("pulled an image that nobody has")
	}
	return v.everywhere.Asked(), nil
}

// location is host[:port]/repository, the usual port left out.
func location(asked loopback.Asked, path string) string {
	usual := ":80"
	if asked.TLS {
		usual = ":443"
	}
	return strings.TrimSuffix(asked.Address, usual) + strings.TrimPrefix(path, "/v2")
}
