package loopback

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A Registry is an OCI registry under a name of the Network. It serves the one
// Manifest from the repositories that it holds, answers 404 for all else, and
// records what it was asked.
type Registry struct {
	repositories []string
	server       *httptest.Server
	hangUp       func()

	mu       sync.Mutex
	requests []Request
}

// A Request is one request that a registry got.
type Request struct {
	Method, Path string
	// Namespace is the query parameter "ns", by which containerd names the
	// registry that a mirror stands for; empty where there is none.
	Namespace string
	// TLS says that the request came over TLS.
	TLS bool
}

// Serve starts a registry at "host:port" that holds the given repositories,
// over TLS with a certificate of authority, or over plain HTTP where authority
// is nil. It stops with the test.
func (n *Network) Serve(t testing.TB, address string, authority *Authority, repositories ...string) *Registry {
	t.Helper()
	r := &Registry{repositories: repositories}
	r.server = httptest.NewUnstartedServer(r)
	// A client that refuses a certificate is what some tests want.
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if authority != nil {
		// A client names no host where it dials an IP address, and httptest would
		// give it a certificate of its own.
		own, err := authority.sign(hostOf(address))
		if err != nil {
			t.Fatal(err)
		}
		r.server.TLS = authority.config(hostOf(address))
		r.server.TLS.Certificates = []tls.Certificate{*own}
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
	t.Cleanup(r.server.Close)
	n.route(address, r.server.Listener.Addr().String())
	r.hangUp = sync.OnceFunc(func() { n.unroute(address) })
	t.Cleanup(r.hangUp)
	return r
}

func hostOf(address string) string {
	return strings.Trim(address[:strings.LastIndexByte(address, ':')], "[]")
}

// Stop makes the registry unreachable.
func (r *Registry) Stop() { r.hangUp() }

// Requests are what the registry was asked so far, in order.
func (r *Registry) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Paths are the paths of Requests, each once, in the order of the first time.
func (r *Registry) Paths() []string {
	var paths []string
	for _, request := range r.Requests() {
		if !slices.Contains(paths, request.Path) {
			paths = append(paths, request.Path)
		}
	}
	return paths
}

// ServeHTTP answers a request of the distribution protocol.
func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, Request{
		Method:    request.Method,
		Path:      request.URL.Path,
		Namespace: request.URL.Query().Get("ns"),
		TLS:       request.TLS != nil,
	})
	r.mu.Unlock()

	if request.URL.Path == "/v2/" {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		return
	}
	for _, repository := range r.repositories {
		rest, ok := strings.CutPrefix(request.URL.Path, "/v2/"+repository+"/")
		if !ok {
			continue
		}
		kind, what, _ := strings.Cut(rest, "/")
		if data, mediaType := lookUp(kind, what); data != nil {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Docker-Content-Digest", Digest(data))
			_, _ = w.Write(data) // a client may hang up; for HEAD the server drops the body
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
}

// lookUp finds what stands at manifests/<tag or digest> or blobs/<digest>.
func lookUp(kind, what string) (data []byte, mediaType string) {
	isDigest := strings.Contains(what, ":")
	switch manifest := Manifest(); {
	case kind == "manifests" && (!isDigest || what == Digest(manifest)):
		return manifest, MediaType
	case kind == "blobs":
		return blobs()[what], "application/octet-stream"
	}
	return nil, ""
}
