package mirror

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// The transports of a registry that is not reached by HTTPS with a verified
// certificate.
const (
	HTTP       = "http"
	SkipVerify = "https-skip-verify"
)

// compileTransports gathers the hosts of mirrors and of declared registries.
// Check refuses a host with two transports.
func compileTransports(s spec.Spec) map[string]string {
	var transports map[string]string
	add := func(address, transport string) {
		if transport == "" || transport == "https" {
			return
		}
		if transports == nil {
			transports = map[string]string{}
		}
		transports[hostOf(canonicalPrefix(address))] = transport
	}
	for _, m := range s.Mirrors {
		add(m.Mirror, m.Transport)
	}
	for _, r := range s.Registries {
		add(r.Host, r.Transport)
	}
	return transports
}

// hostOf is the host[:port] of an address or an image's name.
func hostOf(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}

// hostOfReference is the host that an image is pulled from, as hosts are
// compared: in lower case, Docker Hub by its one name.
func hostOfReference(ref image.Reference) string { return hostOf(ref.Name()) }
