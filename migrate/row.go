package migrate

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// A row is a mirror as an input says it.
type row struct {
	source, mirror string
	fallbacks      []string
	// except are the paths below the source that are left alone.
	except []string
	// at are the places that say so; what is what they are, such as ClusterPolicy x.
	at   []place
	what string
	// upstream says whether the source itself is asked last; nil: the input cannot say.
	upstream *bool
	scope    spec.Scope
}

// A hostSetting is how a registry is reached.
type hostSetting struct {
	transport string
	// ca are the files of certificates as they are on a node.
	ca []string
	at place
	// declared says that the input names the host for itself, as no mirror.
	declared bool
	// told says that it was said which certificates have to be copied.
	told bool
}

// A setting is what a policy says of itself beside its mirrors.
type setting struct {
	at place
	// what is the policy, as messages name it.
	what  string
	scope spec.Scope
	// failure is Ignore or Fail; written is false for Kyverno's default.
	failure string
	written bool
}

// canonical is an address with the host in lower case and Docker Hub by its one name.
func canonical(address string) string {
	host, rest, hasPath := strings.Cut(address, "/")
	host = image.LowerASCII(host)
	if image.IsDockerHub(host) {
		host = image.DockerHub
	}
	if hasPath {
		return host + "/" + rest
	}
	return host
}

// hostOf is the host[:port] of an address.
func hostOf(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}

// below reports whether a name is a prefix or lies below it at a "/" boundary.
func below(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

// declare says how a host is reached. The first place counts.
func (r *reader) declare(host, transport string, ca []string, at place) {
	host = canonical(host)
	if host == image.DockerHub && transport != "https" {
		r.leave(at, host, "Docker Hub is reached by https alone; remove the line")
		return
	}
	before, known := r.hosts[host]
	if !known {
		r.hosts[host] = &hostSetting{transport: transport, ca: ca, at: at}
		return
	}
	switch plain := transport == "https" && len(ca) == 0; {
	case (before.transport == "http") != (transport == "http"), before.transport != transport && !plain && !(before.transport == "https" && len(before.ca) == 0):
		r.leave(at, host, "is reached by "+transport+" here, and by "+before.transport+" in "+before.at.String()+"; a registry has one transport: write the one that is right")
	case plain:
	case before.transport == transport:
		before.ca = append(before.ca, ca...)
	default:
		before.transport, before.ca, before.at = transport, ca, at
	}
}

// declareItself notes that the input names a host for itself.
func (r *reader) declareItself(host string) {
	if h, known := r.hosts[host]; known {
		h.declared = true
	}
}

// String is file:line, as messages name another place.
func (p place) String() string { return placeText(p.Position) }
