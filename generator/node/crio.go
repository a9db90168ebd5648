package node

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
)

// A registriesFile is the part of registries.conf (version 2) that is written.
type registriesFile struct {
	Registry []registry `toml:"registry"`
}

// A registry decides the images below Prefix; the longest prefix wins.
type registry struct {
	Prefix string `toml:"prefix"`
	// Location replaces Prefix, and is asked last. A prefix without a location is
	// an error of the whole file.
	Location string `toml:"location"`
	// Insecure allows plain HTTP and unverified certificates at Location.
	Insecure bool               `toml:"insecure"`
	Mirror   []registryLocation `toml:"mirror"`
}

type registryLocation struct {
	Location string `toml:"location"`
	Insecure bool   `toml:"insecure"`
}

// crio renders one drop-in of registries.conf, which is a table of prefixes as a
// plan's is, so that next to nothing of a redirection is refused.
func crio(in input) ([]artifact.File, []refusal, error) {
	byPrefix := map[string]registry{}
	var refused []refusal
	for _, r := range in.redirects {
		no := r.refuseIPv6(r.endpoints, crioIPv6)
		if isIPv6(r.host) {
			no = append(no, r.refuse("source", r.mirror.Source, crioIPv6))
		}
		refused = append(refused, no...)
		if len(no) == 0 {
			in.prefixes(r, byPrefix)
		}
	}
	for _, name := range in.hosts.special() {
		switch {
		case isIPv6(name):
			refused = append(refused, in.hosts.refuseIPv6(name, crioIPv6, "nothing is written of how it is reached"))
		case in.hosts.insecure(name):
			in.keep(name, byPrefix)
		}
	}
	in.keepPorts(byPrefix)
	var files []artifact.File
	if len(byPrefix) > 0 {
		var rows []registry
		for _, prefix := range slices.Sorted(maps.Keys(byPrefix)) {
			rows = append(rows, byPrefix[prefix])
		}
		text := registriesText(rows)
		var back registriesFile
		if err := strict([]byte(text), &back); err != nil {
			return nil, nil, err
		}
		if !reflect.DeepEqual(back.Registry, rows) {
			return nil, nil, fmt.Errorf("registries.conf reads back as %v, not as %v", back.Registry, rows)
		}
		files = append(files, in.file("crio/registries.conf.d/50-mirrorgen.conf", text))
	}
	for _, host := range in.hosts.withCA() {
		if isIPv6(host) {
			continue
		}
		for _, name := range namesOf(host) {
			files = append(files, in.certificates(path.Join("crio/certs.d", name, "ca.crt"), host))
		}
	}
	return files, refused, nil
}

// crioIPv6: go.podman.io/image/v5 has a grammar of references that is older than theirs.
const crioIPv6 = "CRI-O and Podman know no image at an IPv6 address"

// prefixes adds the rows of one mirror's part of its set's table.
func (in input) prefixes(r redirect, byPrefix map[string]registry) {
	for prefix, row := range r.table {
		if row.To != "" && row.Mirror != r.mirror.Name {
			continue
		}
		for _, spelled := range spellings(prefix) {
			if row.To == "" {
				in.keep(spelled, byPrefix)
				continue
			}
			_, written := split(r.mirror.Mirror)
			_, to := split(row.To)
			rest := strings.TrimPrefix(to, written)
			byPrefix[spelled] = in.row(r, spelled, rest)
		}
	}
}

// row redirects prefix to the endpoints, rest put behind their paths.
func (in input) row(r redirect, prefix, rest string) registry {
	var asked []registryLocation
	for _, e := range r.endpoints {
		location := strings.TrimSuffix(e.host+"/"+strings.Trim(e.path+"/"+strings.Trim(rest, "/"), "/"), "/")
		asked = append(asked, registryLocation{location, in.hosts.insecure(e.host)})
	}
	if r.upstream {
		host, _ := split(prefix)
		asked = append(asked, registryLocation{prefix, in.hosts.insecure(host)})
	}
	last := asked[len(asked)-1]
	row := registry{Prefix: prefix, Location: last.Location, Insecure: last.Insecure}
	if len(asked) > 1 {
		row.Mirror = asked[:len(asked)-1]
	}
	return row
}

// keep leaves what is below prefix where it is, unless a row says more.
func (in input) keep(prefix string, byPrefix map[string]registry) {
	if _, taken := byPrefix[prefix]; !taken {
		host, _ := split(prefix)
		byPrefix[prefix] = registry{Prefix: prefix, Location: prefix, Insecure: in.hosts.insecure(host)}
	}
}

// keepPorts keeps a host with a port from the row of the same host without one.
// The library takes the colon of a port for that of a tag, and would redirect
// harbor.example.com:8443/x by the row of harbor.example.com
// (go.podman.io/image/v5/pkg/sysregistriesv2, refMatchingPrefix).
func (in input) keepPorts(byPrefix map[string]registry) {
	named := map[string]bool{}
	for name := range in.hosts {
		named[name] = true
	}
	for _, r := range in.redirects {
		for _, name := range r.names {
			named[name] = true
		}
		for _, e := range r.endpoints {
			named[e.host] = true
		}
	}
	for name := range named {
		cut := strings.LastIndexByte(name, ':')
		if cut < 0 || strings.HasSuffix(name, "]") {
			continue
		}
		if _, bare := byPrefix[name[:cut]]; bare {
			in.keep(name, byPrefix)
		}
	}
}

// spellings are a prefix at every host that its registry goes by. The library
// reads index.docker.io as docker.io, and knows nothing of registry-1.docker.io.
func spellings(prefix string) []string {
	host, rest, below := strings.Cut(prefix, "/")
	if host != image.DockerHub {
		return []string{prefix}
	}
	served := dockerHubServer
	if below {
		served += "/" + rest
	}
	return []string{prefix, served}
}

func registriesText(rows []registry) string {
	var b strings.Builder
	b.WriteString(`# For /etc/containers/registries.conf.d/, which CRI-O, Podman, Buildah and Skopeo read. CRI-O
# takes it up with: systemctl reload crio. The longest prefix wins; "location" is asked last.
`)
	write := func(l registryLocation) {
		fmt.Fprintf(&b, "location = %s\n", quote(l.Location))
		if l.Insecure {
			b.WriteString("insecure = true\n")
		}
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "\n[[registry]]\nprefix = %s\n", quote(row.Prefix))
		write(registryLocation{row.Location, row.Insecure})
		for _, m := range row.Mirror {
			b.WriteString("\n[[registry.mirror]]\n")
			write(m)
		}
	}
	return b.String()
}
