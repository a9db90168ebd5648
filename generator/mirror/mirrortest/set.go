// Package mirrortest makes random MirrorSets, images and Pods, for tests that
// hold an engine to the plan: the same input twice, the same answer wanted. All
// of it comes from the generator passed in, so that a seed repeats a failure.
package mirrortest

import (
	"math/rand"
	"slices"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

var (
	sourceHosts = []string{
		"docker.io", "docker.io", "docker.io", "index.docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.k8s.io",
		"localhost", "localhost:5000", "10.0.0.1:5000", "[::1]:5000", "[fe80::a]", "reg.corp.example", "a.b", "quay.io:8443",
	}
	mirrorHosts = []string{
		"cr.example.com", "harbor.example.com:8443", "harbor.example.com", "m.example.com", "[2001:db8::1]:5000",
		"10.16.100.174:5000", "localhost:5001", "docker.io", "quay.io", "r.example.com:443",
	}
	// Among them the words that engines read something into.
	pathWords = []string{
		"library", "nginx", "acme", "a", "base", "tools", "go", "x1", "a-b", "a--b", "a_b", "a__b", "a.b",
		"images", "image", "request", "element", "target", "object", "docker.io",
	}
	nearWords = []string{"acme2", "acm", "image2", "images-x", "nginx-debug", "libraryx", "b"}
)

// RandomSet makes a valid MirrorSet: it passes mirror.Check and mirror.CheckEntries.
func RandomSet(r *rand.Rand) *spec.MirrorSet {
	for {
		set := randomSet(r)
		if len(mirror.Check([]*mirror.Plan{mirror.Compile(set)})) == 0 && len(mirror.CheckEntries(set)) == 0 {
			return set
		}
	}
}

func randomSet(r *rand.Rand) *spec.MirrorSet {
	set := &spec.MirrorSet{Name: "set"}
	for i := range 1 + r.Intn(6) {
		m := spec.Mirror{
			Name:   "m" + strconv.Itoa(i),
			Source: below(pick(r, sourceHosts), randomPath(r, 0, 2)),
			Mirror: below(pick(r, mirrorHosts), randomPath(r, 0, 2)),
		}
		if m.Mirror == "docker.io" {
			// A mirror on Docker Hub needs a path.
			m.Mirror += "/acme"
		}
		if r.Intn(3) == 0 {
			m.Only = randomEntries(r, m.Source, []string{""})
		}
		if r.Intn(3) == 0 {
			within := []string{""}
			if len(m.Only) > 0 {
				within = m.Only
			}
			m.Except = slices.DeleteFunc(randomEntries(r, m.Source, within), func(except string) bool {
				return slices.ContainsFunc(m.Only, func(only string) bool { return mirror.Below(only, except) })
			})
		}
		if r.Intn(6) == 0 {
			m.Aliases = []string{"alias" + strconv.Itoa(i) + ".example"}
		}
		if r.Intn(40) == 0 {
			// So long that rewritten repositories reach the limit.
			m.Mirror = below("long.example.com", repeat("p", 230+r.Intn(26)))
		}
		set.Spec.Mirrors = append(set.Spec.Mirrors, m)
	}
	if r.Intn(2) == 0 {
		set.Spec.Constraint.AllowRegistries = []string{"registry.corp.example"}
		for range r.Intn(3) {
			registry := below(pick(r, sourceHosts), randomPath(r, 0, 2))
			if !slices.Contains(set.Spec.Constraint.AllowRegistries, registry) {
				set.Spec.Constraint.AllowRegistries = append(set.Spec.Constraint.AllowRegistries, registry)
			}
		}
	}
	set.Spec.Constraint.Enforcement = pick(r, []string{"", "deny", "deny", "warn", "dryrun"})
	addNeeds(r, set)
	return set
}

// randomEntries makes entries of only or except, each below one of within: an
// entry that can match nothing is refused, and so are one that stands there
// twice and one that repeats the source's host.
func randomEntries(r *rand.Rand, source string, within []string) []string {
	host, _, _ := strings.Cut(source, "/")
	var entries []string
	for range 1 + r.Intn(3) {
		entry := below(pick(r, within), randomPath(r, 1, 2))
		first, _, _ := strings.Cut(entry, "/")
		if first == host || image.IsDockerHub(first) && image.IsDockerHub(host) || slices.Contains(entries, entry) {
			continue
		}
		entries = append(entries, entry)
	}
	return entries
}

// randomPath has least to most components; "" for none.
func randomPath(r *rand.Rand, least, most int) string {
	path := ""
	for range least + r.Intn(most-least+1) {
		path = below(path, pick(r, pathWords))
	}
	return path
}

func below(prefix, rest string) string {
	if prefix == "" || rest == "" {
		return prefix + rest
	}
	return prefix + "/" + rest
}

func pick[T any](r *rand.Rand, values []T) T { return values[r.Intn(len(values))] }
