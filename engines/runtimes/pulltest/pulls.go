package pulltest

// The upstreams are always there and hold everything, so that only the
// configuration keeps a runtime from them.
var upstreams = []Registry{
	{"registry-1.docker.io:443", Public, []string{"library/nginx", "library/redis", "bitnami/redis"}},
	{"quay.io:443", Public, []string{"acme/web"}},
}

func with(registries ...Registry) []Registry { return append(registries, upstreams...) }

// Pulls are what every runtime with registries of its own can do: containerd,
// CRI-O, and k3s.
func Pulls() []Pull {
	return []Pull{
		{
			Claim:      "pulls-through-a-mirror",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"cr.example.com:443"}, Path: "/v2/library/nginx/manifests/latest",
		},
		{
			Claim:      "pulls-through-a-mirror-over-plain-http",
			Spec:       `{mirrors: [{source: docker.io, mirror: "10.0.0.1:5000", transport: http}]}`,
			Registries: with(Registry{"10.0.0.1:5000", Plain, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx:1.25", Asked: []string{"10.0.0.1:5000"}, Path: "/v2/library/nginx/manifests/1.25",
		},
		{
			Claim:      "pulls-through-a-mirror-over-plain-http-on-port-80",
			Spec:       `{mirrors: [{source: quay.io, mirror: cr.example.com, transport: http}]}`,
			Registries: with(Registry{"cr.example.com:80", Plain, []string{"acme/web"}}),
			Image:      "quay.io/acme/web:1", Asked: []string{"cr.example.com:80"},
		},
		{
			Claim:      "trusts-the-ca-of-a-mirror",
			Spec:       `{mirrors: [{source: docker.io, mirror: harbor.example.com, caFile: ca.crt}]}`,
			Registries: with(Registry{"harbor.example.com:443", Private, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"harbor.example.com:443"},
		},
		{
			Claim:      "trusts-the-ca-of-a-mirror-at-a-port",
			Spec:       `{mirrors: [{source: quay.io, mirror: "harbor.example.com:8443/quay", caFile: ca.crt}]}`,
			Registries: with(Registry{"harbor.example.com:8443", Private, []string{"quay/acme/web"}}),
			Image:      "quay.io/acme/web:1", Asked: []string{"harbor.example.com:8443"}, Path: "/v2/quay/acme/web/manifests/1",
		},
		{
			Claim:      "refuses-a-certificate-of-an-authority-that-no-set-names",
			Spec:       `{mirrors: [{source: quay.io, mirror: harbor.example.com}]}`,
			Registries: []Registry{{"harbor.example.com:443", Private, []string{"acme/web"}}, {"quay.io:443", Down, nil}},
			Image:      "harbor.example.com/acme/web:1", Asked: []string{"harbor.example.com:443"}, Fails: true,
		},
		{
			Claim:      "skips-verification-where-the-set-says-so",
			Spec:       `{mirrors: [{source: docker.io, mirror: "harbor.example.com:8443", transport: https-skip-verify}]}`,
			Registries: with(Registry{"harbor.example.com:8443", Private, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"harbor.example.com:8443"},
		},
		{
			Claim:      "pulls-through-a-path-prefix",
			Spec:       `{mirrors: [{source: docker.io, mirror: harbor.example.com/proxies/dockerhub}]}`,
			Registries: with(Registry{"harbor.example.com:443", Public, []string{"proxies/dockerhub/bitnami/redis"}}),
			Image:      "docker.io/bitnami/redis:7", Asked: []string{"harbor.example.com:443"}, Path: "/v2/proxies/dockerhub/bitnami/redis/manifests/7",
		},
		{
			Claim:      "pulls-by-digest",
			Spec:       `{mirrors: [{source: docker.io, mirror: harbor.example.com/hub}]}`,
			Registries: with(Registry{"harbor.example.com:443", Public, []string{"hub/library/nginx"}}),
			Image:      "docker.io/library/nginx@" + digest(), Asked: []string{"harbor.example.com:443"}, Path: "/v2/hub/library/nginx/manifests/" + digest(),
		},
		{
			Claim:      "asks-the-next-fallback-where-the-mirror-is-down",
			Spec:       `{mirrors: [{source: docker.io, mirror: a.example.com/hub, fallbacks: ["b.example.com:8443/hub", c.example.com/hub]}], registries: [{host: "b.example.com:8443", transport: https-skip-verify}]}`,
			Registries: with(Registry{"b.example.com:8443", Private, []string{"hub/library/nginx"}}, Registry{"c.example.com:443", Public, []string{"hub/library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"a.example.com:443", "b.example.com:8443"}, Path: "/v2/hub/library/nginx/manifests/latest",
		},
		{
			Claim:      "asks-the-last-fallback-where-the-others-do-not-hold-the-image",
			Spec:       `{mirrors: [{source: docker.io, mirror: a.example.com, fallbacks: [b.example.com, c.example.com]}]}`,
			Registries: with(Registry{"a.example.com:443", Public, nil}, Registry{"b.example.com:443", Public, nil}, Registry{"c.example.com:443", Public, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"a.example.com:443", "b.example.com:443", "c.example.com:443"},
		},
		{
			Claim:      "falls-back-to-docker-hub-where-the-set-says-so",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com/hub}], nodes: {fallbackToUpstream: true}}`,
			Registries: with(Registry{"cr.example.com:443", Public, nil}),
			Image:      "docker.io/library/nginx", Asked: []string{"cr.example.com:443", "registry-1.docker.io:443"}, Path: "/v2/library/nginx/manifests/latest",
		},
		{
			Claim:      "falls-back-to-the-upstream-where-the-mirror-is-down",
			Spec:       `{mirrors: [{source: quay.io, mirror: cr.example.com/quay}], nodes: {fallbackToUpstream: true}}`,
			Registries: with(),
			Image:      "quay.io/acme/web:1", Asked: []string{"cr.example.com:443", "quay.io:443"}, Path: "/v2/acme/web/manifests/1",
		},
		{
			Claim:      "pulls-a-rewritten-image-from-a-mirror-over-plain-http",
			Spec:       `{mirrors: [{source: docker.io, mirror: "10.0.0.1:5000/hub", transport: http}, {source: quay.io, mirror: "10.0.0.1:5000/quay", transport: http}]}`,
			Registries: with(Registry{"10.0.0.1:5000", Plain, []string{"hub/library/nginx"}}),
			Image:      "10.0.0.1:5000/hub/library/nginx:latest", Asked: []string{"10.0.0.1:5000"}, Path: "/v2/hub/library/nginx/manifests/latest",
		},
		{
			Claim:      "pulls-a-rewritten-image-from-a-mirror-with-a-ca",
			Spec:       `{mirrors: [{source: docker.io, mirror: "harbor.example.com:8443/hub", caFile: ca.crt}]}`,
			Registries: with(Registry{"harbor.example.com:8443", Private, []string{"hub/library/nginx"}}),
			Image:      "harbor.example.com:8443/hub/library/nginx:latest", Asked: []string{"harbor.example.com:8443"},
		},
		{
			Claim:      "pulls-a-rewritten-image-from-a-mirror-without-verification",
			Spec:       `{mirrors: [{source: docker.io, mirror: harbor.example.com, transport: https-skip-verify}]}`,
			Registries: with(Registry{"harbor.example.com:443", Private, []string{"library/nginx"}}),
			Image:      "harbor.example.com/library/nginx:latest", Asked: []string{"harbor.example.com:443"},
		},
		{
			Claim:      "pulls-from-a-declared-registry-over-plain-http",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}], registries: [{host: "10.16.100.174:5000", transport: http}]}`,
			Registries: with(Registry{"10.16.100.174:5000", Plain, []string{"busybox"}}),
			Image:      "10.16.100.174:5000/busybox:latest", Asked: []string{"10.16.100.174:5000"},
		},
		{
			Claim:      "pulls-from-a-declared-registry-with-a-ca",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}], registries: [{host: registry.corp.example, caFile: ca.crt}]}`,
			Registries: with(Registry{"registry.corp.example:443", Private, []string{"acme/web"}}),
			Image:      "registry.corp.example/acme/web:1", Asked: []string{"registry.corp.example:443"},
		},
		{
			Claim:      "pulls-other-images-as-if-there-were-no-mirror",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"acme/web"}}),
			Image:      "quay.io/acme/web:1", Asked: []string{"quay.io:443"},
		},
		{
			Claim:      "serves-two-sets-side-by-side",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Second:     `{mirrors: [{source: quay.io, mirror: "10.0.0.1:5000/quay", transport: http}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, nil}, Registry{"10.0.0.1:5000", Plain, []string{"quay/acme/web"}}),
			Image:      "quay.io/acme/web:1", Asked: []string{"10.0.0.1:5000"}, Path: "/v2/quay/acme/web/manifests/1",
		},
		{
			Claim:      "does-not-take-a-longer-host-for-the-source",
			Spec:       `{mirrors: [{source: quay.io, mirror: cr.example.com}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"acme/web"}}, Registry{"quay.io.example.com:443", Public, []string{"acme/web"}}),
			Image:      "quay.io.example.com/acme/web:1", Asked: []string{"quay.io.example.com:443"},
		},
		{
			Claim:      "does-not-take-a-named-port-of-the-source-for-the-source",
			Spec:       `{mirrors: [{source: quay.io, mirror: cr.example.com}], registries: [{host: "quay.io:8443"}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"acme/web"}}, Registry{"quay.io:8443", Public, []string{"acme/web"}}),
			Image:      "quay.io:8443/acme/web:1", Asked: []string{"quay.io:8443"},
		},
		{
			Claim:      "verifies-a-named-port-of-a-host-that-is-not-verified",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com, transport: https-skip-verify}], registries: [{host: "cr.example.com:8443"}]}`,
			Registries: with(Registry{"cr.example.com:8443", Private, []string{"acme/web"}}),
			Image:      "cr.example.com:8443/acme/web:1", Asked: []string{"cr.example.com:8443"}, Fails: true,
		},
		{
			Claim:      "pulls-a-source-with-a-port-through-its-mirror",
			Spec:       `{mirrors: [{source: "quay.io:8443", mirror: cr.example.com/quay}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"quay/acme/web"}}),
			Image:      "quay.io:8443/acme/web:1", Asked: []string{"cr.example.com:443"},
		},
		{
			Claim:      "pulls-an-alias-of-the-source-through-its-mirror",
			Spec:       `{mirrors: [{source: quay.io, aliases: [quay.example], mirror: cr.example.com/quay}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"quay/acme/web"}}),
			Image:      "quay.example/acme/web:1", Asked: []string{"cr.example.com:443"},
		},
		{
			Claim:      "pulls-docker-hubs-serving-host-through-its-mirror",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com/hub}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"hub/library/nginx"}}),
			Image:      "registry-1.docker.io/library/nginx:1", Asked: []string{"cr.example.com:443"},
		},
	}
}

// FallbackPaths are pulls through fallbacks with paths of their own, which k3s
// cannot have.
func FallbackPaths() []Pull {
	const set = `{mirrors: [{source: docker.io, mirror: a.example.com/hub, fallbacks: ["b.example.com:8443", c.example.com/proxy/hub]}], registries: [{host: "b.example.com:8443", transport: http}]}`
	c := Registry{"c.example.com:443", Public, []string{"proxy/hub/library/nginx"}}
	return []Pull{
		{
			Claim: "asks-a-fallback-by-its-own-path-and-transport", Spec: set,
			Registries: with(Registry{"b.example.com:8443", Plain, []string{"library/nginx"}}, c),
			Image:      "docker.io/library/nginx", Asked: []string{"a.example.com:443", "b.example.com:8443"}, Path: "/v2/library/nginx/manifests/latest",
		},
		{
			Claim: "asks-each-fallback-by-its-own-path", Spec: set,
			Registries: with(Registry{"a.example.com:443", Public, nil}, Registry{"b.example.com:8443", Plain, nil}, c),
			Image:      "docker.io/library/nginx", Asked: []string{"a.example.com:443", "b.example.com:8443", "c.example.com:443"}, Path: "/v2/proxy/hub/library/nginx/manifests/latest",
		},
	}
}

// WithoutUpstream are pulls that must not reach the upstream though the mirror
// fails. k3s leaves that to a flag of its own program.
func WithoutUpstream() []Pull {
	return []Pull{
		{
			Claim:      "asks-no-upstream-where-the-mirror-does-not-hold-the-image",
			Spec:       `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`,
			Registries: with(Registry{"cr.example.com:443", Public, []string{"library/nginx"}}),
			Image:      "docker.io/library/redis", Asked: []string{"cr.example.com:443"}, Fails: true,
		},
		{
			Claim:      "asks-no-upstream-where-the-mirror-is-down",
			Spec:       `{mirrors: [{source: quay.io, mirror: cr.example.com/quay}], nodes: {fallbackToUpstream: false}}`,
			Registries: with(),
			Image:      "quay.io/acme/web:1", Asked: []string{"cr.example.com:443"}, Fails: true,
		},
		{
			Claim:      "asks-no-upstream-where-every-fallback-is-down",
			Spec:       `{mirrors: [{source: docker.io, mirror: a.example.com, fallbacks: [b.example.com/hub]}]}`,
			Registries: with(),
			Image:      "registry-1.docker.io/library/nginx:1", Asked: []string{"a.example.com:443", "b.example.com:443"}, Fails: true,
		},
		{
			Claim:      "asks-no-upstream-where-the-mirrors-certificate-is-refused",
			Spec:       `{mirrors: [{source: docker.io, mirror: harbor.example.com}]}`,
			Registries: with(Registry{"harbor.example.com:443", Private, []string{"library/nginx"}}),
			Image:      "docker.io/library/nginx", Asked: []string{"harbor.example.com:443"}, Fails: true,
		},
	}
}
