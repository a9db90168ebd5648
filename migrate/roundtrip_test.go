package migrate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// randomSet writes a MirrorSet that a node's runtime can say whole: registries, and
// mirrors of registries, with a path that all addresses of a mirror share.
func randomSet(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var b strings.Builder
	b.WriteString("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n  mirrors:\n")
	sources := []string{"docker.io", "quay.io", "ghcr.io", "registry.k8s.io", "10.0.0.1:5000", "gcr.io"}
	r.Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
	transports := map[string]string{}
	transport := func(host string) string {
		if transports[host] == "" {
			transports[host] = pick("https", "https", "https-skip-verify", "http")
		}
		return transports[host]
	}
	var others []string
	for i, source := range sources[:1+r.IntN(len(sources))] {
		host, at := pick("m.example", "n.example:8443", "proxy.corp.example"), pick("", "", "/hub", "/a/b", "/q-1")
		at = strings.TrimSuffix(at+pick("", fmt.Sprintf("/p%d", i)), "/")
		fmt.Fprintf(&b, "  - source: %q\n    mirror: %q\n    transport: %s\n", source, host+at, transport(host))
		if r.IntN(3) == 0 {
			other := pick("f.example", "g.example:5000")
			fmt.Fprintf(&b, "    fallbacks: [%q]\n", other+at)
			others = append(others, other)
		}
		if source == "quay.io" && r.IntN(2) == 0 {
			b.WriteString("    aliases: [quay.example]\n")
		}
	}
	b.WriteString("  registries:\n  - {host: \"plain.example:5000\", transport: http}\n")
	for _, host := range others {
		if transports[host] == "" && transport(host) != "https" {
			fmt.Fprintf(&b, "  - {host: %q, transport: %s}\n", host, transports[host])
		}
	}
	fmt.Fprintf(&b, "  nodes: {onUnsupported: skip, fallbackToUpstream: %t}\n", r.IntN(2) == 0)
	return b.String()
}

// said is what a MirrorSet says of nodes, without its names.
func said(sets []*spec.MirrorSet) string {
	rows := map[string]string{}
	transports := map[string]string{}
	for _, set := range sets {
		plan := mirror.Compile(set)
		for prefix, row := range plan.Table {
			rows[prefix] = row.To
		}
		for _, m := range set.Spec.Mirrors {
			for _, source := range append([]string{m.Source}, m.Aliases...) {
				rows[source+" then"] = strings.Join(m.Fallbacks, " ")
			}
		}
		for host, transport := range plan.Transports {
			transports[host] = transport
		}
		rows["upstream"] = fmt.Sprint(*set.Spec.Nodes.FallbackToUpstream)
	}
	return fmt.Sprint(rows, transports)
}

func TestWhatGenNodesWritesIsReadBackAsTheSameMirrors(t *testing.T) {
	r := rand.New(rand.NewPCG(20261121, 4))
	compared := map[string]int{}
	for n := range 400 {
		text := randomSet(r)
		sets, err := spec.Parse("mirrors.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if _, err := generator.Plans(sets); err != nil {
			continue // two sets of hosts that lead in a circle
		}
		for _, runtime := range []string{node.Containerd, node.K3s} {
			files, skipped, err := node.Render(sets, node.Options{Runtimes: []string{runtime}})
			if err != nil {
				t.Fatalf("%d: %s: %v\n%s", n, runtime, err, text)
			}
			if len(skipped) > 0 {
				continue // this runtime cannot say all of it
			}
			var read []File
			for _, f := range files {
				if path.Base(f.Path) == "hosts.toml" || path.Ext(f.Path) == ".yaml" {
					read = append(read, File{Name: f.Path, Data: f.Data})
				}
			}
			result, err := Read(read, Options{})
			if err != nil {
				t.Fatalf("%d: %s: %v\n%s", n, runtime, err, text)
			}
			if len(result.LeftOut) > 0 || said(result.Sets) != said(sets) {
				t.Fatalf("%d: %s:\n%s\nis read back as\n%s\n%s\n%s\n%s", n, runtime, text, result.Text, talk(result), said(sets), said(result.Sets))
			}
			compared[runtime]++
		}
	}
	for _, runtime := range []string{node.Containerd, node.K3s} {
		if compared[runtime] < 100 {
			t.Errorf("%s: %d sets were compared, want more: %v", runtime, compared[runtime], maps.Clone(compared))
		}
	}
}
