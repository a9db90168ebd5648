package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

var hex = strings.Repeat("a", 128)

// to is a mirror of a set in its shortest form.
func to(source, address string) spec.Mirror { return spec.Mirror{Source: source, Mirror: address} }

func only(m spec.Mirror, entries ...string) spec.Mirror {
	m.Only = entries
	return m
}

func except(m spec.Mirror, entries ...string) spec.Mirror {
	m.Except = entries
	return m
}

// planOf compiles mirrors, named after their sources.
func planOf(mirrors ...spec.Mirror) *mirror.Plan {
	set := &spec.MirrorSet{Name: "test", Spec: spec.Spec{Mirrors: mirrors}}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		if m.Name == "" {
			m.Name = strings.NewReplacer(".", "-", "/", "-", ":", "-").Replace(m.Source)
		}
	}
	return mirror.Compile(set)
}

func TestRewriteFollowsTheContract(t *testing.T) {
	long := strings.Repeat("a", 250)
	for _, row := range []struct {
		why    string
		plan   *mirror.Plan
		image  string
		want   string
		status mirror.Status
	}{
		{"a short name is Docker Hub's library", planOf(to("docker.io", "cr.example.com")), "nginx", "cr.example.com/library/nginx:latest", mirror.Rewritten},
		{"a tag stays", planOf(to("docker.io", "harbor.example.com/dockerhub")), "bitnami/redis:7", "harbor.example.com/dockerhub/bitnami/redis:7", mirror.Rewritten},
		{"tag and digest both stay", planOf(to("docker.io/library", "r.example.com:5000/official")), "nginx:1@sha256:" + hex[:64], "r.example.com:5000/official/nginx:1@sha256:" + hex[:64], mirror.Rewritten},
		{"a digest alone gets no tag", planOf(to("docker.io", "m.example.com")), "nginx@sha256:" + hex[:64], "m.example.com/library/nginx@sha256:" + hex[:64], mirror.Rewritten},
		{"sha384 is a kubelet's too", planOf(to("gcr.io", "m.example.com")), "gcr.io/a@sha384:" + hex[:96], "m.example.com/a@sha384:" + hex[:96], mirror.Rewritten},
		{"sha512 is a kubelet's too", planOf(to("gcr.io", "m.example.com")), "gcr.io/a@sha512:" + hex, "m.example.com/a@sha512:" + hex, mirror.Rewritten},
		{"another registry is unchanged", planOf(to("docker.io", "m.example.com/docker.io")), "ghcr.io/a/b:1", "ghcr.io/a/b:1", mirror.Unmatched},
		{"nothing would be left but a host", planOf(to("quay.io/acme", "m.example.com")), "quay.io/acme", "quay.io/acme", mirror.Unrewritable},
		{"the mirror's path is enough", planOf(to("quay.io/acme", "m.example.com/acme")), "quay.io/acme:2", "m.example.com/acme:2", mirror.Rewritten},
		{"a look-alike path is not below the source", planOf(to("quay.io/acme", "m.example.com")), "quay.io/acme2/x", "quay.io/acme2/x", mirror.Unmatched},
		{"a look-alike host is another host", planOf(to("quay.io", "m.example.com")), "quay.io.evil.com/acme/x", "quay.io.evil.com/acme/x", mirror.Unmatched},
		{"a longer host is another host", planOf(to("quay.io", "m.example.com")), "quay.io2/acme/x", "quay.io2/acme/x", mirror.Unmatched},
		{"a port makes another host", planOf(to("quay.io", "m.example.com")), "quay.io:443/acme/x", "quay.io:443/acme/x", mirror.Unmatched},
		{"a source may have a port", planOf(to("quay.io:443", "m.example.com")), "quay.io:443/acme/x", "m.example.com/acme/x:latest", mirror.Rewritten},
		{"hosts compare without regard to case", planOf(to("quay.io", "m.example.com")), "Quay.IO/acme/x:1", "m.example.com/acme/x:1", mirror.Rewritten},
		{"Docker Hub in upper case is Docker Hub", planOf(to("docker.io", "m.example.com")), "DOCKER.IO/nginx", "m.example.com/library/nginx:latest", mirror.Rewritten},
		{"Docker Hub's legacy host", planOf(to("docker.io", "m.example.com")), "index.docker.io/nginx", "m.example.com/library/nginx:latest", mirror.Rewritten},
		{"the host Docker Hub is served from", planOf(to("docker.io", "m.example.com")), "registry-1.docker.io/nginx", "m.example.com/library/nginx:latest", mirror.Rewritten},
		{"the source may be Docker Hub's other spelling", planOf(to("registry-1.docker.io", "m.example.com")), "nginx", "m.example.com/library/nginx:latest", mirror.Rewritten},
		{"the longest source wins", planOf(to("docker.io", "a.example.com"), to("docker.io/bitnami", "b.example.com/bn")), "bitnami/redis", "b.example.com/bn/redis:latest", mirror.Rewritten},
		{"the longest source wins in any order", planOf(to("docker.io/bitnami", "b.example.com/bn"), to("docker.io", "a.example.com")), "bitnami/redis", "b.example.com/bn/redis:latest", mirror.Rewritten},
		{"only holds its entries", planOf(only(to("docker.io", "m.example.com"), "library", "bitnami")), "bitnami/redis:1", "m.example.com/bitnami/redis:1", mirror.Rewritten},
		{"only shuts out the rest", planOf(only(to("docker.io", "m.example.com"), "library", "bitnami")), "grafana/grafana", "grafana/grafana", mirror.NotHeld},
		{"only ends at a boundary", planOf(only(to("docker.io", "m.example.com"), "library")), "library2/x", "library2/x", mirror.NotHeld},
		{"only may name a repository", planOf(only(to("quay.io", "m.example.com"), "a/b")), "quay.io/a/b:1", "m.example.com/a/b:1", mirror.Rewritten},
		{"except leaves its entries alone", planOf(except(to("docker.io", "m.example.com"), "library/registry")), "registry:2", "registry:2", mirror.Kept},
		{"except ends at a boundary", planOf(except(to("docker.io", "m.example.com"), "library/registry")), "registry2:2", "m.example.com/library/registry2:2", mirror.Rewritten},
		{"except within only", planOf(except(only(to("docker.io", "m.example.com"), "library"), "library/registry")), "registry", "registry", mirror.Kept},
		{"shut out by the longest source, held by the next", planOf(to("docker.io", "a.example.com"), only(to("docker.io/bitnami", "b.example.com"), "redis")), "bitnami/nginx", "a.example.com/bitnami/nginx:latest", mirror.Rewritten},
		{"excepted by the longest source, held by the next", planOf(to("docker.io", "a.example.com"), except(to("docker.io/bitnami", "b.example.com"), "redis")), "bitnami/redis", "a.example.com/bitnami/redis:latest", mirror.Rewritten},
		{"an already rewritten image is unchanged", planOf(to("docker.io", "m.example.com/docker.io")), "m.example.com/docker.io/library/nginx:latest", "m.example.com/docker.io/library/nginx:latest", mirror.Unmatched},
		{"an invalid image is left alone", planOf(to("docker.io", "m.example.com")), "NGINX", "NGINX", mirror.Invalid},
		{"a result over 255 characters is left alone", planOf(to("docker.io", "m.example.com/docker.io")), "a/" + long, "a/" + long, mirror.Unrewritable},
		{"a host with an underscore is valid and no source's", planOf(to("docker.io", "m.example.com")), "my_registry.local/x", "my_registry.local/x", mirror.Unmatched},
		{"IPv6 hosts may be sources", planOf(to("[::1]:5000", "m.example.com")), "[::1]:5000/x:1", "m.example.com/x:1", mirror.Rewritten},
		{"a mirror below Docker Hub needs two components", planOf(to("quay.io/acme", "docker.io/acme")), "quay.io/acme", "quay.io/acme", mirror.Unrewritable},
		{"localhost is a host", planOf(to("localhost", "m.example.com")), "localhost/a", "m.example.com/a:latest", mirror.Rewritten},
	} {
		d := row.plan.Rewrite(row.image)
		if d.Image != row.want || d.Status != row.status {
			t.Errorf("%s: %q: got %q (%v), want %q (%v)", row.why, row.image, d.Image, d.Status, row.want, row.status)
		}
	}
}

func TestAliasesAreTheSourceElsewhere(t *testing.T) {
	m := to("quay.io/acme", "m.example.com/q")
	m.Aliases = []string{"quay.example.net:8443"}
	plan := planOf(m)
	for _, row := range []struct{ why, image, want string }{
		{"the source itself", "quay.io/acme/x:1", "m.example.com/q/x:1"},
		{"the alias has the source's path", "quay.example.net:8443/acme/x:1", "m.example.com/q/x:1"},
		{"the alias without the path is not the source", "quay.example.net:8443/other/x:1", "quay.example.net:8443/other/x:1"},
	} {
		if got := plan.Rewrite(row.image).Image; got != row.want {
			t.Errorf("%s: got %q, want %q", row.why, got, row.want)
		}
	}
}

// TestCorpusRewrites runs the rows collected from other projects. A row whose
// rule a MirrorSet refuses must be refused.
func TestCorpusRewrites(t *testing.T) {
	ran, refused := 0, 0
	for _, row := range corpus.Images(t) {
		if row.Kind != "rewrite" {
			continue
		}
		plan, err := planOfCorpus(row)
		if err != nil {
			refused++
			continue
		}
		ran++
		d := plan.Rewrite(row.Image)
		accept := append([]string{row.Expect.Rewritten}, row.Expect.AlsoAccept...)
		found := false
		for _, want := range accept {
			found = found || sameReference(d.Image, want)
		}
		if !found {
			t.Errorf("%s: %q with %+v: got %q, want one of %q", row.Source, row.Image, row.Rule, d.Image, accept)
		}
	}
	if ran < 70 || refused > 5 {
		t.Errorf("%d rows ran and %d were refused: the corpus is not what it was", ran, refused)
	}
}

func sameReference(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := image.Parse(a)
	y, errY := image.Parse(b)
	return errX == nil && errY == nil && x.String() == y.String()
}

// planOfCorpus makes a plan of a row's rule; excluded hosts are no sources.
func planOfCorpus(row corpus.Row) (*mirror.Plan, error) {
	rules := row.Rule.Rules
	if len(rules) == 0 {
		rules = []corpus.Rule{row.Rule}
	}
	var mirrors []spec.Mirror
	for _, rule := range rules {
		m := to(rule.From, rule.To)
		for _, excluded := range row.Rule.Exclude {
			if rest, below := strings.CutPrefix(excluded, rule.From+"/"); below {
				m.Except = append(m.Except, rest)
			}
		}
		mirrors = append(mirrors, m)
	}
	plan := planOf(mirrors...)
	return plan, mirror.Check([]*mirror.Plan{plan}).Err()
}
