package migrate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hostNames are the hosts whose transport is known, sorted.
func (r *reader) hostNames() []string {
	names := make([]string, 0, len(r.hosts))
	for name := range r.hosts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// placeHosts declares how hosts are reached: beside their mirror, or as registries
// of the first set that is about them.
func (r *reader) placeHosts(sets []*set) {
	for _, s := range sets {
		s.registries = nil
	}
	for _, name := range r.hostNames() {
		h := r.hosts[name]
		if h.transport == "https" && len(h.ca) == 0 && !(isLoopback(name) && h.declared) {
			continue
		}
		isMirror := false
		var about *set
		for _, s := range sets {
			for _, row := range s.rows {
				if hostOf(row.mirror) == name {
					isMirror = true
				}
				if about == nil && slices.ContainsFunc(append([]string{row.source}, row.fallbacks...), func(address string) bool { return hostOf(address) == name }) {
					about = s
				}
			}
		}
		if isMirror {
			continue
		}
		if about == nil {
			about = sets[0]
		}
		about.registries = append(about.registries, registry{name, h.transport, caFile(name, h), h.at})
	}
}

// reached is how a mirror's host is reached: the transport and the file of
// certificates, both "" where they are the default.
func (r *reader) reached(address string) (transport, ca string, at place) {
	h, known := r.hosts[hostOf(address)]
	if !known {
		return "", "", at
	}
	transport = h.transport
	if transport == "https" {
		transport = ""
	}
	return transport, caFile(hostOf(address), h), h.at
}

// notOfAName is what the name of a file here does not hold.
var notOfAName = regexp.MustCompile(`[^a-z0-9.-]+`)

// caFile is where a host's certificates are to be put beside the MirrorSet; ""
// where it needs none. The path on the node is never followed, nor part of it.
func caFile(host string, h *hostSetting) string {
	if len(h.ca) == 0 || h.transport != "https" {
		return ""
	}
	return "certs/" + strings.Trim(notOfAName.ReplaceAllString(host, "_"), "_.-") + ".crt"
}

// noteCertificates says which files have to be copied, once.
func (r *reader) noteCertificates(host string) {
	h := r.hosts[host]
	if h == nil || h.told || caFile(host, h) == "" {
		return
	}
	h.told = true
	var from []string
	for _, name := range h.ca {
		from = append(from, abridged(name))
	}
	r.note(h.at, "", fmt.Sprintf("copy %s from a node to %s beside the MirrorSet, whose caFile it is", enumerate(from), caFile(host, h)))
}
