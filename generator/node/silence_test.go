package node_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// reach is where each runtime says how a host is reached. A line is enough for
// plain HTTP and what is not verified; a CA has its file.
func reach(runtime, host, transport string, files map[string]string) bool {
	scheme := map[string]string{"http": "http://", "https-skip-verify": "https://", "https": "https://"}[transport]
	switch runtime {
	case node.Containerd:
		text, there := files["containerd/certs.d/"+node.FolderName(host)+"/hosts.toml"]
		word := map[string]string{"http": "", "https-skip-verify": "skip_verify = true", "https": `ca = "ca.crt"`}[transport]
		return there && strings.Contains(text, scheme+host+`"`) && strings.Contains(text, word)
	case node.CRIO:
		if transport == "https" {
			return files["crio/certs.d/"+host+"/ca.crt"] != ""
		}
		return strings.Contains(files[registriesConf], "location = \""+host+"\"\ninsecure = true\n")
	case node.Docker:
		if transport == "https" {
			return files["docker/certs.d/"+host+"/ca.crt"] != ""
		}
		return strings.Contains(files["docker/daemon.json"], `"`+host+`"`)
	}
	text := files[registriesYAML]
	switch transport {
	case "http":
		return strings.Contains(text, "http://"+host+"\n") || strings.Contains(text, `http://`+host+`"`) || strings.Contains(text, `http://`+host+`'`)
	case "https-skip-verify":
		return strings.Contains(text, host) && strings.Contains(text, "insecure_skip_verify: true")
	}
	return strings.Contains(text, node.K3sCertificates+"/"+node.FolderName(host)+".crt") && files["k3s/certs/"+node.FolderName(host)+".crt"] != ""
}

// TestNoHostIsDroppedInSilence states that each runtime is told how to reach
// every host that is not reached by plain HTTPS, or that gen says, at a field
// that names the host, what it leaves out.
func TestNoHostIsDroppedInSilence(t *testing.T) {
	ca := (&maker{t: t}).make("ca", true, year(2026), year(2036))
	hosts := []string{"r.example.com", "r.example.com:5000", "localhost:5000", "127.0.0.1:5000", "10.0.0.1", "[fd00::9]:5000", "[fd00::9]", "[::1]:5000"}
	r := rand.New(rand.NewSource(1))
	spoken, refused := 0, 0
	for range 3000 {
		set, special := randomHosts(r, hosts, ca)
		for _, runtime := range node.Runtimes() {
			options := node.Options{Runtimes: []string{runtime}}
			set.Spec.Nodes.OnUnsupported = "skip"
			files, skipped, err := node.Render([]*spec.MirrorSet{set}, options)
			if err != nil {
				t.Fatal(err)
			}
			set.Spec.Nodes.OnUnsupported = ""
			_, _, err = node.Render([]*spec.MirrorSet{set}, options)
			for host, transport := range special {
				if reach(runtime, host, transport, texts(files)) {
					spoken++
					continue
				}
				if !names(spec.Problems(skipped).Error(), host) || !names(message(err), host) {
					t.Fatalf("%s: nothing is said of %s, reached by %s:\n%+v\nskipped %v\nrefused %v\n%v", runtime, host, transport, set.Spec, skipped, err, texts(files))
				}
				refused++
			}
			if message(err) == "" && slices.ContainsFunc(skipped, func(p spec.Problem) bool { return strings.Contains(p.Message, "nothing is written") }) {
				t.Fatalf("%s: is skipped and not refused: %v", runtime, skipped)
			}
		}
	}
	if spoken < 1000 || refused < 1000 {
		t.Errorf("%d hosts are written and %d refused: the sets do not try enough", spoken, refused)
	}
}

// names says that a message shows the host, alone or with a path.
func names(text, host string) bool {
	return strings.Contains(text, `"`+host+`"`) || strings.Contains(text, `"`+host+"/")
}

// randomHosts is a set whose mirrors and registries are at some of the hosts,
// each reached in one way, and those that are not reached by plain HTTPS.
func randomHosts(r *rand.Rand, hosts []string, ca []byte) (set *spec.MirrorSet, special map[string]string) {
	set, special = &spec.MirrorSet{Name: "set"}, map[string]string{}
	way := func(host string) (transport, caFile string, pem []byte) {
		switch transport = pick(r, "", "http", "https-skip-verify", "https"); transport {
		case "https":
			special[host] = transport
			return transport, "ca.crt", ca
		case "http", "https-skip-verify":
			special[host] = transport
		}
		return transport, "", nil
	}
	order := r.Perm(len(hosts))
	for i, source := range []string{"docker.io", "quay.io", "ghcr.io"}[:1+r.Intn(3)] {
		host := hosts[order[i]]
		m := spec.Mirror{Name: source, Source: source, Mirror: host + pick(r, "", "/hub")}
		m.Transport, m.CAFile, m.CA = way(host)
		if r.Intn(3) == 0 {
			m.Fallbacks = []string{hosts[order[5]] + pick(r, "", "/hub")}
		}
		set.Spec.Mirrors = append(set.Spec.Mirrors, m)
	}
	for _, at := range order[4 : 5+r.Intn(3)] {
		registry := spec.Registry{Host: hosts[at]}
		registry.Transport, registry.CAFile, registry.CA = way(registry.Host)
		set.Spec.Registries = append(set.Spec.Registries, registry)
	}
	if r.Intn(3) == 0 {
		set.Spec.Scope.ExcludeNamespaces = []string{"web"}
	}
	upstream := r.Intn(2) == 0
	set.Spec.Nodes.FallbackToUpstream = &upstream
	return set, special
}

// An image names Docker Hub in two ways, and a runtime looks the CA of a proxy
// in between up by the one that is there.
func TestACAOfDockerHubIsFoundUnderBothOfItsNames(t *testing.T) {
	set := mirrors(t, "registries: [{host: docker.io, caFile: ca.crt}]", "source: quay.io, mirror: m.example.com")
	set.Spec.Registries[0].CA = (&maker{t: t}).make("ca", true, year(2026), year(2036))
	files := render(t, set, node.Containerd, node.CRIO, node.K3s)
	has(t, files, "containerd/certs.d/docker.io/hosts.toml", `server = "https://registry-1.docker.io"`, `ca = "ca.crt"`)
	has(t, files, "containerd/certs.d/registry-1.docker.io/hosts.toml", `server = "https://registry-1.docker.io"`, `ca = "../docker.io/ca.crt"`)
	has(t, files, registriesYAML, "docker.io:", "ca_file: "+node.K3sCertificates+"/docker.io.crt", "registry-1.docker.io:", "ca_file: "+node.K3sCertificates+"/docker.io.crt")
	for _, path := range []string{"containerd/certs.d/docker.io/ca.crt", "crio/certs.d/docker.io/ca.crt", "crio/certs.d/registry-1.docker.io/ca.crt", "k3s/certs/docker.io.crt"} {
		has(t, files, path, "BEGIN CERTIFICATE")
	}
	rendered, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.Docker}})
	if err == nil {
		t.Errorf("Docker redirects quay.io: %v", rendered)
	}
	set.Spec.Nodes.OnUnsupported = "skip"
	if rendered, _, err = node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.Docker}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"docker.io", "registry-1.docker.io"} {
		if !slices.ContainsFunc(rendered, func(f artifact.File) bool { return f.Path == "docker/certs.d/"+name+"/ca.crt" }) {
			t.Errorf("Docker has no CA for %s", name)
		}
	}
}
