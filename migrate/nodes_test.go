package migrate

import (
	"strings"
	"testing"
)

func TestWhatRegistriesYAMLSaysBeyondMirrorsIsNamed(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"an unknown field", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nmystery: 1\n", "r.yaml:2:1: mystery: is no field of registries.yaml"},
		{"an unknown field of a mirror", "mirrors: {quay.io: {endpoint: ['https://m.example'], endpoints: []}}\n", "mirrors.quay.io.endpoints: is no field of a mirror"},
		{"a path of a registry", "mirrors: {quay.io/acme: {endpoint: ['https://m.example']}}\n", "a runtime knows registries by host[:port]"},
		{"a name that is none", "mirrors: {'Quay io': {endpoint: ['https://m.example']}}\n", "mirrors.Quay io: "},
		{"a login in a name", "mirrors: {'u:hunter2@quay.io': {endpoint: ['https://m.example']}}\n", "holds a user or a password"},
		{"no URL", "mirrors: {quay.io: {endpoint: ['https://']}}\n", "is no URL of a registry"},
		{"a scheme", "mirrors: {quay.io: {endpoint: ['ftp://m.example']}}\n", `has the scheme "ftp"`},
		{"a query", "mirrors: {quay.io: {endpoint: ['https://m.example?x=y']}}\n", "is no URL of a registry"},
		{"a host that is none", "mirrors: {quay.io: {endpoint: ['https://mirror']}}\n", "reads as no host"},
		{"a path that no reference leads to", "mirrors: {quay.io: {endpoint: ['https://m.example/x']}}\n", "asks for /x/<repository>"},
		{"the registry itself before others", "mirrors: {quay.io: {endpoint: ['https://quay.io', 'https://m.example']}}\n", "asks the registry itself before other endpoints"},
		{"a pattern that does not compile", "mirrors: {quay.io: {endpoint: ['https://m.example'], rewrite: {'(': x}}}\n", "does not compile"},
		{"patterns in no order", "mirrors: {quay.io: {endpoint: ['https://m.example'], rewrite: {'^(.*)$': 'a/$1', '^acme/(.*)$': 'b/$1'}}}\n", "k3s tries its patterns in no order"},
		{"a rewrite that is no prefix", "mirrors: {quay.io: {endpoint: ['https://m.example'], rewrite: {'/': '-'}}}\n", "no address before the same repository"},
		{"one repository elsewhere than what lies below it", "mirrors: {quay.io: {endpoint: ['https://m.example'], rewrite: {'^acme/tool$': 'other/tool'}}}\n", "goes to m.example/other/tool, and what lies below it to m.example/acme/tool"},
		{"an unknown field of a config", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nconfigs: {m.example: {tsl: {}}}\n", "configs.m.example.tsl: is no field of a config"},
		{"an unknown field of tls", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nconfigs: {m.example: {tls: {ca: x}}}\n", "configs.m.example.tls.ca: is no field that is read here"},
		{"an endpoint that is no list", "mirrors: {quay.io: {endpoint: 'https://m.example'}}\n", "mirrors.quay.io.endpoint: is a string, which is not read as an endpoint; write a list"},
		{"Docker Hub by plain HTTP", "mirrors: {quay.io: {endpoint: ['https://m.example']}, docker.io: {endpoint: ['https://m.example']}}\nconfigs: {docker.io: {tls: {insecure_skip_verify: true}}}\n", "Docker Hub is reached by https alone"},
		{"a host by plain HTTP and by HTTPS", "mirrors: {quay.io: {endpoint: ['http://m.example']}, ghcr.io: {endpoint: ['https://m.example']}}\n", "is reached by https here, and by http in r.yaml:1"},
		{"no endpoint", "mirrors: {quay.io: {}}\n", "has no endpoint"},
		{"a config of no host", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nconfigs: {'a b': {tls: {}}}\n", "configs.a b"},
		{"nothing but how a host is reached", "configs: {m.example: {tls: {insecure_skip_verify: true}}}\n", "can only be said beside a mirror"},
		{"a mirror of itself", "mirrors: {quay.io: {endpoint: ['https://quay.io/v2/x']}}\n", "would be rewritten again"},
	} {
		result := read(t, "r.yaml", row.text, Options{})
		if !strings.Contains(talk(result), "left out: r.yaml:") || !strings.Contains(talk(result), row.want) || strings.Contains(talk(result), "hunter2") {
			t.Errorf("%s: said\n%swant %s", row.why, talk(result), row.want)
		}
	}
}

func TestK3sIsReadAsK3sReadsIt(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"an endpoint without a scheme", "mirrors: {quay.io: {endpoint: [m.example]}}\n", "mirror: m.example\n  constraint"},
		{"on this machine, it is plain HTTP", "mirrors: {quay.io: {endpoint: ['127.0.0.1:5000']}}\n", "mirror: \"127.0.0.1:5000\"\n    transport: http"},
		{"but not by HTTPS's own port", "mirrors: {quay.io: {endpoint: ['localhost:443']}}\n", "mirror: localhost:443\n  constraint"},
		{"a path below /v2 is one of the registry", "mirrors: {quay.io: {endpoint: ['https://m.example/v2/a/b/']}}\n", "mirror: m.example/a/b\n"},
		{"/v2 alone is nothing", "mirrors: {quay.io: {endpoint: ['https://m.example/v2']}}\n", "mirror: m.example\n"},
		{"everything rewritten", "mirrors: {quay.io: {endpoint: ['https://m.example'], rewrite: {'^(.*)$': 'q/$1'}}}\n", "source: quay.io\n    mirror: m.example/q\n"},
		{"one repository rewritten", "mirrors: {docker.io: {endpoint: ['https://m.example'], rewrite: {'^acme/tool$': 'other/tool'}}}\n", "source: docker.io/acme/tool\n    mirror: m.example/other/tool\n"},
		{"no registry itself", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\n---\ndisable-default-registry-endpoint: true\n", "fallbackToUpstream: false"},
		{"IPv6", "mirrors: {quay.io: {endpoint: ['http://[fd00::1]:5000']}}\n", "mirror: \"[fd00::1]:5000\"\n    transport: http"},
		{"a name of Docker Hub", "mirrors: {index.docker.io: {endpoint: ['https://m.example']}}\n", "source: docker.io\n"},
		{"the registry itself in the last place", "mirrors: {quay.io: {endpoint: ['https://m.example', 'https://quay.io']}}\n", "mirror: m.example\n  constraint"},
		{"endpoints that are the same", "mirrors: {quay.io: {endpoint: ['https://m.example', 'https://M.example', 'https://n.example']}}\n", "fallbacks:\n    - n.example\n"},
	} {
		result := read(t, "r.yaml", row.text, Options{})
		if len(result.LeftOut) > 0 || !strings.Contains(string(result.Text), row.want) {
			t.Errorf("%s:\n%s%swant\n%s", row.why, result.Text, talk(result), row.want)
		}
	}
}

func TestWhatHostsTOMLSaysBeyondMirrorsIsNamed(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"a capability that is none", "[host.\"https://m.example\"]\n  capabilities = [\"pul\"]\n", "certs.d/quay.io/hosts.toml:2:3: host.https://m.example.capabilities[0]: \"pul\": is no capability, so that containerd passes over the whole file"},
		{"a host without a table", "server = \"https://quay.io\"\nhost.\"https://m.example\".skip_verify = true\n", "has no table of its own"},
		{"an unknown field", "mystery = 1\n[host.\"https://m.example\"]\n", "mystery: is no field of hosts.toml"},
		{"an unknown field of a host", "[host.\"https://m.example\"]\nplain_http = true\n", "plain_http: is no field of hosts.toml"},
		{"a certificate for plain HTTP", "[host.\"http://m.example\"]\nskip_verify = true\n", "containerd tries HTTPS first"},
		{"the API below another path", "[host.\"https://m.example/v2/x\"]\n", "asks for /v2/x/v2/<repository>"},
		{"a server that is none", "server = \"nothing\"\n", "reads as no host"},
		{"a server that is only pushed to", "server = \"https://m.example\"\ncapabilities = [\"push\"]\n", "is not asked for images, only pushed to"},
		{"certificates that nobody looks at", "[host.\"https://m.example\"]\nskip_verify = true\nca = \"/x.crt\"\n", "host.https://m.example.ca: certificates are not looked at where none is verified"},
		{"a list of hosts", "[[host]]\nurl = \"https://m.example\"\n", "host: is a list, so that containerd passes over the whole file"},
		{"k3s's own field", "[host.\"https://m.example\"]\n[host.\"https://m.example\".rewrite]\na = \"b\"\n", "migrate their registries.yaml"},
		{"a login in a host", "[host.\"https://robot:hunter2@m.example\"]\n", "credentials are neither read nor copied"},
	} {
		result := read(t, "certs.d/quay.io/hosts.toml", row.text, Options{})
		if !strings.Contains(talk(result), row.want) || strings.Contains(talk(result), "hunter2") {
			t.Errorf("%s: said\n%swant %s", row.why, talk(result), row.want)
		}
	}
}

func TestContainerdIsReadAsContainerdReadsIt(t *testing.T) {
	for _, row := range []struct{ why, folder, text, want string }{
		{"without a server the registry is asked last", "quay.io", "[host.\"https://m.example\"]\n", "fallbackToUpstream: true"},
		{"a server that is a mirror is the last that is asked", "quay.io", "server = \"https://n.example\"\n[host.\"https://m.example\"]\n", "mirror: m.example\n    fallbacks:\n    - n.example\n  constraint:\n    enforcement: warn  # what was in use until now refused nothing; deny is what a MirrorSet does by itself\n  nodes:\n    fallbackToUpstream: false"},
		{"a server that is a host again", "quay.io", "server = \"https://m.example\"\n[host.\"https://m.example\"]\n", "mirror: m.example\n  constraint"},
		{"the order is that of the file", "quay.io", "[host.\"https://z.example\"]\n[host.\"https://a.example\"]\n", "mirror: z.example\n    fallbacks:\n    - a.example\n"},
		{"a port between underlines", "10.0.0.1_5000_", "[host.\"https://m.example\"]\n", "source: \"10.0.0.1:5000\"\n"},
		{"a port behind a colon", "r.example:5000", "[host.\"https://m.example\"]\n", "source: r.example:5000\n"},
		{"skipping the verification", "quay.io", "[host.\"https://m.example\"]\nskip_verify = true\n", "transport: https-skip-verify"},
		{"no capabilities are all of them", "quay.io", "[host.\"https://m.example\"]\ncapabilities = []\n", "mirror: m.example\n"},
		{"capabilities in upper case", "quay.io", "[host.\"https://m.example\"]\ncapabilities = [\"Pull\", \"RESOLVE\"]\n", "mirror: m.example\n"},
		{"an empty server is none", "quay.io", "server = \"\"\n[host.\"https://m.example\"]\n", "fallbackToUpstream: true"},
		{"a name of Docker Hub", "registry-1.docker.io", "[host.\"https://m.example\"]\n", "source: docker.io\n"},
	} {
		result := read(t, "certs.d/"+row.folder+"/hosts.toml", row.text, Options{})
		if len(result.LeftOut) > 0 || !strings.Contains(string(result.Text), row.want) {
			t.Errorf("%s:\n%s%swant\n%s", row.why, result.Text, talk(result), row.want)
		}
	}
	result, err := Read([]File{{Name: "hosts.toml", Folder: "ghcr.io", Data: []byte("[host.\"https://m.example\"]\n")}}, Options{})
	if err != nil || !strings.Contains(string(result.Text), "source: ghcr.io") {
		t.Errorf("the folder that was given: %v", err)
	}
}

func TestWhatARuntimeReadsOtherwiseIsNoted(t *testing.T) {
	const cri = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n"
	const mirror = "[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"quay.io\"]\nendpoint = [\"https://m.example\"]\n"
	for _, row := range []struct{ why, name, text, want string }{
		{"another name of Docker Hub is one of its own to a runtime", "r.yaml", "mirrors: {registry-1.docker.io: {endpoint: ['https://m.example']}}\n", `"registry-1.docker.io": is Docker Hub by a name`},
		{"and as a folder", "certs.d/index.docker.io/hosts.toml", "[host.\"https://m.example\"]\n", `"index.docker.io": is Docker Hub by a name`},
		{"certificates for plain HTTP", "r.yaml", "mirrors: {quay.io: {endpoint: ['http://m.example']}}\nconfigs: {m.example: {tls: {insecure_skip_verify: true}}}\n", `"m.example": is reached by http (r.yaml:1), where no certificate is looked at`},
		{"certificates that nobody looks at", "r.yaml", "mirrors: {quay.io: {endpoint: ['https://m.example']}}\nconfigs: {m.example: {tls: {insecure_skip_verify: true, ca_file: /x}}}\n", "configs.m.example.tls.ca_file: certificates are not looked at"},
		{"mirrors beside a folder of them", "config.toml", cri + "config_path = \"/etc/containerd/certs.d\"\n" + mirror, "containerd does not start with mirrors beside a config_path"},
		{"a rewrite in config.toml", "config.toml", cri + mirror + "rewrite = {\"^(.*)$\" = \"a/$1\"}\n", "only the containerd of k3s and RKE2 rewrites repositories"},
	} {
		result := read(t, row.name, row.text, Options{})
		if result.Text == nil || len(result.LeftOut) > 0 || !strings.Contains(talk(result), row.want) {
			t.Errorf("%s:\n%s%swant %s", row.why, result.Text, talk(result), row.want)
		}
	}
	result, err := Read([]File{{Name: "certs.d/quay.io/hosts.toml", Data: []byte("# nothing\n")}, {Name: "certs.d/ghcr.io/hosts.toml", Data: []byte("server = \"https://m.example\"\n")}}, Options{})
	if err != nil || !strings.Contains(talk(result), "passed over: certs.d/quay.io/hosts.toml:1:1: is empty") {
		t.Errorf("an empty hosts.toml beside another: %v", err)
	}
	result = read(t, "r.yaml", "mirrors: {'*': {endpoint: ['https://m.example']}}\n", Options{Sources: []string{"gcr.io/team"}})
	if !strings.Contains(talk(result), "--sources: \"gcr.io/team\": a runtime knows registries by host[:port]") {
		t.Errorf("a source with a path:\n%s", talk(result))
	}
}

func TestTwoThatContradictAreNamed(t *testing.T) {
	k3s := File{Name: "registries.yaml", Data: []byte("mirrors: {quay.io: {endpoint: ['https://m.example']}}\n")}
	for _, row := range []struct {
		why, name, text, want string
	}{
		{"another mirror", "certs.d/quay.io/hosts.toml", "[host.\"https://n.example\"]\n", `left out: registries.yaml:1:32: mirrors.quay.io.endpoint[0]: "quay.io -> m.example": the source is served by n.example already (containerd, quay.io, certs.d/quay.io/hosts.toml:1)`},
		{"another end", "certs.d/quay.io/hosts.toml", "server = \"https://n.example\"\n[host.\"https://m.example\"]\n", "the registry itself may be asked last in one place and not in"},
		{"another scope", "p.yaml", policyWith(map[string]string{"rule": "exclude: {any: [{resources: {namespaces: [a]}}]}", "patch": `{spec: {containers: [{(name): "{{element.name}}", image: "{{ regex_replace_all('^quay\\.io/', element.image, 'm.example/') }}"}]}}`}), "has another scope here than in"},
		{"a source below another's, elsewhere", "certs.d/m.example/hosts.toml", "[host.\"https://quay.io\"]\n", "would be rewritten again"},
	} {
		result, err := Read([]File{k3s, {Name: row.name, Data: []byte(row.text)}}, Options{})
		if err != nil || !strings.Contains(talk(result), row.want) {
			t.Errorf("%s: %v\n%swant %s", row.why, err, talk(result), row.want)
		}
	}
	// What both say is said once.
	result, err := Read([]File{k3s, {Name: "certs.d/quay.io/hosts.toml", Data: []byte("[host.\"https://m.example\"]\n")}}, Options{})
	if err != nil || len(result.LeftOut) > 0 || strings.Count(string(result.Text), "source:") != 1 || !strings.Contains(string(result.Text), "# containerd, quay.io, k3s, quay.io: certs.d/quay.io/hosts.toml:1, registries.yaml:1") {
		t.Errorf("%v\n%s%s", err, result.Text, talk(result))
	}
	// Two policies of one scope that say otherwise what becomes of a failure.
	first := strings.Replace(policyWith(nil), "quay\\\\.io", "ghcr\\\\.io", 1)
	second := strings.Replace(policyWith(map[string]string{"spec": "failurePolicy: Fail"}), "{name: p}", "{name: q}", 1)
	result, err = Read([]File{{Name: "p.yaml", Data: []byte(first)}, {Name: "q.yaml", Data: []byte(second)}}, Options{})
	if err != nil || !strings.Contains(talk(result), `left out: q.yaml:5:18: spec.failurePolicy: "Fail": another policy of the same scope says Ignore (p.yaml:5)`) {
		t.Errorf("%v\n%s", err, talk(result))
	}
}

func TestANodeIsAskedAsItsRuntimeAsks(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("b", 64)
	k3s := read(t, "r.yaml", "mirrors:\n  docker.io: {endpoint: ['https://m.example'], rewrite: {'^library/(.*)$': 'official/$1'}}\n  '*': {endpoint: ['https://all.example']}\n", Options{}).Nodes[0]
	containerd := read(t, "certs.d/quay.io/hosts.toml", "[host.\"https://m.example/v2/q\"]\noverride_path = true\n", Options{}).Nodes[0]
	openshift := read(t, "o.yaml", "apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\nmetadata: {name: a}\nspec: {imageDigestMirrors: [{source: quay.io/acme, mirrors: [m.example/acme]}, {source: quay.io/acme/deep, mirrors: [n.example]}]}\n---\napiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\nmetadata: {name: b}\nspec: {imageTagMirrors: [{source: ghcr.io, mirrors: [t.example]}]}\n", Options{}).Nodes[0]
	for _, row := range []struct {
		why              string
		node             *Node
		image, want, say string
	}{
		{"an official image", k3s, "nginx:1", "m.example/official/nginx:1", ""},
		{"another one", k3s, "acme/web", "m.example/acme/web:latest", ""},
		{"a registry without an entry", k3s, "ghcr.io/a/b:1", "all.example/a/b:1", ""},
		{"a tag and a digest", k3s, "acme/web:1" + digest, "m.example/acme/web:1" + digest, ""},
		{"no image", k3s, "NGINX", "NGINX", "no reference"},
		{"a path", containerd, "quay.io/a/b:1", "m.example/q/a/b:1", ""},
		{"another registry", containerd, "ghcr.io/a/b:1", "ghcr.io/a/b:1", "no rule"},
		{"the longest source", openshift, "quay.io/acme/deep/x" + digest, "n.example/x" + digest, ""},
		{"a tag where digests are redirected", openshift, "quay.io/acme/x:1", "quay.io/acme/x:1", "digest alone"},
		{"a digest where tags are", openshift, "ghcr.io/a/x" + digest, "ghcr.io/a/x" + digest, "without a digest alone"},
		{"a tag where tags are", openshift, "ghcr.io/a/x:1", "t.example/a/x:1", ""},
	} {
		got, why := row.node.Asked(row.image)
		if got != row.want || !strings.Contains(why, row.say) || (why == "") != (row.say == "") {
			t.Errorf("%s: %s is asked for as %s (%s), want %s (%s)", row.why, row.image, got, why, row.want, row.say)
		}
	}
}
