package node

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// The values of transport.
const (
	https      = "https"
	skipVerify = "https-skip-verify"
	plainHTTP  = "http"
)

// A host is how a registry is reached.
type host struct {
	// transport is https, https-skip-verify or http; never empty.
	transport string
	// ca is PEM, the certificates of every caFile of the host, each once; nil
	// where the system's trust is enough, or nothing is verified.
	ca []byte
	// declared is the first field of set that names the host, written what stands there.
	set               *spec.MirrorSet
	declared, written string
}

// hosts are by host[:port]. A host that is absent is reached by https.
type hosts map[string]host

func (hs hosts) transport(name string) string {
	if h, ok := hs[name]; ok {
		return h.transport
	}
	return https
}

// insecure says that nothing vouches for the host.
func (hs hosts) insecure(name string) bool { return hs.transport(name) != https }

// special lists the hosts that are not reached by plain HTTPS with the system's
// trust, sorted.
func (hs hosts) special() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(hs)) {
		if hs.insecure(name) || hs[name].ca != nil {
			names = append(names, name)
		}
	}
	return names
}

// loopback lists the hosts on the machine itself that are to be verified, sorted.
func (hs hosts) loopback() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(hs)), func(name string) bool { return hs.insecure(name) || !isLoopback(name) })
}

// isLoopback reads a host[:port] as containerd does (core/remotes/docker,
// IsLocalhost), to which [::1] without a port is none.
func isLoopback(name string) bool {
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return name == "localhost" || net.ParseIP(name).IsLoopback()
}

// withCA lists the hosts that have certificates, sorted.
func (hs hosts) withCA() []string {
	return slices.DeleteFunc(hs.special(), func(name string) bool { return hs[name].ca == nil })
}

// url is the scheme and host of a registry.
func (hs hosts) url(name string) string {
	scheme := "https://"
	if hs.transport(name) == plainHTTP {
		scheme = "http://"
	}
	if name == image.DockerHub {
		// docker.io is a name; the registry answers at another.
		name = dockerHubServer
	}
	return scheme + name
}

// dockerHubServer is the host that serves Docker Hub.
const dockerHubServer = "registry-1.docker.io"

// namesOf are the names by which images name a host: Docker Hub has two. A
// runtime looks a host's certificates up by the name in the image.
func namesOf(host string) []string {
	if host == image.DockerHub {
		return []string{host, dockerHubServer}
	}
	return []string{host}
}

// readHosts gathers the hosts of mirrors and of declared registries. A fallback
// at another host than its mirror's is reached by https unless it is declared:
// that a mirror is not verified says nothing of other hosts.
func readHosts(sets []*spec.MirrorSet) (hosts, spec.Problems) {
	found := hosts{}
	var problems spec.Problems
	for _, set := range sets {
		declare := func(address, transport, caFile string, ca []byte, path, field string) {
			name, _ := split(address)
			at := set.Position(path + ".transport")
			if caFile != "" && ca == nil {
				at := set.Position(path + ".caFile")
				problems = append(problems, spec.Problem{Position: at, Path: path + ".caFile", Message: fmt.Sprintf(
					"%q: cannot be followed, as the MirrorSet was not read from a file of its own; name that file with -f", caFile)})
			}
			if transport == "" {
				transport = https
			}
			h, known := found[name]
			if known && h.transport != transport {
				problems = append(problems, spec.Problem{Position: at, Path: path + ".transport", Message: fmt.Sprintf(
					"%q is reached by %s here and by %s at %s; a node has one way to each host: write the same transport", name, transport, h.transport, place(h))})
				return
			}
			if !known {
				h = host{transport: transport, set: set, declared: path + "." + field, written: address}
			}
			if transport == https {
				h.ca = join(h.ca, ca)
			}
			found[name] = h
		}
		for i, m := range set.Spec.Mirrors {
			declare(m.Mirror, m.Transport, m.CAFile, m.CA, index("spec.mirrors", i), "mirror")
		}
		for i, r := range set.Spec.Registries {
			declare(r.Host, r.Transport, r.CAFile, r.CA, index("spec.registries", i), "host")
		}
	}
	return found, problems
}

func place(h host) string {
	at := h.set.Position(h.declared)
	if at.Line == 0 {
		return h.declared
	}
	return fmt.Sprintf("%s:%d", at.File, at.Line)
}

// join is the certificates of two PEM texts, each once, in their order.
func join(have, more []byte) []byte {
	for block, rest := pem.Decode(more); block != nil; block, rest = pem.Decode(rest) {
		encoded := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})
		if !bytes.Contains(have, encoded) {
			have = append(have[:len(have):len(have)], encoded...)
		}
	}
	return have
}

// split is the host[:port] and the path, empty for none, of an address. Docker
// Hub has its one spelling.
func split(address string) (host, path string) {
	host, path, _ = strings.Cut(address, "/")
	if image.IsDockerHub(host) {
		host = image.DockerHub
	}
	return host, path
}

// FolderName is a host as the name of a folder or a file: the port stands
// between underlines, as in 10.0.0.1_5000_, which is where containerd looks
// first. The colons of an IPv6 address stay.
func FolderName(host string) string {
	cut := strings.LastIndexByte(host, ':')
	if cut < 0 || strings.HasSuffix(host, "]") {
		return host
	}
	return host[:cut] + "_" + host[cut+1:] + "_"
}

// certificates is a file of a host's certificates.
func (in input) certificates(name, host string) artifact.File {
	return in.file(name, string(in.hosts[host].ca))
}

// trust has the certificates of every host, for the system's trust store.
func (in input) trust() []artifact.File {
	var files []artifact.File
	for _, name := range in.hosts.withCA() {
		files = append(files, in.certificates("trust/"+FolderName(name)+".crt", name))
	}
	return files
}
