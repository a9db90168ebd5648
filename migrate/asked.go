package migrate

import (
	"regexp"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/migrate/expression"
)

// A Node is one configuration of a runtime, which can be asked where it pulls an
// image from. It models the runtime's rules, and knows nothing of mirrors that
// were derived from them.
type Node struct {
	// Kind is k3s, containerd or openshift.
	Kind string
	// File is where it stands; a folder for containerd's.
	File  string
	rules []*nodeRule
}

// A nodeRule is what a runtime does with the images of one source.
type nodeRule struct {
	// source is host[:port], for openshift with a path; every: it serves whatever
	// has no rule of its own.
	source string
	every  bool
	// endpoints are asked in their order, at their places.
	endpoints []endpoint
	at        []place
	// rewrites change a repository; a runtime tries them in no order.
	rewrites []rewriting
	patterns []place
	// self says that the registry itself is one of the endpoints.
	self bool
	// tags and digests say for which references the rule is.
	tagsOnly, digestsOnly bool
}

// A rewriting is one pattern of k3s's rewrite.
type rewriting struct {
	pattern *regexp.Regexp
	with    string
}

// Asked is where the runtime asks first for an image: the image itself where it is
// pulled as it is written, and why then.
func (n *Node) Asked(text string) (asked, why string) {
	ref, err := image.Parse(text)
	if err != nil {
		return text, "no reference of an image"
	}
	rule := n.ruleFor(ref.Name(), ref.Digest != "")
	switch {
	case rule != nil:
		return rule.asked(text, 0), ""
	case n.ruleFor(ref.Name(), ref.Digest == "") == nil:
		return text, "no rule is about its registry"
	case ref.Digest == "":
		return text, "the rule for its registry is for images with a digest alone"
	}
	return text, "the rule for its registry is for images without a digest alone"
}

// ruleFor is the rule of the longest source that is for such references; nil
// where none covers the name.
func (n *Node) ruleFor(name string, digest bool) *nodeRule {
	var best *nodeRule
	for _, rule := range n.rules {
		switch {
		case digest && rule.tagsOnly, !digest && rule.digestsOnly:
		case rule.every:
			if best == nil {
				best = rule
			}
		case below(name, rule.source) && (best == nil || best.every || len(rule.source) > len(best.source)):
			best = rule
		}
	}
	return best
}

// at1 is the rule for every registry, for one of them.
func (r *nodeRule) at1(source string) *nodeRule {
	one := *r
	one.source, one.every = source, false
	return &one
}

// asked is the image as the runtime asks an endpoint for it.
func (r *nodeRule) asked(text string, i int) string {
	ref, err := image.Parse(text)
	if err != nil {
		return text
	}
	source := r.source
	if r.every {
		source = image.LowerASCII(ref.Registry)
	}
	name := ref.Name()
	if !below(name, source) {
		return text
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(name, source), "/")
	for _, rewrite := range r.rewrites {
		if rewrite.pattern.MatchString(rest) {
			rest = rewrite.pattern.ReplaceAllString(rest, rewrite.with)
			break
		}
	}
	return withSuffix(r.endpoints[i].address(), rest, ref)
}

// ambiguous is a repository that a pattern matches and an earlier one too; "" for
// none among those that are tried.
func (r *nodeRule) ambiguous(i int) string {
	for _, source := range append([]string{"docker.io"}, sourcesBelow(r)...) {
		for _, rest := range rests(source)[:2] {
			path := rest
			if _, below, ok := strings.Cut(source, "/"); ok {
				path = below + "/" + rest
			}
			if !r.rewrites[i].pattern.MatchString(path) {
				continue
			}
			for _, earlier := range r.rewrites[:i] {
				if earlier.pattern.MatchString(path) {
					return path
				}
			}
		}
	}
	return ""
}

// sourcesBelow are what the patterns of a rule begin with, below some host.
func sourcesBelow(r *nodeRule) []string {
	var sources []string
	for _, rewrite := range r.rewrites {
		for _, head := range expression.Heads(rewrite.pattern.String()) {
			sources = append(sources, stranger+"/"+strings.TrimSuffix(head, "/"))
		}
	}
	return sources
}
