package node

import (
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
)

// K3sCertificates is the folder on a node that k3s/certs/ is copied to. k3s and
// RKE2 take absolute paths only, and have folders of different names.
const K3sCertificates = "/etc/mirrorgen/certs"

// k3s renders registries.yaml, and the switch that keeps k3s from asking the
// source itself.
func k3s(in input) ([]artifact.File, []refusal, error) {
	kept, upstream, refused := in.k3sRedirects()

	mirrors, configs := map[string]any{}, map[string]any{}
	endpoints := map[string]bool{}
	for _, r := range kept {
		entry := map[string]any{"endpoint": in.urls(r)}
		if pattern, replacement := r.rewrite(); pattern != "" {
			entry["rewrite"] = map[string]any{pattern: replacement}
		}
		for _, name := range r.names {
			mirrors[name] = entry
		}
		for _, e := range r.endpoints {
			endpoints[e.host] = true
		}
	}
	var files []artifact.File
	for _, name := range in.hosts.special() {
		_, redirected := mirrors[name]
		switch {
		case redirected && !upstream && !endpoints[name]:
			// An entry in configs would bring the source back as the last that is asked.
			continue
		case in.hosts.transport(name) == plainHTTP:
			switch {
			case redirected:
			case isIPv6(name):
				refused = append(refused, in.hosts.refuseIPv6(name, k3sIPv6, "k3s asks it by https"))
			default:
				mirrors[name] = map[string]any{"endpoint": []any{in.hosts.url(name)}}
			}
		case in.hosts.transport(name) == skipVerify:
			configs[name] = map[string]any{"tls": map[string]any{"insecure_skip_verify": true}}
		default:
			file := FolderName(name) + ".crt"
			for _, spelled := range namesOf(name) {
				// An endpoint on Docker Hub has the name of its server.
				configs[spelled] = map[string]any{"tls": map[string]any{"ca_file": K3sCertificates + "/" + file}}
			}
			files = append(files, in.certificates("k3s/certs/"+file, name))
		}
	}
	if len(mirrors)+len(configs) == 0 {
		return nil, refused, nil
	}
	text, err := registriesYAML(mirrors, configs)
	if err != nil {
		return nil, nil, err
	}
	files = append(files, in.file("k3s/registries.yaml", text))
	if len(kept) > 0 && !upstream {
		files = append(files, in.file("k3s/config.yaml.d/50-mirrorgen.yaml", noDefaultEndpoint))
	}
	return files, refused, nil
}

// k3sIPv6: k3s makes a hosts.toml of its own from each endpoint.
const k3sIPv6 = "k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file"

const noDefaultEndpoint = `# For config.yaml.d/ in /etc/rancher/k3s or /etc/rancher/rke2, on servers and agents; restart
# afterwards. Without it a registry that registries.yaml redirects is asked itself in the end.
# k3s and RKE2 know the key since January 2024: 1.26.13, 1.27.10, 1.28.6, 1.29.1.
disable-default-registry-endpoint: true
`

func registriesYAML(mirrors, configs map[string]any) (string, error) {
	root := map[string]any{}
	if len(mirrors) > 0 {
		root["mirrors"] = mirrors
	}
	if len(configs) > 0 {
		root["configs"] = configs
	}
	data, err := document.Marshal(root)
	return `# For /etc/rancher/k3s or /etc/rancher/rke2; restart k3s or rke2-server and rke2-agent afterwards.
# Endpoints are asked in their order; config.yaml.d says whether the registry itself comes last.
` + string(data), err
}

// urls are the endpoints. Their common path is the rewrite's.
func (in input) urls(r redirect) []any {
	var urls []any
	for _, e := range r.endpoints {
		if e.path == r.endpoints[0].path {
			urls = append(urls, in.hosts.url(e.host))
		}
	}
	return urls
}

// rewrite is the one pattern of a redirection: k3s tries several in no order. It
// sees the repository, without the host and the tag. "" for none.
func (r redirect) rewrite() (pattern, replacement string) {
	if path := r.endpoints[0].path; path != "" {
		return "^(.*)$", path + "/$1"
	}
	return "", ""
}

// k3sRedirects are the redirections that k3s can express, whether their sources
// are asked in the end, and what it cannot express of the others.
func (in input) k3sRedirects() (kept []redirect, upstream bool, refused []refusal) {
	for _, r := range in.redirects {
		no := append(r.refuseByK3s(), r.refuseK3sUpstream(in.hosts)...)
		refused = append(refused, no...)
		if len(no) == 0 {
			kept = append(kept, r)
			refused = append(refused, r.leftOutByK3s()...)
		}
	}
	upstream, no := k3sFallback(kept)
	return kept, upstream, append(refused, no...)
}

// refuseByK3s refuses what one list of endpoints with one rewrite cannot say of
// a registry.
func (r redirect) refuseByK3s() []refusal {
	var refused []refusal
	if r.below != "" {
		// What a rewrite does not match is asked for as it stands, and Go's regular
		// expressions know no "all but".
		refused = append(refused, r.refuse("source", r.mirror.Source, "k3s would ask the mirror for images beside this path too, by their own names, which may be other images there"))
	}
	if len(r.mirror.Only) > 0 {
		refused = append(refused, r.refuseOnly("k3s asks the mirror for every image of the registry, held or not"))
	}
	if len(r.mirror.Except) > 0 {
		refused = append(refused, r.refuse("except", "", "k3s asks the mirror for every image of the registry and leaves none alone"))
	}
	return append(refused, r.refuseIPv6(r.endpoints, k3sIPv6)...)
}

// refuseK3sUpstream refuses sources of plain HTTP that are asked in the end: k3s
// makes that endpoint itself, by https. As one more of the endpoints it would get
// the mirror's rewrite.
func (r redirect) refuseK3sUpstream(hs hosts) []refusal {
	if !r.upstream {
		return nil
	}
	var refused []refusal
	refuse := func(field, written, name string) {
		if hs.transport(name) == plainHTTP {
			no := r.refuse(field, written, "k3s asks the registry itself by https where the mirror fails, and this one is reached by http")
			no.remedy = "keep it from being asked with nodes.fallbackToUpstream: false"
			refused = append(refused, no)
		}
	}
	refuse("source", r.mirror.Source, r.host)
	for i, alias := range r.mirror.Aliases {
		refuse(index("aliases", i), alias, alias)
	}
	return refused
}

// leftOutByK3s is what a redirection says beyond what k3s does with it.
func (r redirect) leftOutByK3s() []refusal {
	var left []refusal
	for _, e := range r.endpoints[1:] {
		if e.path != r.endpoints[0].path {
			left = append(left, refusal{set: r.set, path: r.path + "." + e.field, value: e.written,
				rule: "k3s has one rewrite for each registry, so that a fallback needs the mirror's path", leftOut: "it is not asked there"})
		}
	}
	return left
}

// k3sFallback says whether the sources are asked in the end, which k3s knows for
// all registries at once. Where sets differ, none is asked.
func k3sFallback(kept []redirect) (upstream bool, refused []refusal) {
	upstream = len(kept) > 0
	for _, r := range kept {
		upstream = upstream && r.upstream
	}
	said := map[string]bool{}
	for _, r := range kept {
		if r.upstream && !upstream && !said[r.set.Name] {
			said[r.set.Name] = true
			refused = append(refused, refusal{set: r.set, path: "spec.nodes.fallbackToUpstream",
				rule: "k3s falls back for every registry or for none, and another MirrorSet says none", remedy: "say the same in all of them",
				leftOut: "it does not fall back"})
		}
	}
	return upstream, refused
}
