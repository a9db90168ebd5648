package node_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

const skipIt = "leave it out with nodes.onUnsupported: skip"

// refusals is every rule that some runtime cannot be told, with the words for
// both settings of nodes.onUnsupported.
var refusals = []struct {
	why, runtime, body string
	mirrors            []string
	// refused is the error; skipped what is left out instead, in its place.
	refused, skipped string
}{
	{"a path", node.Containerd, "", []string{"source: docker.io/library, mirror: m.example.com/hub"},
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": containerd redirects a whole registry, never a path of it; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": containerd redirects a whole registry, never a path of it; what "docker.io/library" serves is not redirected there`},
	{"what the mirror holds", node.Containerd, "", []string{"source: docker.io, mirror: m.example.com, only: [library]"},
		`m.yaml:6:54: spec.mirrors[0].only: containerd redirects every image of a registry, held or not; write the MirrorSet for nodes without it and with nodes.fallbackToUpstream: true, or ` + skipIt,
		`m.yaml:6:54: spec.mirrors[0].only: containerd redirects every image of a registry, held or not; what "docker.io" serves is not redirected there`},
	{"what is left alone", node.Containerd, "", []string{"source: docker.io, mirror: m.example.com, except: [library]"},
		`m.yaml:6:56: spec.mirrors[0].except: containerd redirects every image of a registry and leaves none alone; ` + skipIt,
		`m.yaml:6:56: spec.mirrors[0].except: containerd redirects every image of a registry and leaves none alone; what "docker.io" serves is not redirected there`},
	{"an IPv6 address with the upstream behind it", node.Containerd, "nodes: {fallbackToUpstream: true}", []string{"source: docker.io, mirror: '[::1]:5000'"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": containerd 1.6 and 1.7 cannot read an IPv6 address in a table's name, and pass over the whole file; give the host a name, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": containerd 1.6 and 1.7 cannot read an IPv6 address in a table's name, and pass over the whole file; what "docker.io" serves is not redirected there`},
	{"an IPv6 address with a fallback behind it", node.Containerd, "", []string{"source: docker.io, mirror: m.example.com, fallbacks: ['[::1]:5000', n.example.com]"},
		`m.yaml:6:60: spec.mirrors[0].fallbacks[0]: "[::1]:5000": containerd 1.6 and 1.7 cannot read an IPv6 address in a table's name, and pass over the whole file; give the host a name, or ` + skipIt,
		`m.yaml:6:60: spec.mirrors[0].fallbacks[0]: "[::1]:5000": containerd 1.6 and 1.7 cannot read an IPv6 address in a table's name, and pass over the whole file; what "docker.io" serves is not redirected there`},

	{"a mirror at an IPv6 address", node.CRIO, "", []string{"source: docker.io, mirror: '[::1]:5000'"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": CRI-O and Podman know no image at an IPv6 address; give the host a name, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": CRI-O and Podman know no image at an IPv6 address; what "docker.io" serves is not redirected there`},
	{"a source at an IPv6 address", node.CRIO, "", []string{"source: '[::1]:5000', mirror: m.example.com"},
		`m.yaml:6:14: spec.mirrors[0].source: "[::1]:5000": CRI-O and Podman know no image at an IPv6 address; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "[::1]:5000": CRI-O and Podman know no image at an IPv6 address; what "[::1]:5000" serves is not redirected there`},
	{"a registry of plain http at an IPv6 address", node.CRIO, "registries: [{host: '[fd00::9]:5000', transport: http}]", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:23: spec.registries[0].host: "[fd00::9]:5000": CRI-O and Podman know no image at an IPv6 address; give the host a name, or ` + skipIt,
		`m.yaml:7:23: spec.registries[0].host: "[fd00::9]:5000": CRI-O and Podman know no image at an IPv6 address; nothing is written of how it is reached`},
	{"a registry at an IPv6 address that is reached as any other", node.CRIO, "registries: [{host: '[fd00::9]:5000'}]", []string{"source: docker.io, mirror: m.example.com"}, "", ""},
	{"a mirror of plain http at an IPv6 address, which is refused once", node.CRIO, "", []string{"source: docker.io, mirror: '[::1]:5000/hub', transport: http"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": CRI-O and Podman know no image at an IPv6 address; give the host a name, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": CRI-O and Podman know no image at an IPv6 address; what "docker.io" serves is not redirected there` + "\n" +
			`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": CRI-O and Podman know no image at an IPv6 address; nothing is written of how it is reached`},
	{"a mirror of k3s of plain http at an IPv6 address, which is refused once", node.K3s, "", []string{"source: docker.io, mirror: '[::1]:5000/hub', transport: http"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; give the host a name, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; what "docker.io" serves is not redirected there` + "\n" +
			`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000/hub": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; k3s asks it by https`},

	{"another registry", node.Docker, "", []string{"source: quay.io/a, mirror: m.example.com, only: [b]"},
		`m.yaml:6:14: spec.mirrors[0].source: "quay.io/a": Docker redirects docker.io and no other registry; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "quay.io/a": Docker redirects docker.io and no other registry; what "quay.io/a" serves is not redirected there`},
	{"a path of Docker Hub", node.Docker, "", []string{"source: docker.io/library, mirror: m.example.com"},
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": Docker redirects the whole of docker.io, never a path of it; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": Docker redirects the whole of docker.io, never a path of it; what "docker.io/library" serves is not redirected there`},
	{"what a Docker mirror holds", node.Docker, "", []string{"source: docker.io, mirror: m.example.com, only: [library]"},
		`m.yaml:6:54: spec.mirrors[0].only: Docker asks the mirror for every image, held or not; write the MirrorSet for nodes without it and with nodes.fallbackToUpstream: true, or ` + skipIt,
		`m.yaml:6:54: spec.mirrors[0].only: Docker asks the mirror for every image, held or not; what "docker.io" serves is not redirected there`},
	{"what Docker is to leave alone", node.Docker, "", []string{"source: docker.io, mirror: m.example.com, except: [library]"},
		`m.yaml:6:56: spec.mirrors[0].except: Docker asks the mirror for every image and leaves none alone; ` + skipIt,
		`m.yaml:6:56: spec.mirrors[0].except: Docker asks the mirror for every image and leaves none alone; what "docker.io" serves is not redirected there`},
	{"a path of the mirror", node.Docker, "", []string{"source: docker.io, mirror: m.example.com/hub"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "m.example.com/hub": Docker takes a mirror without a path alone; ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "m.example.com/hub": Docker takes a mirror without a path alone; what "docker.io" serves is not redirected there`},
	{"a path of a fallback", node.Docker, "nodes: {fallbackToUpstream: true}", []string{"source: docker.io, mirror: m.example.com, fallbacks: [n.example.com/hub]"},
		`m.yaml:6:60: spec.mirrors[0].fallbacks[0]: "n.example.com/hub": Docker takes a mirror without a path alone; ` + skipIt,
		`m.yaml:6:60: spec.mirrors[0].fallbacks[0]: "n.example.com/hub": Docker takes a mirror without a path alone; it is not asked there`},
	{"a further name of Docker Hub", node.Docker, "nodes: {fallbackToUpstream: true}", []string{"source: docker.io, aliases: [hub.example.com], mirror: m.example.com"},
		`m.yaml:6:35: spec.mirrors[0].aliases[0]: "hub.example.com": Docker redirects docker.io and no other registry; ` + skipIt,
		`m.yaml:6:35: spec.mirrors[0].aliases[0]: "hub.example.com": Docker redirects docker.io and no other registry; images of that name are not redirected there`},
	{"no upstream, written out", node.Docker, "nodes: {fallbackToUpstream: false}", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:31: spec.nodes.fallbackToUpstream: Docker asks Docker Hub itself where the mirrors fail, and no setting keeps it from that; drop the line, or ` + skipIt,
		`m.yaml:7:31: spec.nodes.fallbackToUpstream: Docker asks Docker Hub itself where the mirrors fail, and no setting keeps it from that; it does so`},
	{"no upstream, by default", node.Docker, "", []string{"source: docker.io, mirror: m.example.com"},
		"",
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io": Docker asks Docker Hub itself where the mirrors fail, and no setting keeps it from that`},

	{"a path without the upstream", node.K3s, "", []string{"source: docker.io/library, mirror: m.example.com/hub"},
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; what "docker.io/library" serves is not redirected there`},
	{"a path with the upstream behind it", node.K3s, "nodes: {fallbackToUpstream: true}", []string{"source: quay.io/other, mirror: m.example.com"},
		`m.yaml:6:14: spec.mirrors[0].source: "quay.io/other": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "quay.io/other": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; what "quay.io/other" serves is not redirected there`},
	{"a path beside the whole", node.K3s, "", []string{"source: docker.io/library, mirror: m.example.com/hub", "source: docker.io, mirror: m.example.com/all"},
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "docker.io/library": k3s would ask the mirror for images beside this path too, by their own names, which may be other images there; what "docker.io/library" serves is not redirected there`},
	{"a registry of plain http behind its mirror", node.K3s, "registries: [{host: 'old.example.com:5000', transport: http}]\nnodes: {fallbackToUpstream: true}", []string{"source: 'old.example.com:5000', mirror: m.example.com"},
		`m.yaml:6:14: spec.mirrors[0].source: "old.example.com:5000": k3s asks the registry itself by https where the mirror fails, and this one is reached by http; keep it from being asked with nodes.fallbackToUpstream: false, or ` + skipIt,
		`m.yaml:6:14: spec.mirrors[0].source: "old.example.com:5000": k3s asks the registry itself by https where the mirror fails, and this one is reached by http; what "old.example.com:5000" serves is not redirected there`},
	{"a further name of plain http behind its mirror", node.K3s, "registries: [{host: old.example.com, transport: http}]\nnodes: {fallbackToUpstream: true}", []string{"source: quay.io, aliases: [old.example.com], mirror: m.example.com"},
		`m.yaml:6:33: spec.mirrors[0].aliases[0]: "old.example.com": k3s asks the registry itself by https where the mirror fails, and this one is reached by http; keep it from being asked with nodes.fallbackToUpstream: false, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].aliases[0]: "old.example.com": k3s asks the registry itself by https where the mirror fails, and this one is reached by http; what "quay.io" serves is not redirected there`},
	{"a registry of plain http that is not asked", node.K3s, "registries: [{host: old.example.com, transport: http}]", []string{"source: old.example.com, mirror: m.example.com"}, "", ""},
	{"a registry that is not verified behind its mirror", node.K3s, "registries: [{host: old.example.com, transport: https-skip-verify}]\nnodes: {fallbackToUpstream: true}", []string{"source: old.example.com, mirror: m.example.com"}, "", ""},
	{"what a k3s mirror holds", node.K3s, "", []string{"source: docker.io, mirror: m.example.com, only: [library]"},
		`m.yaml:6:54: spec.mirrors[0].only: k3s asks the mirror for every image of the registry, held or not; write the MirrorSet for nodes without it and with nodes.fallbackToUpstream: true, or ` + skipIt,
		`m.yaml:6:54: spec.mirrors[0].only: k3s asks the mirror for every image of the registry, held or not; what "docker.io" serves is not redirected there`},
	{"what k3s is to leave alone", node.K3s, "", []string{"source: docker.io, mirror: m.example.com, except: [library]"},
		`m.yaml:6:56: spec.mirrors[0].except: k3s asks the mirror for every image of the registry and leaves none alone; ` + skipIt,
		`m.yaml:6:56: spec.mirrors[0].except: k3s asks the mirror for every image of the registry and leaves none alone; what "docker.io" serves is not redirected there`},
	{"a fallback with another path", node.K3s, "", []string{"source: docker.io, mirror: m.example.com/hub, fallbacks: [n.example.com/docker]"},
		`m.yaml:6:64: spec.mirrors[0].fallbacks[0]: "n.example.com/docker": k3s has one rewrite for each registry, so that a fallback needs the mirror's path; ` + skipIt,
		`m.yaml:6:64: spec.mirrors[0].fallbacks[0]: "n.example.com/docker": k3s has one rewrite for each registry, so that a fallback needs the mirror's path; it is not asked there`},
	{"an endpoint of k3s at an IPv6 address", node.K3s, "", []string{"source: docker.io, mirror: '[::1]:5000'"},
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; give the host a name, or ` + skipIt,
		`m.yaml:6:33: spec.mirrors[0].mirror: "[::1]:5000": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; what "docker.io" serves is not redirected there`},
	{"a registry of plain http at an IPv6 address", node.K3s, "registries: [{host: '[::1]:5000', transport: http}]", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:23: spec.registries[0].host: "[::1]:5000": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; give the host a name, or ` + skipIt,
		`m.yaml:7:23: spec.registries[0].host: "[::1]:5000": k3s with containerd 1.7 cannot read an IPv6 address in a table's name, and passes over the whole file; k3s asks it by https`},

	{"some namespaces left out", node.CRIO, "scope: {excludeNamespaces: [web]}", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:30: spec.scope.excludeNamespaces: a node pulls for every Pod alike and cannot tell namespaces apart; write the MirrorSet for nodes without it, or ` + skipIt,
		`m.yaml:7:30: spec.scope.excludeNamespaces: a node pulls for every Pod alike and cannot tell namespaces apart; the set's sources are not redirected on nodes`},
	{"some namespaces picked", node.CRIO, "scope: {namespaceSelector: {matchLabels: {a: b}}}", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:30: spec.scope.namespaceSelector: a node pulls for every Pod alike and cannot tell namespaces apart; write the MirrorSet for nodes without it, or ` + skipIt,
		`m.yaml:7:30: spec.scope.namespaceSelector: a node pulls for every Pod alike and cannot tell namespaces apart; the set's sources are not redirected on nodes`},
	{"some Pods picked", node.CRIO, "scope: {podSelector: {matchExpressions: [{key: a, operator: Exists}]}}", []string{"source: docker.io, mirror: m.example.com"},
		`m.yaml:7:24: spec.scope.podSelector: a node pulls for every Pod alike and cannot tell Pods apart; write the MirrorSet for nodes without it, or ` + skipIt,
		`m.yaml:7:24: spec.scope.podSelector: a node pulls for every Pod alike and cannot tell Pods apart; the set's sources are not redirected on nodes`},
	{"a selector that picks all", node.CRIO, "scope: {namespaceSelector: {}, includeSystemNamespaces: true}", []string{"source: docker.io, mirror: m.example.com"}, "", ""},
}

func TestWhatARuntimeCannotSayIsRefusedOrSkipped(t *testing.T) {
	for _, row := range refusals {
		t.Run(row.runtime+", "+row.why, func(t *testing.T) {
			set := mirrors(t, row.body, row.mirrors...)
			_, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{row.runtime}})
			if got := message(err); got != row.refused {
				t.Errorf("refused:\n got %s\nwant %s", got, row.refused)
			}
			set.Spec.Nodes.OnUnsupported = "skip"
			_, skipped, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{row.runtime}})
			if err != nil {
				t.Fatalf("refused although it is to be skipped: %v", err)
			}
			if got := spec.Problems(skipped).Error(); got != row.skipped {
				t.Errorf("skipped:\n got %s\nwant %s", got, row.skipped)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEveryRefusalComesInOneRun(t *testing.T) {
	set := mirrors(t, "scope: {}", "source: quay.io/a, mirror: m.example.com/a, only: [b]", "source: gcr.io, mirror: m.example.com/g, except: [b]")
	_, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: node.Runtimes()})
	problems, ok := err.(spec.Problems)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	var places []string
	for _, p := range problems {
		places = append(places, p.Path)
	}
	// Sorted by place; containerd, docker and k3s in their order at each.
	want := "spec.mirrors[0].source spec.mirrors[0].source spec.mirrors[0].source spec.mirrors[0].only spec.mirrors[0].only " +
		"spec.mirrors[1].source spec.mirrors[1].except spec.mirrors[1].except"
	if got := strings.Join(places, " "); got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

func TestAScopeThatIsSkippedKeepsTheMirrorReachable(t *testing.T) {
	set := mirrors(t, "scope: {excludeNamespaces: [web]}\nnodes: {onUnsupported: skip}", "source: docker.io, mirror: 'm.example.com:5000', transport: http")
	files := render(t, set, node.Containerd)
	has(t, files, "containerd/certs.d/m.example.com_5000_/hosts.toml", `server = "http://m.example.com:5000"`)
	if _, redirected := files["containerd/certs.d/docker.io/hosts.toml"]; redirected {
		t.Error("docker.io is redirected for every Pod of the node")
	}
}

func TestSetsThatDisagreeOnTheUpstreamAreRefusedByK3s(t *testing.T) {
	one := mirrors(t, "nodes: {fallbackToUpstream: true}", "source: docker.io, mirror: m.example.com/hub")
	two := mirrors(t, "", "source: quay.io, mirror: m.example.com/quay")
	two.Name = "two"
	const rule = `m.yaml:7:31: spec.nodes.fallbackToUpstream: k3s falls back for every registry or for none, and another MirrorSet says none; `
	_, _, err := node.Render([]*spec.MirrorSet{one, two}, node.Options{Runtimes: []string{node.K3s}})
	if got, want := message(err), rule+"say the same in all of them, or "+skipIt; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	one.Spec.Nodes.OnUnsupported = "skip"
	files, skipped, err := node.Render([]*spec.MirrorSet{one, two}, node.Options{Runtimes: []string{node.K3s}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := spec.Problems(skipped).Error(), rule+"it does not fall back"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	rendered := texts(files)
	has(t, rendered, "k3s/config.yaml.d/50-mirrorgen.yaml", "disable-default-registry-endpoint: true")
	has(t, rendered, registriesYAML, "docker.io:\n", "quay.io:\n")
}
