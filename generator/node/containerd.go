package node

import (
	"fmt"
	"path"
	"slices"

	"mirrorgen.dev/gen/generator/artifact"
)

// containerd renders certs.d, one folder for each host, and the part of
// config.toml that makes containerd look there.
func containerd(in input) ([]artifact.File, []refusal, error) {
	var files []artifact.File
	var refused []refusal
	done := map[string]bool{}
	for _, r := range in.redirects {
		if no := r.refuseByContainerd(); len(no) > 0 {
			refused = append(refused, no...)
			continue
		}
		for _, name := range r.names {
			text, err := in.text(r.comment(name), in.targets(r, name))
			if err != nil {
				return nil, nil, err
			}
			files = append(files, in.file(hostsPath(name), text))
			done[name] = true
		}
	}
	for _, name := range in.hosts.withCA() {
		files = append(files, in.certificates(path.Join(certsFolder(name), "ca.crt"), name))
	}
	// Without a file containerd asks a loopback address by plain HTTP, or by HTTPS
	// that it does not verify.
	for _, host := range slices.Concat(in.hosts.special(), in.hosts.loopback()) {
		for _, name := range namesOf(host) {
			if done[name] {
				continue
			}
			done[name] = true
			own := target{url: in.hosts.url(host), hostFields: in.security(host, name)}
			text, err := in.text("# How "+name+" itself is reached.\n", []target{own})
			if err != nil {
				return nil, nil, err
			}
			files = append(files, in.file(hostsPath(name), text))
		}
	}
	if len(files) == 0 {
		return nil, refused, nil
	}
	configs, err := in.configs()
	return append(files, configs...), refused, err
}

// refuseByContainerd refuses what hosts.toml has no word for: it is chosen by
// the host alone.
func (r redirect) refuseByContainerd() []refusal {
	var refused []refusal
	if r.below != "" {
		refused = append(refused, r.refuse("source", r.mirror.Source, "containerd redirects a whole registry, never a path of it"))
	}
	if len(r.mirror.Only) > 0 {
		refused = append(refused, r.refuseOnly("containerd redirects every image of a registry, held or not"))
	}
	if len(r.mirror.Except) > 0 {
		refused = append(refused, r.refuse("except", "", "containerd redirects every image of a registry and leaves none alone"))
	}
	asked := r.endpoints
	if !r.upstream {
		// The last one is the value of "server", which any version reads.
		asked = asked[:len(asked)-1]
	}
	return append(refused, r.refuseIPv6(asked, "containerd 1.6 and 1.7 cannot read an IPv6 address in a table's name, and pass over the whole file")...)
}

// targets are who is asked for images of the source's name, in order.
func (in input) targets(r redirect, name string) []target {
	var targets []target
	for _, e := range r.endpoints {
		t := target{url: in.hosts.url(e.host), hostFields: in.security(e.host, name)}
		if e.path != "" {
			// Without /v2 containerd would ask below <path>/v2/, and without
			// override_path below /v2/<path>/v2/.
			t.url += "/v2/" + e.path
			t.OverridePath = true
		}
		t.Capabilities = []string{"pull", "resolve"}
		targets = append(targets, t)
	}
	if r.upstream {
		targets = append(targets, target{url: in.hosts.url(name), hostFields: in.security(name, name)})
	}
	return targets
}

// security is how a host is verified, for the file of the host called at. A
// plain HTTP host gets nothing: with any such field containerd would try HTTPS first.
func (in input) security(name, at string) hostFields {
	var f hostFields
	switch {
	case in.hosts.transport(name) == skipVerify:
		f.SkipVerify = true
	case in.hosts[name].ca != nil && name == at:
		f.CA = "ca.crt"
	case in.hosts[name].ca != nil:
		f.CA = "../" + FolderName(name) + "/ca.crt"
	}
	return f
}

func certsFolder(name string) string { return "containerd/certs.d/" + FolderName(name) }
func hostsPath(name string) string   { return certsFolder(name) + "/hosts.toml" }

// comment says what a redirection comes to.
func (r redirect) comment(name string) string {
	text := "# Asked for images of " + name + ", in this order:\n"
	for i, e := range r.endpoints {
		text += fmt.Sprintf("#   %d. %s\n", i+1, e.written)
	}
	if r.upstream {
		return text + fmt.Sprintf("#   %d. %s itself: \"server\" is asked last\n", len(r.endpoints)+1, name)
	}
	return text + "# and nowhere else: \"server\" is asked last, and without it " + name + " itself would be.\n"
}
