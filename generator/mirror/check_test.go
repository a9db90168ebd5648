package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

func TestCheckRefusesWhatDependsOnOrderOrRepetition(t *testing.T) {
	alias := func(m spec.Mirror, hosts ...string) spec.Mirror {
		m.Aliases = hosts
		return m
	}
	named := func(name string, mirrors ...spec.Mirror) *mirror.Plan {
		p := planOf(mirrors...)
		p.Name = name
		return p
	}
	for _, row := range []struct {
		why   string
		plans []*mirror.Plan
		want  string // a part of the one problem; empty: none
	}{
		{"one mirror", []*mirror.Plan{planOf(to("docker.io", "m.example.com"))}, ""},
		{"nested sources in one set: the longest wins", []*mirror.Plan{planOf(to("docker.io", "m.example.com"), to("docker.io/bitnami", "n.example.com"))}, ""},
		{"two mirrors with one source", []*mirror.Plan{named("a", to("quay.io", "m.example.com")), named("b", to("quay.io", "n.example.com"))}, `"quay.io": is served by mirror "quay-io" of MirrorSet "a" already`},
		{"Docker Hub's spellings are one source", []*mirror.Plan{named("a", to("docker.io", "m.example.com")), named("b", to("index.docker.io", "n.example.com"))}, `"docker.io": is served by`},
		{"an alias is a source", []*mirror.Plan{named("a", alias(to("quay.io", "m.example.com"), "q.example.net")), named("b", to("q.example.net", "n.example.com"))}, `"q.example.net": is served by`},
		{"nested sources of two sets have no order", []*mirror.Plan{named("a", to("docker.io", "m.example.com")), named("b", to("docker.io/bitnami", "n.example.com"))}, `"docker.io/bitnami": lies below "docker.io" of mirror "docker-io" of MirrorSet "a"`},
		{"a mirror below its own source", []*mirror.Plan{planOf(to("docker.io", "docker.io/acme"))}, "would be rewritten again"},
		{"a mirror below its own source, left out by except", []*mirror.Plan{planOf(except(to("docker.io", "docker.io/acme"), "acme"))}, ""},
		{"a mirror that is another's source", []*mirror.Plan{planOf(to("docker.io", "quay.io/hub"), to("quay.io", "m.example.com"))}, "would be rewritten again"},
		{"a mirror that is another's source, over two sets", []*mirror.Plan{named("a", to("docker.io", "quay.io/hub")), named("b", to("quay.io", "m.example.com"))}, "would be rewritten again"},
		{"a mirror above a source", []*mirror.Plan{planOf(to("docker.io", "m.example.com"), to("m.example.com/library", "n.example.com"))}, "would be rewritten again"},
		{"a mirror above a source that its output never reaches", []*mirror.Plan{planOf(only(to("docker.io", "m.example.com"), "bitnami"), to("m.example.com/library", "n.example.com"))}, ""},
		{"a look-alike is not below", []*mirror.Plan{planOf(to("quay.io", "quay.io2/x"))}, ""},
		{"the default port written out is refused by the constraint for ever", []*mirror.Plan{planOf(to("quay.io", "quay.io:443/x"))}, "would be rewritten again"},
		{"a mirror into what except leaves alone", []*mirror.Plan{planOf(except(to("quay.io", "m.example.com/q"), "a"), to("gcr.io", "quay.io/a"))}, ""},
	} {
		problems := mirror.Check(row.plans)
		switch {
		case row.want == "" && len(problems) > 0:
			t.Errorf("%s: refused: %v", row.why, problems)
		case row.want != "" && len(problems) != 1:
			t.Errorf("%s: want one problem, got %v", row.why, problems)
		case row.want != "" && !strings.Contains(problems[0].Message, row.want):
			t.Errorf("%s: got %q, want %q in it", row.why, problems[0].Message, row.want)
		}
	}
}
