package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
)

func allowing(p *mirror.Plan, registries ...string) *mirror.Plan {
	// Through the JSON form, as a plan that was read back is complete too.
	return reread(p, registries)
}

func TestJudgeGivesTheContractsMessages(t *testing.T) {
	hub := planOf(to("docker.io", "cr.example.com"))
	part := planOf(only(to("docker.io", "cr.example.com"), "library", "bitnami"))
	for _, row := range []struct {
		why     string
		plan    *mirror.Plan
		view    mirror.View
		image   string
		want    string // empty: nothing found
		warning bool
	}{
		{"an image of a source", hub, mirror.AsAdmitted, "nginx", `image "nginx" (docker.io/library/nginx:latest) must be "cr.example.com/library/nginx:latest"`, false},
		{"its rewritten form", hub, mirror.AsAdmitted, "cr.example.com/library/nginx:latest", "", false},
		{"a template is rewritten later", hub, mirror.AsTemplate, "nginx", "", false},
		{"no reference", hub, mirror.AsAdmitted, "NGINX", `image "NGINX" is not a valid reference`, false},
		{"no reference in a template", hub, mirror.AsTemplate, "NGINX", `image "NGINX" is not a valid reference`, false},
		{"quotes and newlines stay on the line", hub, mirror.AsAdmitted, "a\"\n", `image "a\"\n" is not a valid reference`, false},
		{"what is too long to repeat", hub, mirror.AsAdmitted, strings.Repeat("é", 1001), `image of 1001 characters is not a valid reference`, false},
		{"what an API server would drop a warning for", hub, mirror.AsAdmitted, "nginx\x00", `image of 6 characters is not a valid reference`, false},
		{"DEL and C1 likewise", hub, mirror.AsAdmitted, "a\x7f\u009b", `image of 3 characters is not a valid reference`, false},
		{"what is escaped is repeated", hub, mirror.AsAdmitted, "a\tb\r\n", `image "a\tb\r\n" is not a valid reference`, false},
		{"nothing would be left", planOf(to("quay.io/acme", "m.example.com")), mirror.AsAdmitted, "quay.io/acme", `image "quay.io/acme" cannot be rewritten to mirror quay-io-acme: nothing would be left but the host "m.example.com"`, false},
		{"the default port pulls from the source", hub, mirror.AsAdmitted, "docker.io:443/nginx", `image "docker.io:443/nginx" (docker.io:443/nginx:latest) must be "cr.example.com/library/nginx:latest"`, false},
		{"leading zeros of a port are dropped by who pulls", hub, mirror.AsAdmitted, "registry-1.docker.io:00443/library/nginx", `image "registry-1.docker.io:00443/library/nginx" (registry-1.docker.io:00443/library/nginx:latest) must be "cr.example.com/library/nginx:latest"`, false},
		{"leading zeros of a source's own port", planOf(to("reg.corp:5000", "m.example.com")), mirror.AsAdmitted, "reg.corp:05000/x", `image "reg.corp:05000/x" (reg.corp:05000/x:latest) must be "m.example.com/x:latest"`, false},
		{"an IPv6 address ends in no port", planOf(to("[::443]", "m.example.com")), mirror.AsAdmitted, "[::0443]/x", "", false},
		{"another port does not", hub, mirror.AsAdmitted, "docker.io:444/nginx", "", false},
		{"not held is a warning", part, mirror.AsAdmitted, "grafana/grafana", `image "grafana/grafana" is not served by mirror docker-io (it holds library, bitnami)`, true},
		{"not held in a template too", part, mirror.AsTemplate, "grafana/grafana", `image "grafana/grafana" is not served by mirror docker-io (it holds library, bitnami)`, true},
		{"not held is denied where registries are limited", allowing(part, "corp.example"), mirror.AsAdmitted, "grafana/grafana", `image "grafana/grafana" is not served by mirror docker-io (it holds library, bitnami)`, false},
		{"not held stays a warning where the source is allowed", allowing(part, "docker.io"), mirror.AsAdmitted, "grafana/grafana", `image "grafana/grafana" is not served by mirror docker-io (it holds library, bitnami)`, true},
		{"a registry that is not allowed", allowing(hub, "corp.example/team"), mirror.AsAdmitted, "ghcr.io/a/b:1", `image "ghcr.io/a/b:1" comes from ghcr.io, which is not allowed; allowed: corp.example/team, cr.example.com`, false},
		{"an allowed path", allowing(hub, "corp.example/team"), mirror.AsAdmitted, "corp.example/team/x", "", false},
		{"a look-alike of an allowed path", allowing(hub, "corp.example/team"), mirror.AsAdmitted, "corp.example/team2/x", `image "corp.example/team2/x" comes from corp.example, which is not allowed; allowed: corp.example/team, cr.example.com`, false},
		{"an allowed host in another case", allowing(hub, "corp.example"), mirror.AsAdmitted, "Corp.Example/x", "", false},
		{"an opted-out template keeps the upstream", allowing(hub, "corp.example"), mirror.AsOptedOutTemplate, "nginx", `image "nginx" comes from docker.io, which is not allowed; allowed: corp.example, cr.example.com`, false},
	} {
		finding, found := row.plan.Judge(row.image, row.view)
		if found != (row.want != "") || finding.Message != row.want || finding.Warning != row.warning {
			t.Errorf("%s: got %q (warning %v), want %q (warning %v)", row.why, finding.Message, finding.Warning, row.want, row.warning)
		}
	}
}

func TestJudgeExcessCountsReferencesAndCharacters(t *testing.T) {
	p := planOf(to("docker.io", "m.example.com"))
	for _, row := range []struct {
		why                    string
		references, characters int
		want                   string
	}{
		{"at the limits", 500, 40_000, ""},
		{"one reference too many", 501, 10, "the object has 501 image references of 10 characters in all; at most 500 references of 40000 characters are allowed"},
		{"one character too many", 1, 40_001, "the object has 1 image references of 40001 characters in all; at most 500 references of 40000 characters are allowed"},
	} {
		finding, found := p.JudgeExcess(row.references, row.characters)
		if found != (row.want != "") || finding.Message != row.want {
			t.Errorf("%s: got %q, want %q", row.why, finding.Message, row.want)
		}
	}
}
