package node

import (
	"bytes"
	"encoding/json"
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
)

// A daemonFile is the part of Docker's daemon.json that is written, its keys in
// their order. An unknown key keeps Docker from starting, a comment likewise.
type daemonFile struct {
	// InsecureRegistries are host[:port]; Docker tries HTTPS without verifying, then HTTP.
	InsecureRegistries []string `json:"insecure-registries,omitempty"`
	// RegistryMirrors are URLs without a path, for Docker Hub alone, in order.
	RegistryMirrors []string `json:"registry-mirrors,omitempty"`
}

// docker renders daemon.json, with the marker that stands for its header, and
// the folders in which Docker looks for certificates.
func docker(in input) ([]artifact.File, []refusal, error) {
	var daemon daemonFile
	var refused []refusal
	for _, r := range in.redirects {
		if no := r.refuseByDocker(); len(no) > 0 {
			refused = append(refused, no...)
			continue
		}
		for _, e := range r.endpoints {
			if e.path == "" {
				daemon.RegistryMirrors = append(daemon.RegistryMirrors, in.hosts.url(e.host))
			}
		}
		refused = append(refused, r.leftOutByDocker()...)
	}
	var files []artifact.File
	for _, name := range in.hosts.special() {
		if in.hosts.insecure(name) {
			daemon.InsecureRegistries = append(daemon.InsecureRegistries, name)
			continue
		}
		for _, spelled := range namesOf(name) {
			files = append(files, in.certificates(path.Join("docker/certs.d", spelled, "ca.crt"), name))
		}
	}
	if len(daemon.InsecureRegistries)+len(daemon.RegistryMirrors) == 0 {
		return files, refused, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(daemon); err != nil {
		return nil, nil, err
	}
	const name = "docker/daemon.json"
	return append(files, artifact.File{Path: name, Data: text.Bytes()}, artifact.Nodes.Marker(name, in.source)), refused, nil
}

// refuseByDocker refuses what registry-mirrors has no word for. Docker 24 to 28
// take a path in a mirror's URL, and then ask below <path>/v2/, where no
// registry of several projects answers; the documentation allows none.
func (r redirect) refuseByDocker() []refusal {
	var refused []refusal
	switch {
	case r.host != image.DockerHub:
		return append(refused, r.refuse("source", r.mirror.Source, "Docker redirects docker.io and no other registry"))
	case r.below != "":
		refused = append(refused, r.refuse("source", r.mirror.Source, "Docker redirects the whole of docker.io, never a path of it"))
	}
	if len(r.mirror.Only) > 0 {
		refused = append(refused, r.refuseOnly("Docker asks the mirror for every image, held or not"))
	}
	if len(r.mirror.Except) > 0 {
		refused = append(refused, r.refuse("except", "", "Docker asks the mirror for every image and leaves none alone"))
	}
	if r.endpoints[0].path != "" {
		refused = append(refused, r.refuse("mirror", r.mirror.Mirror, "Docker takes a mirror without a path alone"))
	}
	return refused
}

// leftOutByDocker is what a redirection says beyond what Docker does with it.
func (r redirect) leftOutByDocker() []refusal {
	var left []refusal
	leave := func(path, value, rule, leftOut string) {
		left = append(left, refusal{set: r.set, path: path, value: value, rule: rule, leftOut: leftOut})
	}
	for i, alias := range r.mirror.Aliases {
		leave(r.path+index(".aliases", i), alias, "Docker redirects docker.io and no other registry", "images of that name are not redirected there")
	}
	for _, e := range r.endpoints[1:] {
		if e.path != "" {
			leave(r.path+"."+e.field, e.written, "Docker takes a mirror without a path alone", "it is not asked there")
		}
	}
	const asksHub = "Docker asks Docker Hub itself where the mirrors fail, and no setting keeps it from that"
	switch fallback := r.set.Spec.Nodes.FallbackToUpstream; {
	case fallback == nil:
		left = append(left, refusal{set: r.set, path: r.path + ".source", value: r.mirror.Source, rule: asksHub, inherent: true})
	case !*fallback:
		left = append(left, refusal{set: r.set, path: "spec.nodes.fallbackToUpstream", rule: asksHub, remedy: "drop the line",
			leftOut: "it does so"})
	}
	return left
}
