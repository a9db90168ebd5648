package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

func TestNeedsThatDependOnTheOrderOfSetsAreRefused(t *testing.T) {
	set := func(name string, serverless []string, registries []spec.Registry, mirrors ...spec.Mirror) *mirror.Plan {
		return mirror.Compile(needySet(name, serverless, registries, mirrors...))
	}
	named := func(name string, m spec.Mirror) spec.Mirror {
		m.Name = name
		return m
	}
	http := func(host string) []spec.Registry { return []spec.Registry{{Host: host, Transport: "http"}} }
	skip := func(host string) []spec.Registry {
		return []spec.Registry{{Host: host, Transport: "https-skip-verify"}}
	}
	eci, tke, cci, vci := []string{"alibaba-eci"}, []string{"tencent-eks"}, []string{"huawei-cci"}, []string{"volcengine-vci"}
	hub := to("docker.io", "cr.example.com/hub")
	quay := to("quay.io", "cr.example.com/quay")

	for _, row := range []struct {
		why   string
		plans []*mirror.Plan
		want  []string // path: message of each problem
	}{
		{"two mirrors with a secret each", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(quay, "", "y"))}, nil},
		{"one source of credentials for two addresses", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(quay, "", "x"))}, nil},
		{"nested addresses with a secret each in one set: the longest decides", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(to("quay.io", "cr.example.com/hub/quay"), "", "y"))}, nil},
		{"two sets on one host, side by side", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, needing(quay, "", "y"))}, nil},
		{"a set without a secret beside one with", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, quay)}, nil},

		{"names that run together", []*mirror.Plan{
			set("a-b", nil, nil, named("c", needing(hub, "", "x"))), set("a", nil, nil, named("b-c", needing(quay, "", "y")))},
			[]string{`spec.mirrors[0].pullSecret: "mirrorgen-a-b-c": is what the pull secret of mirror "c" of MirrorSet "a-b" is called too; rename the mirror or the set`}},
		{"names that run together without a secret are no one's", []*mirror.Plan{
			set("a-b", nil, nil, named("c", needing(hub, "", "x"))), set("a", nil, nil, named("b-c", quay))}, nil},
		{"two secrets for one address, in one set", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(to("quay.io", "cr.example.com/hub"), "", "y"))},
			[]string{`spec.mirrors[1].pullSecret: "cr.example.com/hub": has a pull secret by mirror "docker-io" of MirrorSet "a" already; an address has one: write it there only`}},
		{"the same secret twice for one address", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(to("quay.io", "cr.example.com/hub"), "", "x"))},
			[]string{`spec.mirrors[1].pullSecret: "cr.example.com/hub": has a pull secret by mirror "docker-io" of MirrorSet "a" already; an address has one: write it there only`}},
		{"one secret for two mirrors at one address", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), to("quay.io", "cr.example.com/hub"))}, nil},
		{"two secrets for one address, in two sets", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, needing(to("quay.io", "cr.example.com/hub"), "", "y"))},
			[]string{`spec.mirrors[0].pullSecret: "cr.example.com/hub": has a pull secret by mirror "docker-io" of MirrorSet "a" already; an address has one: write it there only`}},

		{"a mirror at an address whose secret another set has", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, to("quay.io", "cr.example.com/hub"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/hub": MirrorSet "a" has a pull secret for "cr.example.com/hub"; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret`}},
		{"a mirror below it", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, to("quay.io", "cr.example.com/hub/quay"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/hub/quay": MirrorSet "a" has a pull secret for "cr.example.com/hub"; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret`}},
		{"a mirror above it, some of whose images lie below it", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, to("quay.io", "cr.example.com"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com": MirrorSet "a" has a pull secret for "cr.example.com/hub"; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret`}},
		{"a look-alike of the address", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, to("quay.io", "cr.example.com/hub2"))}, nil},
		{"one complaint for each mirror, of the first address", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x"), needing(quay, "", "y")), set("b", nil, nil, to("gcr.io", "cr.example.com"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com": MirrorSet "a" has a pull secret for "cr.example.com/hub"; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret`}},
		{"nested addresses with a secret each in two sets: the order would decide", []*mirror.Plan{set("a", nil, nil, needing(hub, "", "x")), set("b", nil, nil, needing(to("quay.io", "cr.example.com/hub/quay"), "", "y"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/hub/quay": lies below "cr.example.com/hub", for which MirrorSet "a" has a pull secret; the longest address decides only within one MirrorSet: write both in one`}},
		{"the same, the longer in the set that comes first", []*mirror.Plan{set("a", nil, nil, needing(to("quay.io", "cr.example.com/hub/quay"), "", "y")), set("b", nil, nil, needing(hub, "", "x"))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/hub/quay": lies below "cr.example.com/hub", for which MirrorSet "b" has a pull secret; the longest address decides only within one MirrorSet: write both in one`}},

		{"both sets know the transport", []*mirror.Plan{set("a", nil, nil, needing(hub, "http", "")), set("b", nil, nil, needing(quay, "http", ""))}, nil},
		{"a declaration of the registry is knowing it", []*mirror.Plan{set("a", nil, nil, needing(hub, "http", "")), set("b", nil, http("cr.example.com"), needing(quay, "http", ""))}, nil},
		{"a transport that only another set knows", []*mirror.Plan{set("a", nil, nil, needing(hub, "http", "")), set("b", nil, nil, quay)},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" says that cr.example.com is reached by http; the set that has the mirror must say so too: add transport: http`}},
		{"a transport that only another set declares", []*mirror.Plan{set("a", nil, skip("cr.example.com"), to("gcr.io", "n.example.com")), set("b", nil, nil, quay)},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" says that cr.example.com is reached by https-skip-verify; the set that has the mirror must say so too: add transport: https-skip-verify`}},
		{"another port is another registry", []*mirror.Plan{set("a", nil, http("cr.example.com:80"), to("gcr.io", "n.example.com")), set("b", nil, nil, quay)}, nil},
		{"one registry with two transports, a mirror in each set", []*mirror.Plan{set("a", nil, nil, needing(hub, "http", "")), set("b", nil, nil, needing(quay, "https-skip-verify", ""))},
			[]string{
				`spec.mirrors[0].mirror: "cr.example.com/hub": MirrorSet "b" says that cr.example.com is reached by https-skip-verify; the set that has the mirror must say so too: add transport: https-skip-verify`,
				`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" says that cr.example.com is reached by http; the set that has the mirror must say so too: add transport: http`}},
		{"one registry with two transports, declared by both", []*mirror.Plan{set("a", nil, http("r.example"), hub), set("b", nil, skip("r.example"), quay)},
			[]string{`spec.registries: "r.example": is reached by http here and by https-skip-verify in MirrorSet "b"; a registry has one transport`}},
		{"the same in the other order: said once, of the first by name", []*mirror.Plan{set("b", nil, skip("r.example"), quay), set("a", nil, http("r.example"), hub)},
			[]string{`spec.registries: "r.example": is reached by http here and by https-skip-verify in MirrorSet "b"; a registry has one transport`}},
		{"one registry with two transports, a mirror in one set", []*mirror.Plan{set("a", nil, skip("cr.example.com"), to("gcr.io", "n.example.com")), set("b", nil, nil, needing(quay, "http", ""))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" says that cr.example.com is reached by https-skip-verify; the set that has the mirror must say so too: add transport: https-skip-verify`}},
		{"a registry that both declare alike", []*mirror.Plan{set("a", nil, http("r.example"), hub), set("b", nil, http("r.example"), quay)}, nil},

		{"a platform that only another set serves", []*mirror.Plan{set("a", eci, nil, needing(hub, "http", "")), set("b", nil, nil, needing(quay, "http", ""))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" lists cr.example.com for alibaba-eci; the set that has the mirror must do so too: add serverless: [alibaba-eci]`}},
		{"two platforms that only another set serves", []*mirror.Plan{set("a", append(append([]string{}, tke...), vci...), skip("cr.example.com"), to("gcr.io", "n.example.com")), set("b", eci, nil, needing(quay, "https-skip-verify", ""))},
			[]string{`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" lists cr.example.com for tencent-eks and volcengine-vci; the set that has the mirror must do so too: add serverless: [tencent-eks, volcengine-vci]`}},
		{"each serves a platform that the other does not", []*mirror.Plan{set("a", cci, nil, needing(hub, "http", "")), set("b", tke, nil, needing(quay, "http", ""))},
			[]string{
				`spec.mirrors[0].mirror: "cr.example.com/hub": MirrorSet "b" lists cr.example.com for tencent-eks; the set that has the mirror must do so too: add serverless: [tencent-eks]`,
				`spec.mirrors[0].mirror: "cr.example.com/quay": MirrorSet "a" lists cr.example.com for huawei-cci; the set that has the mirror must do so too: add serverless: [huawei-cci]`}},
		{"a platform that has no annotation for the transport", []*mirror.Plan{set("a", vci, nil, needing(hub, "http", "")), set("b", nil, nil, needing(quay, "http", ""))}, nil},
		{"both serve it", []*mirror.Plan{set("a", eci, nil, needing(hub, "http", "")), set("b", eci, nil, needing(quay, "http", ""))}, nil},
		{"a platform that lists nothing of the mirror's registry", []*mirror.Plan{set("a", eci, http("r.example"), hub), set("b", nil, nil, quay)}, nil},
	} {
		var got []string
		for _, problem := range mirror.Check(row.plans) {
			got = append(got, problem.Path+": "+problem.Message)
		}
		if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
			t.Errorf("%s:\ngot  %s\nwant %s", row.why, strings.Join(got, "\n     "), strings.Join(row.want, "\n     "))
		}
	}
}

func TestProblemsOfNeedsStandWhereTheyWereWritten(t *testing.T) {
	set := func(file, name, source, body string) *spec.MirrorSet {
		sets, err := spec.Parse(file, []byte("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: "+name+"}\nspec:\n  mirrors:\n  - source: "+source+"\n    mirror: cr.example.com/hub\n"+body))
		if err != nil {
			t.Fatal(err)
		}
		return sets[0]
	}
	secret := "    pullSecret: {name: regcred, namespace: home, allNamespaces: true}\n"
	for _, row := range []struct {
		why, first, second string
		want               string
	}{
		{"a pull secret", secret, "    name: second\n" + secret, `b.yaml:9:17: spec.mirrors[0].pullSecret: "cr.example.com/hub": has a pull secret by mirror "docker-io" of MirrorSet "a" (a.yaml:6) already; an address has one: write it there only`},
		{"a mirror", secret, "", `b.yaml:6:13: spec.mirrors[0].mirror: "cr.example.com/hub": MirrorSet "a" has a pull secret for "cr.example.com/hub"; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret`},
		{"registries", "  registries: [{host: r.example, transport: http}]\n", "  registries: [{host: r.example, transport: https-skip-verify}]\n",
			`a.yaml:5:3: spec.registries: "r.example": is reached by http here and by https-skip-verify in MirrorSet "b"; a registry has one transport`},
	} {
		plans := []*mirror.Plan{mirror.Compile(set("a.yaml", "a", "docker.io", row.first)), mirror.Compile(set("b.yaml", "b", "quay.io", row.second))}
		if err := mirror.Check(plans).Err(); err == nil || err.Error() != row.want {
			t.Errorf("%s:\ngot  %v\nwant %s", row.why, err, row.want)
		}
	}
}
