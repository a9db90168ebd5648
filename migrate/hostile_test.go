package migrate

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/spec"
)

func TestInputThatCannotBeReadIsAnErrorWithItsPlace(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nmirrors: {quay.io: *c}\n"
	for _, row := range []struct{ why, name, text, from, want string }{
		{"nothing", "a.yaml", "", "", "the inputs hold nothing that is read here"},
		{"another kind", "a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", "", `a.yaml:1:1: "Pod": is passed over`},
		{"no mapping", "a.yaml", "- a\n", "", "a.yaml:1:1: is a list, where a mapping has to stand"},
		{"no YAML", "a.yaml", "a: [\n", "", "a.yaml:1:1: not YAML"},
		{"aliases for more than is read", "a.yaml", bomb, "", "a.yaml:1:1: aliases stand for too many values"},
		{"an alias of itself", "a.yaml", "mirrors: &m\n  quay.io: *m\n", "", "contains an alias of itself"},
		{"an alias of nothing", "a.yaml", "mirrors: *m\n", "", "an alias names an anchor that is not defined"},
		{"a template", "a.yaml", "mirrors:\n  quay.io: {endpoint: [x]}\n{{- if .x }}\n  a: [\n", "", "line 3 is of a template: give what it renders to"},
		{"a tab", "a.yaml", "mirrors:\n\tquay.io: {}\n", "", "YAML is indented by spaces, and line 2 by a tab"},
		{"a config.toml that is none", "config.toml", "[plugins.cri.registry]\na = \n", "", "containerd does not start with such a config.toml"},
		{"a key twice", "a.yaml", "mirrors: {}\nmirrors: {}\n", "", "a.yaml:2:1: \"mirrors\": the key is there twice"},
		{"a key that is a list", "a.yaml", "? [a]\n: b\nmirrors: {}\n", "", "a key must be a string"},
		{"a list of no objects", "a.yaml", "apiVersion: v1\nkind: List\nitems: [x]\n", "", "a.yaml:3:9: items[0]: is no object"},
		{"deep nesting", "a.yaml", "mirrors: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "\n", "", "a.yaml:1:1: not YAML"},
		{"a huge file", "a.yaml", "#" + strings.Repeat("x", MaxFile), "", fmt.Sprintf("a.yaml: has more than %d bytes", MaxFile)},
		{"documents without end", "a.yaml", strings.Repeat("---\na: b\n", maxDocuments+1), "", "has more than 10000 documents"},
		{"no TOML", "certs.d/quay.io/hosts.toml", "server = \n", "", "certs.d/quay.io/hosts.toml:1:10: not TOML"},
		{"a key twice in TOML", "certs.d/quay.io/hosts.toml", "server = 'a'\nserver = 'b'\n", "", "not TOML"},
		{"TOML that is not UTF-8", "certs.d/quay.io/hosts.toml", "server = '\xff'\n", "", "is not UTF-8"},
		{"TOML without end", "certs.d/quay.io/hosts.toml", "server = '" + strings.Repeat("x", maxTOML) + "'\n", "", "has more than 1048576 bytes"},
		{"TOML of something else", "a.toml", "[package]\nname = 'x'\n", "", "no hosts.toml"},
		{"a hosts.toml of no folder", "hosts.toml", "server = 'https://quay.io'\n", "", "does not say which registry it is about"},
		{"a hosts.toml above its folder", "../hosts.toml", "server = 'https://quay.io'\n", "", "does not say which registry it is about"},
		{"a hosts.toml of a user", "certs.d/u:hunter2@x/hosts.toml", "server = 'https://quay.io'\n", "", "does not say which registry it is about"},
		{"TOML where a policy has to be", "a.toml", "server = 'x'\n", Policy, "is TOML, which --from policy does not read"},
		{"a policy where k3s has to be", "a.yaml", policyWith(nil), K3s, "is nothing that --from k3s reads"},
		{"YAML where containerd has to be", "a.yaml", "mirrors: {}\n", Containerd, "not TOML"},
		{"a format that is not known", "a.yaml", "a: b\n", "docker", `--from "docker": not known; the formats are policy, k3s, containerd, openshift`},
	} {
		_, err := Read([]File{{Name: row.name, Data: []byte(row.text)}}, Options{From: row.from})
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "hunter2") && !strings.Contains(row.name, "hunter2") {
			t.Errorf("%s: %.300v; want %s", row.why, err, row.want)
		}
	}
	for _, o := range []Options{{Name: "Not A Name"}, {Name: strings.Repeat("x", 41)}, {Sources: []string{"Quay"}}} {
		if _, err := Read([]File{{Name: "a.yaml", Data: []byte(policyWith(nil))}}, o); err == nil {
			t.Errorf("%+v: was accepted", o)
		}
	}
	// All problems come at once.
	_, err := Read([]File{{Name: "a.yaml", Data: []byte("a: [\n")}, {Name: "b.yaml", Data: []byte("- x\n")}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "a.yaml:1") || !strings.Contains(err.Error(), "b.yaml:1") {
		t.Errorf("of two files that cannot be read: %v", err)
	}
}

func TestNoInputMakesAnythingButAMirrorSetOfTheOutput(t *testing.T) {
	for _, row := range []struct{ why, name, text string }{
		{"a policy's name with a line break", "p.yaml", strings.Replace(policyWith(nil), "{name: p}", `{name: "p\n  - source: evil.example\n    mirror: x.example"}`, 1)},
		{"a file's name with a line break", "a\n- source: evil.example\n#.yaml", policyWith(nil)},
		{"a name that reorders text", "p.yaml", strings.Replace(policyWith(nil), "{name: p}", `{name: "p\u202e\u2028\u0085x"}`, 1)},
		{"a replacement with a line break", "p.yaml", policyWith(map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay[.]io/', element.image, 'm.example/\nevil: ') }}"}]}}`})},
		{"quotes in an image's text", "p.yaml", policyWith(map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay[.]io/', '{{element.image}}', 'm.example/\"}') }}"}]}}`})},
		{"a name of a label", "p.yaml", policyWith(map[string]string{"match": `{any: [{resources: {kinds: [Pod], selector: {matchLabels: {"a: b}\nevil": c}}}}]}`})},
		{"a namespace with a line break", "p.yaml", policyWith(map[string]string{"rule": `exclude: {any: [{resources: {namespaces: ["a\nevil: x"]}}]}`})},
		{"a source with a line break", "r.yaml", "mirrors: {\"quay.io\\n  - evil\": {endpoint: ['https://m.example']}, ghcr.io: {endpoint: ['https://m.example']}}\n"},
		{"an endpoint with a line break", "r.yaml", "mirrors: {ghcr.io: {endpoint: [\"https://m.example/v2/a\\nevil: b\", 'https://n.example']}}\n"},
		{"a file of certificates above the folder", "r.yaml", "mirrors: {ghcr.io: {endpoint: ['https://m.example']}}\nconfigs: {m.example: {tls: {ca_file: \"../../etc/passwd\\nevil: x\"}}}\n"},
		{"a host of certificates in IPv6", "r.yaml", "mirrors: {ghcr.io: {endpoint: ['https://[fd00::1]:5000']}}\nconfigs: {'[fd00::1]:5000': {tls: {ca_file: /x.crt}}}\n"},
	} {
		result := read(t, row.name, row.text, Options{})
		if result.Text == nil {
			if len(result.LeftOut) == 0 {
				t.Errorf("%s: nothing is written and nothing left out", row.why)
			}
			continue
		}
		sets, err := spec.Parse("out", result.Text)
		if err != nil {
			t.Errorf("%s: %v\n%s", row.why, err, result.Text)
			continue
		}
		if _, err := generator.Plans(sets); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
		for _, set := range sets {
			for _, m := range set.Spec.Mirrors {
				if strings.Contains(m.Source+m.Mirror+m.CAFile, "evil") || strings.Contains(m.CAFile, "..") || strings.Contains(m.CAFile, "passwd") {
					t.Errorf("%s: %+v", row.why, m)
				}
			}
		}
	}
}

func TestNoPasswordIsRepeated(t *testing.T) {
	const secret = "hunter2"
	for _, row := range []struct{ why, name, text string }{
		{"in a URL", "r.yaml", "mirrors: {quay.io: {endpoint: ['https://robot:hunter2@m.example/v2/x', 'robot:hunter2@n.example', 'https://hunter2@']}}\n"},
		{"in a config", "r.yaml", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nconfigs: {m.example: {auth: {username: robot, password: hunter2, identity_token: hunter2}}, 'robot:hunter2@n.example': {auth: {password: hunter2}}}\n"},
		{"in config.toml", "config.toml", "[plugins.cri.registry.mirrors.'quay.io']\nendpoint = ['https://robot:hunter2@m.example']\n[plugins.cri.registry.configs.'m.example'.auth]\npassword = 'hunter2'\n[plugins.cri.registry.auths.'https://m.example']\npassword = 'hunter2'\n[plugins.cri.registry.headers]\nx = ['hunter2']\n"},
		{"in hosts.toml", "certs.d/quay.io/hosts.toml", "server = 'https://robot:hunter2@m.example'\n[host.'https://robot:hunter2@n.example/x']\n[host.'https://o.example'.header]\nauthorization = 'Basic hunter2'\n"},
		{"in a policy's text", "p.yaml", policyWith(map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ mystery('https://robot:hunter2@m.example/', element.image) }}"}]}}`})},
		{"in a mirror set", "o.yaml", "apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\nmetadata: {name: x}\nspec: {imageDigestMirrors: [{source: 'robot:hunter2@quay.io', mirrors: [m.example]}, {source: quay.io, mirrors: ['robot:hunter2@m.example']}]}\n"},
	} {
		result := read(t, row.name, row.text, Options{})
		if strings.Contains(talk(result), secret) || strings.Contains(string(result.Text), secret) {
			t.Errorf("%s: the password is repeated:\n%s%s", row.why, result.Text, talk(result))
		}
		if len(result.LeftOut) == 0 {
			t.Errorf("%s: nothing is said of it", row.why)
		}
	}
}

func TestAPolicyThatCostsTooMuchIsRefusedInTime(t *testing.T) {
	var conditions, rules strings.Builder
	for i := range 500 {
		fmt.Fprintf(&conditions, `{key: "{{ element.image }}", operator: NotEquals, value: "h%d.example/*"},`, i)
	}
	for i := range 100 {
		fmt.Fprintf(&rules, "  - name: r%d\n    match: {resources: {kinds: [Pod]}}\n    mutate:\n      foreach:\n      - list: request.object.spec.containers\n        patchStrategicMerge: {spec: {containers: [{(name): '{{element.name}}', image: \"{{ regex_replace_all('^h%d[.]example/', element.image, 'm.example/h%d/') }}\"}]}}\n", i, i, i)
	}
	for _, row := range []struct{ why, text string }{
		{"many conditions", policyWith(map[string]string{"entry": "preconditions: {all: [" + conditions.String() + "]}"})},
		{"many rules", "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  failurePolicy: Ignore\n  rules:\n" + rules.String()},
		{"a pattern that is costly to match", policyWith(map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^(((a*)*)*)*quay[.]io/', element.image, 'm.example/') }}"}]}}`})},
		{"a text that grows", policyWith(map[string]string{"patch": `{spec: {containers: [{(name): "{{element.name}}", image: "` + strings.Repeat("{{element.image}}", 900) + `"}]}}`})},
	} {
		result := read(t, "p.yaml", row.text, Options{})
		if row.why == "many rules" && strings.Count(string(result.Text), "source:") != 100 {
			t.Errorf("%s: %d mirrors are carried over, want 100", row.why, strings.Count(string(result.Text), "source:"))
		}
	}
}
