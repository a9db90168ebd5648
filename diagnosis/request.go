package diagnosis

import (
	"net"
	"sort"
	"strings"
)

// A request is a URL that a client asked, as a message names it.
type request struct {
	// scheme is http or https.
	scheme string
	// host is the authority as written, without credentials; empty where it is
	// masked in a way that leaves no host.
	host string
	// path begins with "/" or is empty; it has no query.
	path string
	// ns is the registry that a mirror was asked on behalf of; empty: not said.
	ns string
	at span
}

// askedBy are the words before a URL that make it one that was asked, rather
// than one that a reader is sent to.
func askedBy() []string {
	return []string{"get", "head", "put", "post", "patch", "request to", "request", "url", "url:", "url=", "endpoint", "endpoint:", "ping", "pinging", "code", "host", "server", "server:", "status", "-->", "<--", "for", "tag", "reference", "name", "to", "registry"}
}

// findRequests finds the URLs that were asked, in the order of the text.
func findRequests(n normal) []request {
	var found []request
	for from := 0; ; {
		at := strings.Index(n.low[from:], "://")
		if at < 0 {
			return found
		}
		at += from
		from = at + 3
		scheme := ""
		switch {
		case strings.HasSuffix(n.low[:at], "https"):
			scheme = "https"
		case strings.HasSuffix(n.low[:at], "http"):
			scheme = "http"
		default:
			continue
		}
		start := at - len(scheme)
		url := n.text[from:]
		if end := strings.IndexAny(url, " \"'`<>),;"); end >= 0 {
			url = url[:end]
		}
		url = strings.TrimRight(url, ".:!")
		if strings.Count(url, "]") > strings.Count(url, "[") {
			url = strings.TrimRight(url, "]:.")
		}
		r := request{scheme: scheme, at: span{From: start, To: from + len(url)}}
		rest, query, _ := strings.Cut(url, "?")
		authority, path, hasPath := strings.Cut(rest, "/")
		if hasPath {
			r.path = "/" + path
		}
		if user := strings.LastIndexByte(authority, '@'); user >= 0 {
			authority = authority[user+1:]
		}
		r.host = cleanHost(authority)
		for _, pair := range strings.Split(query, "&") {
			if ns, ok := strings.CutPrefix(pair, "ns="); ok {
				r.ns = cleanHost(ns)
			}
		}
		if asked(n.low[:start]) || registryPath(r.path) {
			found = append(found, r)
		}
	}
}

// lastRequest is the request that stands closest before a place, else the first
// behind it.
func lastRequest(n normal, before int) (request, bool) {
	if len(n.requests) == 0 {
		return request{}, false
	}
	behind := sort.Search(len(n.requests), func(i int) bool { return n.requests[i].at.From >= before })
	return n.requests[max(0, behind-1)], true
}

// asked reports whether the text before a URL ends in a word that asks.
func asked(before string) bool {
	before = strings.TrimRight(before, " \"'(:=")
	for _, word := range askedBy() {
		word = strings.TrimRight(word, ":=")
		if strings.HasSuffix(before, word) && (len(before) == len(word) || !isWord(before[len(before)-len(word)-1])) {
			return true
		}
	}
	return false
}

// registryPath reports a path of the registry protocol, below whichever prefix,
// or of a token server. "/v2/" alone makes none: others number their versions too.
func registryPath(path string) bool {
	if _, rest, ok := strings.Cut(path, "/v2"); ok {
		if rest == "" || rest == "/" || rest == "/auth" || strings.HasPrefix(rest, "/_catalog") {
			return true
		}
		for _, part := range []string{"/manifests/", "/blobs/", "/tags/", "/referrers/"} {
			if strings.HasPrefix(rest, "/") && strings.Contains(rest, part) {
				return true
			}
		}
	}
	return strings.HasPrefix(path, "/v1/_ping") || strings.HasPrefix(path, "/v1/repositories/") ||
		strings.HasPrefix(path, "/registry-v2/") || strings.HasSuffix(path, "/token") || strings.HasSuffix(path, "/jwt/auth")
}

// foreignRequest reports that what was asked is no registry: the API server, a
// webhook, a health check, Docker's own API, a chart, a Git repository.
func foreignRequest(n normal) bool {
	for _, r := range n.requests {
		for _, prefix := range []string{"/api/v1", "/apis/", "/api?", "/healthz", "/livez", "/readyz", "/metrics", "/mutate", "/validate", "/convert", "/version", "/openapi/"} {
			if strings.HasPrefix(r.path, prefix) {
				return true
			}
		}
		if r.path == "/api" || strings.HasSuffix(r.path, ".git") || strings.HasSuffix(r.path, "/index.yaml") || strings.HasSuffix(r.path, ".tgz") || strings.Contains(r.path, "/containers/") && strings.HasPrefix(r.path, "/v1.") {
			return true
		}
	}
	return false
}

// cleanHost is a host with or without a port as written; empty where the text
// is none. "*" and "X" are let through, since people mask addresses so.
func cleanHost(text string) string {
	text = strings.Trim(text, "\"'`.,;: ")
	if text == "" || len(text) > 261 || text[0] == '-' || text[0] == '/' {
		return ""
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isWord(c) && !strings.ContainsRune(".-_:[]*%", rune(c)) {
			return ""
		}
	}
	if strings.Trim(text, ".*:[]%-_") == "" {
		return ""
	}
	return text
}

// hostname is a host without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
