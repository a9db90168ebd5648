package dockerd

import "mirrorgen.dev/gen/engines/runtimes/pulltest"

// The upstreams are always there.
func with(registries ...pulltest.Registry) []pulltest.Registry {
	return append(registries,
		pulltest.Registry{Address: "registry-1.docker.io:443", Signer: pulltest.Public, Holds: []string{"library/nginx"}},
		pulltest.Registry{Address: "quay.io:443", Signer: pulltest.Public, Holds: []string{"acme/web"}})
}

// pulls are what Docker can do: mirrors of Docker Hub without a path, and
// registries of any transport.
func pulls() []pulltest.Pull {
	nginx := []string{"library/nginx"}
	return []pulltest.Pull{
		{
			Claim: "pulls-through-a-mirror", Spec: `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Registries: with(pulltest.Registry{Address: "cr.example.com:443", Signer: pulltest.Public, Holds: nginx}),
			Image:      "nginx:1.25", Asked: []string{"cr.example.com:443"}, Path: "/v2/library/nginx/manifests/1.25",
		},
		{
			Claim: "pulls-through-a-mirror-over-plain-http", Spec: `{mirrors: [{source: docker.io, mirror: "10.0.0.1:5000", transport: http}]}`,
			Registries: with(pulltest.Registry{Address: "10.0.0.1:5000", Signer: pulltest.Plain, Holds: nginx}),
			Image:      "nginx", Asked: []string{"10.0.0.1:5000"},
		},
		{
			Claim: "trusts-the-ca-of-a-mirror", Spec: `{mirrors: [{source: docker.io, mirror: "harbor.example.com:8443", caFile: ca.crt}]}`,
			Registries: with(pulltest.Registry{Address: "harbor.example.com:8443", Signer: pulltest.Private, Holds: nginx}),
			Image:      "nginx", Asked: []string{"harbor.example.com:8443"},
		},
		{
			Claim: "refuses-a-certificate-of-an-authority-that-no-set-names", Spec: `{mirrors: [{source: docker.io, mirror: harbor.example.com}]}`,
			Registries: with(pulltest.Registry{Address: "harbor.example.com:443", Signer: pulltest.Private, Holds: nginx}),
			Image:      "harbor.example.com/library/nginx", Asked: []string{"harbor.example.com:443"}, Fails: true,
		},
		{
			Claim: "skips-verification-where-the-set-says-so", Spec: `{mirrors: [{source: docker.io, mirror: harbor.example.com, transport: https-skip-verify}]}`,
			Registries: with(pulltest.Registry{Address: "harbor.example.com:443", Signer: pulltest.Private, Holds: nginx}),
			Image:      "nginx", Asked: []string{"harbor.example.com:443"},
		},
		{
			Claim: "asks-fallbacks-in-order-and-docker-hub-last", Spec: `{mirrors: [{source: docker.io, mirror: a.example.com, fallbacks: [b.example.com]}], nodes: {fallbackToUpstream: true}}`,
			Registries: with(pulltest.Registry{Address: "a.example.com:443", Signer: pulltest.Public}),
			Image:      "nginx", Asked: []string{"a.example.com:443", "b.example.com:443", "registry-1.docker.io:443"},
		},
		{
			Claim: "falls-back-to-docker-hub-whatever-the-set-says", Spec: `{mirrors: [{source: docker.io, mirror: a.example.com}], nodes: {fallbackToUpstream: false, onUnsupported: skip}}`,
			Registries: with(),
			Image:      "nginx", Asked: []string{"a.example.com:443", "registry-1.docker.io:443"},
		},
		{
			Claim: "pulls-a-rewritten-image-from-a-mirror-over-plain-http", Spec: `{mirrors: [{source: docker.io, mirror: "10.0.0.1:5000/hub", transport: http}], nodes: {onUnsupported: skip}}`,
			Registries: with(pulltest.Registry{Address: "10.0.0.1:5000", Signer: pulltest.Plain, Holds: []string{"hub/library/nginx"}}),
			Image:      "10.0.0.1:5000/hub/library/nginx:latest", Asked: []string{"10.0.0.1:5000"},
		},
		{
			Claim: "pulls-a-rewritten-image-from-a-mirror-over-plain-http-on-port-80", Spec: `{mirrors: [{source: quay.io, mirror: cr.example.com, transport: http}], nodes: {onUnsupported: skip}}`,
			Registries: with(pulltest.Registry{Address: "cr.example.com:80", Signer: pulltest.Plain, Holds: []string{"acme/web"}}),
			Image:      "cr.example.com/acme/web:1", Asked: []string{"cr.example.com:80"},
		},
		{
			Claim: "pulls-a-rewritten-image-from-a-mirror-with-a-ca", Spec: `{mirrors: [{source: quay.io, mirror: "harbor.example.com:8443/quay", caFile: ca.crt}], nodes: {onUnsupported: skip}}`,
			Registries: with(pulltest.Registry{Address: "harbor.example.com:8443", Signer: pulltest.Private, Holds: []string{"quay/acme/web"}}),
			Image:      "harbor.example.com:8443/quay/acme/web:1", Asked: []string{"harbor.example.com:8443"},
		},
		{
			Claim: "pulls-from-a-declared-registry-over-plain-http", Spec: `{mirrors: [{source: docker.io, mirror: cr.example.com}], registries: [{host: "10.16.100.174:5000", transport: http}]}`,
			Registries: with(pulltest.Registry{Address: "10.16.100.174:5000", Signer: pulltest.Plain, Holds: []string{"busybox"}}),
			Image:      "10.16.100.174:5000/busybox:latest", Asked: []string{"10.16.100.174:5000"},
		},
		{
			Claim: "pulls-other-images-as-if-there-were-no-mirror", Spec: `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Registries: with(pulltest.Registry{Address: "cr.example.com:443", Signer: pulltest.Public, Holds: []string{"acme/web"}}),
			Image:      "quay.io/acme/web:1", Asked: []string{"quay.io:443"},
		},
	}
}
