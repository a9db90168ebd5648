package diagnosis

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// hostOf names the registry that a message is about, as written, with a port
// only where one is: the host of the last URL asked before the signal, or the
// name that was looked up where that is another; then a host that the text
// names as such; then the address that was dialled; then the image's registry.
func hostOf(n normal, s signal, ref string) string {
	if strings.Contains(n.low[:s.at.To], "dial unix ") {
		return "" // the runtime's own socket: no registry was asked
	}
	url, asked := lastRequest(n, s.at.To)
	name := ""
	if s.cause == "dns-failure" {
		name = lookedUp(n, s.at.To)
	}
	switch {
	case name != "" && asked && strings.EqualFold(hostname(url.host), name):
		return url.host
	case name != "":
		return name
	case asked && url.host != "":
		return url.host
	}
	for _, after := range []string{"pinging container registry ", "pinging docker registry ", "ping attempt to registry ", "pulling from host ", "pull from ", "host=", "registry="} {
		if host := wordAfter(n, after); host != "" && !strings.EqualFold(host, "returned") {
			return host
		}
	}
	if host := readingHost(n, s.at.From); host != "" {
		return host
	}
	if host := dialled(n, s.at.To); host != "" && !strings.HasPrefix(host, ":") {
		return host
	}
	if s.cause == "short-name-ambiguous" {
		return ""
	}
	if host := certifiedFor(n); host != "" {
		return host
	}
	return registryOf(ref)
}

// registryOf is the registry of an image reference, as the reference writes it;
// docker.io where it names none.
func registryOf(ref string) string {
	first, _, hasPath := strings.Cut(ref, "/")
	parsed, err := image.Parse(ref)
	switch {
	case err != nil && hasPath && strings.ContainsAny(first, ".:"):
		// Broken elsewhere, such as by upper case in the path.
		return cleanHost(first)
	case err != nil:
		return ""
	case hasPath && image.IsDockerHub(first):
		return first
	}
	return parsed.Registry
}

// lookedUp is the last name that was looked up before a place.
func lookedUp(n normal, before int) string {
	at := strings.LastIndex(n.low[:before], "lookup ")
	if at < 0 {
		// "no such host" may stand for a name that is named otherwise.
		return ""
	}
	word, _, _ := strings.Cut(n.text[at+len("lookup "):], " ")
	return strings.TrimSuffix(cleanHost(strings.TrimSuffix(word, ":")), ".")
}

// dialled is the last address that was connected to before a place: the one of
// "dial tcp ADDRESS:", or the far one of "read tcp NEAR->FAR:".
func dialled(n normal, before int) string {
	best := ""
	for _, verb := range []string{"dial tcp ", "read tcp ", "write tcp ", "dial tcp4 ", "dial tcp6 "} {
		at := strings.LastIndex(n.low[:before], verb)
		if at < 0 {
			continue
		}
		word, _, _ := strings.Cut(n.text[at+len(verb):], " ")
		if _, far, ok := strings.Cut(word, "->"); ok {
			word = far
		}
		if host := cleanHost(strings.TrimSuffix(word, ":")); host != "" && best == "" && !strings.EqualFold(host, "lookup") {
			best = host
		}
	}
	return best
}

// readingHost is the registry in "reading manifest TAG in HOST/PATH", which
// names a mirror where the image names the source.
func readingHost(n normal, before int) string {
	for _, verb := range []string{"reading manifest ", "fetching manifest "} {
		at := strings.LastIndex(n.low[:before], verb)
		if at < 0 {
			continue
		}
		_, rest, ok := strings.Cut(n.text[at+len(verb):], " in ")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(rest, " ")
		if parsed, err := image.Parse(strings.TrimSuffix(word, ":")); err == nil {
			return parsed.Registry
		}
	}
	return ""
}

// certifiedFor is the name that a certificate was checked against.
func certifiedFor(n normal) string {
	for _, after := range []string{"but wanted to match ", "cannot validate certificate for "} {
		if host := wordAfter(n, after); host != "" {
			return host
		}
	}
	if at := strings.Index(n.low, "certificate is valid for "); at >= 0 {
		if _, rest, ok := strings.Cut(n.text[at:], ", not "); ok {
			word, _, _ := strings.Cut(rest, " ")
			return cleanHost(word)
		}
	}
	return ""
}

// wordAfter is the host behind some words, where one stands there.
func wordAfter(n normal, words string) string {
	at := strings.LastIndex(n.low, words)
	if at < 0 || at > 0 && isWord(n.low[at-1]) {
		return ""
	}
	word, _, _ := strings.Cut(strings.TrimLeft(n.text[at+len(words):], "\"'"), " ")
	if end := strings.IndexAny(word, "\"'"); end >= 0 {
		word = word[:end]
	}
	host := cleanHost(strings.TrimSuffix(word, ":"))
	if !strings.ContainsAny(host, ".:") && host != "localhost" {
		return ""
	}
	return host
}

// proxyOf is the address of the proxy that was connected to; empty: not named.
func proxyOf(n normal) string {
	at := strings.LastIndex(n.low, "proxyconnect tcp: ")
	if at < 0 {
		return ""
	}
	rest := normal{text: n.text[at:], low: n.low[at:]}
	if name := lookedUp(rest, len(rest.low)); name != "" {
		return name
	}
	if host := dialled(rest, len(rest.low)); !strings.HasPrefix(host, ":") {
		return host
	}
	return ""
}
