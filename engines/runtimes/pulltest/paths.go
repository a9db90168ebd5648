package pulltest

// BelowPaths are pulls that need a redirection of less than a whole registry:
// a source with a path, only, except. Of the runtimes CRI-O alone can say all.
func BelowPaths() []Pull {
	acme := Registry{"quay.io:443", Public, []string{"acme/web", "acme2/web", "other/web"}}
	cr := func(holds ...string) []Registry {
		return []Registry{{"cr.example.com:443", Public, holds}, acme, upstreams[0]}
	}
	const source = `{mirrors: [{source: quay.io/acme, mirror: cr.example.com/proxies}]}`
	const nested = `{mirrors: [{source: quay.io, mirror: cr.example.com/quay}, {source: quay.io/acme, mirror: cr.example.com/proxies}]}`
	const only = `{mirrors: [{source: quay.io, mirror: cr.example.com/quay, only: [acme]}]}`
	const except = `{mirrors: [{source: quay.io, mirror: cr.example.com/quay, except: [acme]}]}`
	return []Pull{
		{
			Claim: "redirects-below-a-path-of-the-source", Spec: source, Registries: cr("proxies/web"),
			Image: "quay.io/acme/web:1", Asked: []string{"cr.example.com:443"}, Path: "/v2/proxies/web/manifests/1",
		},
		{
			Claim: "does-not-take-a-longer-component-for-the-path", Spec: source, Registries: cr("proxies/web"),
			Image: "quay.io/acme2/web:1", Asked: []string{"quay.io:443"},
		},
		{
			Claim: "leaves-the-rest-of-the-registry-alone", Spec: source, Registries: cr("proxies/web"),
			Image: "quay.io/other/web:1", Asked: []string{"quay.io:443"},
		},
		{
			Claim: "prefers-the-longest-source", Spec: nested, Registries: cr("proxies/web"),
			Image: "quay.io/acme/web:1", Asked: []string{"cr.example.com:443"}, Path: "/v2/proxies/web/manifests/1",
		},
		{
			Claim: "takes-the-shorter-source-where-the-longer-is-another", Spec: nested, Registries: cr("quay/acme2/web"),
			Image: "quay.io/acme2/web:1", Asked: []string{"cr.example.com:443"}, Path: "/v2/quay/acme2/web/manifests/1",
		},
		{
			Claim: "redirects-what-only-names", Spec: only, Registries: cr("quay/acme/web"),
			Image: "quay.io/acme/web:1", Asked: []string{"cr.example.com:443"}, Path: "/v2/quay/acme/web/manifests/1",
		},
		{
			Claim: "leaves-alone-what-only-does-not-name", Spec: only, Registries: cr("quay/other/web"),
			Image: "quay.io/other/web:1", Asked: []string{"quay.io:443"},
		},
		{
			Claim: "leaves-alone-what-except-names", Spec: except, Registries: cr("quay/acme/web"),
			Image: "quay.io/acme/web:1", Asked: []string{"quay.io:443"},
		},
		{
			Claim: "redirects-what-except-does-not-name", Spec: except, Registries: cr("quay/other/web"),
			Image: "quay.io/other/web:1", Asked: []string{"cr.example.com:443"}, Path: "/v2/quay/other/web/manifests/1",
		},
		{
			Claim: "redirects-one-namespace-of-docker-hub", Spec: `{mirrors: [{source: docker.io/library, mirror: cr.example.com/official}]}`, Registries: cr("official/nginx"),
			Image: "docker.io/library/nginx", Asked: []string{"cr.example.com:443"}, Path: "/v2/official/nginx/manifests/latest",
		},
	}
}
