package pulltest

import "mirrorgen.dev/gen/engines/runtimes/loopback"

// digest is that of the image that every registry holds.
func digest() string { return loopback.Digest(loopback.Manifest()) }

// ShortNames are pulls of images as people write them. k3s is not asked: what
// reaches its library has a host already.
func ShortNames() []Pull {
	hub := with(Registry{"cr.example.com:443", Public, []string{"hub/library/nginx", "hub/bitnami/redis"}})
	const set = `{mirrors: [{source: docker.io, mirror: cr.example.com/hub}]}`
	return []Pull{
		{
			Claim: "reads-a-short-name-as-docker-hubs-library", Spec: set, Registries: hub,
			Image: "nginx", Asked: []string{"cr.example.com:443"}, Path: "/v2/hub/library/nginx/manifests/latest",
		},
		{
			Claim: "reads-a-name-without-a-host-as-docker-hubs", Spec: set, Registries: hub,
			Image: "bitnami/redis:7", Asked: []string{"cr.example.com:443"}, Path: "/v2/hub/bitnami/redis/manifests/7",
		},
		{
			Claim: "reads-docker-hubs-other-name-as-docker-hub", Spec: set, Registries: hub,
			Image: "index.docker.io/library/nginx", Asked: []string{"cr.example.com:443"}, Path: "/v2/hub/library/nginx/manifests/latest",
		},
		{
			Claim: "pulls-a-tag-with-a-digest-by-the-digest", Spec: set, Registries: hub,
			Image: "nginx:1.25@" + digest(), Asked: []string{"cr.example.com:443"}, Path: "/v2/hub/library/nginx/manifests/" + digest(),
		},
	}
}
