package node_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

const dockerHosts = "containerd/certs.d/docker.io/hosts.toml"

func TestAMirrorPathNeedsOverridePath(t *testing.T) {
	files := render(t, mirrors(t, "", "source: docker.io, mirror: m.example.com/hub/a.b"), node.Containerd)
	has(t, files, dockerHosts, `server = "https://m.example.com/v2/hub/a.b"`, "override_path = true")
}

func TestAMirrorWithoutAPathHasNoOverride(t *testing.T) {
	files := render(t, mirrors(t, "", "source: docker.io, mirror: m.example.com"), node.Containerd)
	has(t, files, dockerHosts, "server = \"https://m.example.com\"\ncapabilities")
	hasNot(t, files, dockerHosts, "override_path")
}

func TestTheServerIsAlwaysWritten(t *testing.T) {
	for _, row := range []struct {
		why, nodes, source, path, want string
	}{
		{"no fallback by default", "", "docker.io", dockerHosts, `server = "https://m.example.com"`},
		{"no fallback, written out", "nodes: {fallbackToUpstream: false}", "docker.io", dockerHosts, `server = "https://m.example.com"`},
		{"Docker Hub answers at another host", "nodes: {fallbackToUpstream: true}", "docker.io", dockerHosts, `server = "https://registry-1.docker.io"`},
		{"another registry answers at its own", "nodes: {fallbackToUpstream: true}", "quay.io:8443", "containerd/certs.d/quay.io_8443_/hosts.toml", `server = "https://quay.io:8443"`},
	} {
		t.Run(row.why, func(t *testing.T) {
			files := render(t, mirrors(t, row.nodes, "source: '"+row.source+"', mirror: m.example.com"), node.Containerd)
			has(t, files, row.path, row.want)
		})
	}
}

func TestFallbacksAreAskedInTheirOrder(t *testing.T) {
	files := render(t, mirrors(t, "nodes: {fallbackToUpstream: true}", "source: docker.io, mirror: z.example.com, fallbacks: [b.example.com, a.example.com]"), node.Containerd)
	has(t, files, dockerHosts, `[host."https://z.example.com"]`, `[host."https://b.example.com"]`, `[host."https://a.example.com"]`)
}

func TestAFallbackBorrowsNoTransport(t *testing.T) {
	files := render(t, mirrors(t, "", "source: docker.io, mirror: m.example.com, transport: http, fallbacks: [m.example.com/old, n.example.com]"), node.Containerd)
	has(t, files, dockerHosts, `server = "https://n.example.com"`, `[host."http://m.example.com"]`, `[host."http://m.example.com/v2/old"]`)
}

func TestADeclaredFallbackHasItsOwnTransport(t *testing.T) {
	files := render(t, mirrors(t, "registries: [{host: n.example.com, transport: https-skip-verify}]", "source: docker.io, mirror: m.example.com, fallbacks: [n.example.com/x]"), node.Containerd)
	has(t, files, dockerHosts, `server = "https://n.example.com/v2/x"`, "skip_verify = true", `[host."https://m.example.com"]`)
	hasNot(t, files, dockerHosts, "http://")
}

// containerd tries HTTPS first where a plain HTTP host has any TLS field.
func TestAPlainHTTPHostHasNoTLSFields(t *testing.T) {
	files := render(t, mirrors(t, "", "source: docker.io, mirror: 'm.example.com:80', transport: http"), node.Containerd)
	for path := range files {
		for _, field := range []string{"skip_verify", "ca ="} {
			hasNot(t, files, path, field)
		}
	}
}

func TestTheUpstreamKeepsItsTransport(t *testing.T) {
	set := mirrors(t, "registries: [{host: 'old.example.com:5000', transport: http}]\nnodes: {fallbackToUpstream: true}", "source: 'old.example.com:5000', mirror: m.example.com")
	files := render(t, set, node.Runtimes()[:2]...)
	has(t, files, "containerd/certs.d/old.example.com_5000_/hosts.toml", `server = "http://old.example.com:5000"`, `[host."https://m.example.com"]`)
	has(t, files, "crio/registries.conf.d/50-mirrorgen.conf", "location = \"old.example.com:5000\"\ninsecure = true", `location = "m.example.com"`)
}

// A source that is not asked needs no way to it, and has one file all the same.
func TestASourceIsOneFile(t *testing.T) {
	set := mirrors(t, "registries: [{host: old.example.com, transport: https-skip-verify}]", "source: old.example.com, mirror: m.example.com")
	files := render(t, set, node.Containerd)
	has(t, files, "containerd/certs.d/old.example.com/hosts.toml", `server = "https://m.example.com"`)
	hasNot(t, files, "containerd/certs.d/old.example.com/hosts.toml", "skip_verify")
}

func TestEveryNameOfARegistryIsRedirected(t *testing.T) {
	files := render(t, mirrors(t, "", "source: index.docker.io, aliases: [hub.example.com], mirror: m.example.com"), node.Containerd)
	for _, name := range []string{"docker.io", "registry-1.docker.io", "hub.example.com"} {
		has(t, files, "containerd/certs.d/"+name+"/hosts.toml", `server = "https://m.example.com"`)
	}
	// A kubelet reads index.docker.io as docker.io before containerd sees it.
	if _, ok := files["containerd/certs.d/index.docker.io/hosts.toml"]; ok {
		t.Error("index.docker.io has a folder")
	}
}

func TestAMirrorOnDockerHubIsAskedAtItsServer(t *testing.T) {
	files := render(t, mirrors(t, "", "source: quay.io, mirror: docker.io/acme"), node.Containerd)
	has(t, files, "containerd/certs.d/quay.io/hosts.toml", `server = "https://registry-1.docker.io/v2/acme"`)
}

// containerd asks a loopback address that no file names by plain HTTP, or by
// HTTPS that it does not verify.
func TestALoopbackAddressIsVerifiedByAFileOfItsOwn(t *testing.T) {
	for _, row := range []struct {
		why, host string
		want      bool
	}{
		{"the name", "localhost", true},
		{"the name and a port", "localhost:5000", true},
		{"an address of 127.0.0.0/8", "127.1.2.3:5000", true},
		{"an address without a port", "127.0.0.1", true},
		{"an address of IPv6", "'[::1]:5000'", true},
		{"to containerd no loopback address without a port", "'[::1]'", false},
		{"the name within another", "localhost.example.com", false},
		{"another address", "128.0.0.1:5000", false},
	} {
		host := strings.Trim(row.host, "'")
		for where, set := range map[string]*spec.MirrorSet{
			"mirror":   mirrors(t, "", "source: quay.io, mirror: "+row.host),
			"registry": mirrors(t, "registries: [{host: "+row.host+"}]", "source: quay.io, mirror: m.example.com"),
		} {
			files := render(t, set, node.Containerd)
			path := "containerd/certs.d/" + node.FolderName(host) + "/hosts.toml"
			text, written := files[path]
			if written != row.want || written && !strings.HasSuffix(text, "# How "+host+" itself is reached.\nserver = \"https://"+host+"\"\n") {
				t.Errorf("%s, %s: written is %v:\n%s", where, row.why, written, text)
			}
		}
	}
}

func TestALoopbackAddressKeepsItsTransport(t *testing.T) {
	files := render(t, mirrors(t, "registries: [{host: 'localhost:5001', transport: https-skip-verify}]", "source: quay.io, mirror: 'localhost:5000', transport: http"), node.Containerd)
	has(t, files, "containerd/certs.d/localhost_5000_/hosts.toml", "server = \"http://localhost:5000\"\n")
	has(t, files, "containerd/certs.d/localhost_5001_/hosts.toml", "server = \"https://localhost:5001\"\nskip_verify = true\n")
}

// It has one file, that of the redirection.
func TestALoopbackSourceIsOneFile(t *testing.T) {
	files := render(t, mirrors(t, "registries: [{host: 'localhost:5000'}]\nnodes: {fallbackToUpstream: true}", "source: 'localhost:5000', mirror: m.example.com"), node.Containerd)
	has(t, files, "containerd/certs.d/localhost_5000_/hosts.toml", `server = "https://localhost:5000"`, `[host."https://m.example.com"]`)
}

func TestConfigPathIsOneFolder(t *testing.T) {
	files := render(t, mirrors(t, "", "source: docker.io, mirror: m.example.com"), node.Containerd)
	has(t, files, "containerd/config-1.x.toml", "version = 2", `[plugins."io.containerd.grpc.v1.cri".registry]`, `config_path = "/etc/containerd/certs.d"`)
	has(t, files, "containerd/config-2.x.toml", "version = 3", `[plugins."io.containerd.cri.v1.images".registry]`, `config_path = "/etc/containerd/certs.d"`)
	for path, text := range files {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && (strings.Contains(line, "auth") || strings.Contains(line, "password")) {
				t.Errorf("%s: holds credentials, or a place for them: %s", path, line)
			}
		}
	}
}

func TestAHostIsAFolderThatContainerdLooksFor(t *testing.T) {
	for _, row := range []struct{ why, host, want string }{
		{"a name", "docker.io", "docker.io"},
		{"a port stands between underlines", "10.0.0.1:5000", "10.0.0.1_5000_"},
		{"localhost", "localhost:5000", "localhost_5000_"},
		{"an IPv6 address has no port", "[::1]", "[::1]"},
		{"an IPv6 address and a port", "[::1]:5000", "[::1]_5000_"},
	} {
		if got := node.FolderName(row.host); got != row.want {
			t.Errorf("%s: got %s, want %s", row.why, got, row.want)
		}
	}
}
