// Package pulltest holds what every runtime has to do with the files that gen
// writes for it: a pull, told as the registries that are there, and which of
// them is asked.
package pulltest

import (
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
)

// How a registry is served.
const (
	Public  Signer = iota // TLS that every client trusts
	Private               // TLS by an authority that only a caFile ca.crt names
	Plain                 // plain HTTP
	Down                  // nothing listens
)

// A Signer says who vouches for a registry.
type Signer int

// A Registry is one that is there.
type Registry struct {
	// Address is host:port.
	Address string
	Signer  Signer
	// Holds are the repositories that it holds.
	Holds []string
}

// A Pull is one image pulled by a node.
type Pull struct {
	// Claim is the name of the subtest: what the runtime does.
	Claim string
	// Spec is the spec of the MirrorSet, in YAML's flow style; Second that of
	// another one beside it, empty for none.
	Spec       string
	Second     string
	Registries []Registry
	// Image is what the Pod names.
	Image string
	// Asked are the addresses that get requests, in order. All others get none.
	// The image comes from the last one.
	Asked []string
	// Fails says that the image comes from nowhere.
	Fails bool
	// Path is the path of the manifest where it is found; empty: not looked at.
	Path string
}

// Head is the head of every MirrorSet.
const Head = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: test}\nspec: "

// Run renders the MirrorSet for the runtime, pulls, and holds what was asked to
// the Pull. dir is the folder that gen nodes wrote.
func (p Pull) Run(t *testing.T, w *loopback.World, runtime string, pull func(t *testing.T, dir, image string) ([]string, error)) {
	t.Run(p.Claim, func(t *testing.T) {
		private, err := loopback.NewAuthority("private")
		if err != nil {
			t.Fatal(err)
		}
		registries := map[string]*loopback.Registry{}
		for _, r := range p.Registries {
			if r.Signer == Down {
				continue
			}
			authority := map[Signer]*loopback.Authority{Public: w.Public, Private: private}[r.Signer]
			registries[r.Address] = w.Serve(t, r.Address, authority, r.Holds...)
		}
		sets := Head + p.Spec
		if p.Second != "" {
			sets += "\n---\n" + strings.Replace(Head, "name: test", "name: second", 1) + p.Second
		}
		dir := nodefiles.Render(t, sets, map[string][]byte{"ca.crt": private.PEM()}, runtime)
		w.Dialled()
		digests, err := pull(t, dir, p.Image)
		asked := p.without(runtime, w.Dialled())
		if p.Fails {
			if err == nil {
				t.Error("the image was pulled")
			}
		} else if err != nil {
			t.Error(err)
		} else if len(digests) != 3 || digests[0] != loopback.Digest(loopback.Manifest()) {
			t.Errorf("pulled %q: not the image that the registries hold", digests)
		}
		if !slices.Equal(asked, p.Asked) {
			t.Errorf("asked %v, wanted is %v", asked, p.Asked)
		}
		p.judge(t, registries)
	})
}

// without leaves out what CRI-O and Docker dial to find out whether a host that
// is marked insecure speaks TLS on its usual port.
func (p Pull) without(runtime string, asked []string) []string {
	if runtime != "crio" && runtime != "docker" {
		return asked
	}
	return slices.DeleteFunc(asked, func(address string) bool {
		host, ok := strings.CutSuffix(address, ":443")
		return ok && slices.ContainsFunc(p.Registries, func(r Registry) bool { return r.Address == host+":80" && r.Signer == Plain })
	})
}

// judge looks at the requests that each registry got.
func (p Pull) judge(t *testing.T, registries map[string]*loopback.Registry) {
	for _, r := range p.Registries {
		registry := registries[r.Address]
		if registry == nil {
			continue
		}
		requests := registry.Requests()
		if !slices.Contains(p.Asked, r.Address) && len(requests) > 0 {
			t.Errorf("%s was asked for %v", r.Address, registry.Paths())
		}
		for _, request := range requests {
			if request.TLS != (r.Signer != Plain) {
				t.Errorf("%s: %s %s: TLS is %t", r.Address, request.Method, request.Path, request.TLS)
			}
		}
	}
	if p.Fails || p.Path == "" {
		return
	}
	last := registries[p.Asked[len(p.Asked)-1]]
	if !slices.Contains(last.Paths(), p.Path) {
		t.Errorf("the manifest was asked for as %v, wanted is %s", last.Paths(), p.Path)
	}
}
