package agreement

import (
	"math/rand"
	"slices"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
)

// A shape is how much of what a MirrorSet can say a random one says.
type shape int

const (
	anything shape = iota
	// registries: sources are whole registries, which every runtime but Docker takes.
	registries
	// hub: Docker Hub alone, by mirrors without a path, which is all that Docker takes.
	hub
)

// randomSet makes a valid MirrorSet with what matters on nodes: transports,
// fallbacks, declared registries.
func randomSet(r *rand.Rand, s shape) (*spec.MirrorSet, *mirror.Plan) {
	for {
		set := mirrortest.RandomSet(r)
		if s != anything {
			widen(r, set, s)
		}
		dress(r, set)
		read, err := spec.FromObject("random.yaml", set.Object())
		if err != nil {
			continue
		}
		plans, err := generator.Plans([]*spec.MirrorSet{read})
		if err != nil {
			continue
		}
		return read, plans[0]
	}
}

// widen makes each mirror one of a whole registry.
func widen(r *rand.Rand, set *spec.MirrorSet, s shape) {
	if s == hub {
		set.Spec.Mirrors = set.Spec.Mirrors[:1]
		set.Spec.Mirrors[0].Source, set.Spec.Mirrors[0].Aliases = image.DockerHub, nil
	}
	taken := map[string]bool{}
	set.Spec.Mirrors = slices.DeleteFunc(set.Spec.Mirrors, func(m spec.Mirror) bool {
		host, _, _ := strings.Cut(m.Source, "/")
		again := taken[host]
		taken[host] = true
		return again
	})
	root := s == hub || r.Intn(2) == 0
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		m.Source, _, _ = strings.Cut(m.Source, "/")
		m.Only, m.Except = nil, nil
		if root {
			m.Mirror, _, _ = strings.Cut(m.Mirror, "/")
		}
	}
}

// dress adds transports, fallbacks, registries and how nodes fall back.
func dress(r *rand.Rand, set *spec.MirrorSet) {
	transports := map[string]string{}
	transport := func(address string) string {
		host, _, _ := strings.Cut(address, "/")
		if image.IsDockerHub(host) {
			return "" // nobody reaches Docker Hub in another way
		}
		if _, known := transports[host]; !known {
			transports[host] = pick(r, []string{"https", "https", "http", "https-skip-verify"})
		}
		return transports[host]
	}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		m.Transport = transport(m.Mirror)
		_, path, hasPath := strings.Cut(m.Mirror, "/")
		for n := range r.Intn(3) {
			fallback := pick(r, []string{"f", "g", "h"}) + strconv.Itoa(n) + ".example.com" + pick(r, []string{"", ":8443"})
			if hasPath && r.Intn(3) > 0 {
				fallback += "/" + path
			}
			m.Fallbacks = append(m.Fallbacks, fallback)
			if host, _, _ := strings.Cut(fallback, "/"); transports[host] == "" {
				if t := transport(host); t != "https" {
					set.Spec.Registries = append(set.Spec.Registries, spec.Registry{Host: host, Transport: t})
				}
			}
		}
	}
	for _, host := range []string{"10.16.100.174:5000", "registry.corp.example", "quay.io:8443"} {
		if _, known := transports[host]; !known && r.Intn(4) == 0 {
			set.Spec.Registries = append(set.Spec.Registries, spec.Registry{Host: host, Transport: transport(host)})
		}
	}
	if r.Intn(2) == 0 {
		fall := r.Intn(2) == 0
		set.Spec.Nodes.FallbackToUpstream = &fall
	}
}

func pick[T any](r *rand.Rand, values []T) T { return values[r.Intn(len(values))] }
