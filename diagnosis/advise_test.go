package diagnosis

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

const adviceSpec = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - source: docker.io
    mirror: harbor.example:8443/hub
  - source: quay.io
    mirror: harbor.example:8443/quay
    only: [prometheus, coreos]
    except: [coreos/etcd]
  - source: ghcr.io
    mirror: m.example/ghcr.io
    transport: http
    pullSecret: {name: regcred, namespace: home, allNamespaces: true}
    fallbacks: [f.example/ghcr.io]
  - source: gcr.io
    mirror: ca.example/gcr
    caFile: ca.crt
  - source: nvcr.io
    mirror: skip.example/nv
    transport: https-skip-verify
  registries:
  - {host: "10.0.0.7:5000", transport: https-skip-verify}
  scope:
    excludeNamespaces: [legacy, other]
    podSelector: {matchExpressions: [{key: mirror.opt-out, operator: DoesNotExist}]}
`

func adviceSets(t *testing.T, text string) ([]*spec.MirrorSet, []*mirror.Plan) {
	t.Helper()
	sets, err := spec.Parse("mirrors.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var plans []*mirror.Plan
	for _, set := range sets {
		plans = append(plans, mirror.Compile(set))
	}
	return sets, plans
}

func TestTheChangeThatMendsAFailureIsNamed(t *testing.T) {
	sets, plans := adviceSets(t, adviceSpec)
	const none = "0 "
	for _, row := range []struct {
		why       string
		f         Finding
		namespace string
		// want is "line path: yaml" for each change; "0 " is none.
		want []string
		says string
	}{
		{"a CA that nobody trusts", Finding{Cause: "x509-unknown-authority", Host: "harbor.example:8443", Image: "harbor.example:8443/hub/library/nginx:1"}, "",
			[]string{"6 spec.mirrors[0].caFile: caFile: certs/harbor.example_8443.crt", "6 spec.mirrors[0].transport: transport: https-skip-verify", "8 spec.mirrors[1].transport: transport: https-skip-verify", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, "gen nodes"},
		{"the mirror that the image names comes first", Finding{Cause: "x509-unknown-authority", Host: "harbor.example:8443", Image: "harbor.example:8443/quay/coreos/x:1"}, "",
			[]string{"8 spec.mirrors[1].caFile: caFile: certs/harbor.example_8443.crt", "8 spec.mirrors[1].transport: transport: https-skip-verify", "6 spec.mirrors[0].transport: transport: https-skip-verify", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, ""},
		{"a CA that is there", Finding{Cause: "x509-unknown-authority", Host: "ca.example"}, "",
			[]string{"19 spec.mirrors[3].caFile: ", "17 spec.mirrors[3].transport: transport: https-skip-verify", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, "A CA is named already"},
		{"a check that is skipped already", Finding{Cause: "x509-unknown-authority", Host: "skip.example:443"}, "", []string{"22 spec.mirrors[4].transport: "}, "skipped already"},
		{"a wrong name is no reason to skip the check", Finding{Cause: "x509-name-mismatch", Host: "ca.example"}, "", []string{"18 spec.mirrors[3].mirror: "}, "hide a man in the middle"},
		{"an address without a name", Finding{Cause: "x509-no-ip-san", Host: "ca.example"}, "", []string{"18 spec.mirrors[3].mirror: "}, "by a name"},
		{"an expired certificate is not the spec's", Finding{Cause: "x509-expired", Host: "ca.example"}, "", []string{none}, ""},
		{"plain HTTP", Finding{Cause: "http-response-to-https-client", Host: "ca.example"}, "", []string{"17 spec.mirrors[3].transport: transport: http", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, "plain HTTP"},
		{"plain HTTP that is declared", Finding{Cause: "http-response-to-https-client", Host: "m.example"}, "", []string{"14 spec.mirrors[2].transport: ", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, "already"},
		{"TLS where HTTP is declared", Finding{Cause: "http-request-to-https-port", Host: "m.example"}, "", []string{"14 spec.mirrors[2].transport: transport: https"}, ""},
		{"no credentials", Finding{Cause: "no-credentials", Host: "ca.example", Image: "ca.example/gcr/a/b:1"}, "", []string{"17 spec.mirrors[3].pullSecret: pullSecret: {name: regcred, namespace: registry-credentials, allNamespaces: true}"}, "clones it"},
		{"credentials that are there", Finding{Cause: "unauthorized", Host: "m.example", Image: "m.example/ghcr.io/a/b:1"}, "", []string{"15 spec.mirrors[2].pullSecret: "}, "kubectl get secret mirrorgen-cn-ghcr-io"},
		{"a sandbox has no credentials", Finding{Cause: "unauthorized", Host: "ca.example", Image: "ca.example/gcr/pause:3", Sandbox: true}, "", []string{"17 spec.mirrors[3]: "}, "without credentials"},
		{"no right, or no such repository", Finding{Cause: "access-denied", Host: "ca.example", Image: "ca.example/gcr/a/b:1"}, "", []string{"17 spec.mirrors[3].pullSecret: pullSecret: {name: regcred, namespace: registry-credentials, allNamespaces: true}", "17 spec.mirrors[3].except: except: [a/b]"}, ""},
		{"library/ is missing", Finding{Cause: "access-denied", Host: "harbor.example:8443", Image: "harbor.example:8443/hub/nginx:1.27"}, "", []string{"7 spec.mirrors[0].mirror: "}, "harbor.example:8443/hub/library/nginx:1.27"},
		{"not on the mirror's list", Finding{Cause: "mirror-not-allowlisted", Host: "m.example", Image: "m.example/ghcr.io/a/b:1"}, "", []string{"12 spec.mirrors[2].except: except: [a/b]"}, ""},
		{"the same, where a node redirects", Finding{Cause: "mirror-not-allowlisted", Host: "m.example", Image: "ghcr.io/a/b:1"}, "", []string{"12 spec.mirrors[2].except: except: [a/b]"}, ""},
		{"not there, beside other exceptions", Finding{Cause: "not-found", Host: "harbor.example:8443", Image: "harbor.example:8443/quay/prometheus/x:1"}, "", []string{"11 spec.mirrors[1].except: except: [coreos/etcd, prometheus/x]"}, ""},
		{"not there, though listed", Finding{Cause: "not-found", Host: "harbor.example:8443", Image: "harbor.example:8443/quay/prometheus:1"}, "", []string{"10 spec.mirrors[1].only: only: [coreos]"}, ""},
		{"a fallback", Finding{Cause: "network-timeout", Host: "f.example", Image: "ghcr.io/a/b:1"}, "", []string{"13 spec.mirrors[2].mirror: "}, "gen probe -f mirrors.yaml"},
		{"a web page", Finding{Cause: "html-instead-of-registry", Host: "m.example"}, "", []string{"13 spec.mirrors[2].mirror: "}, "override_path"},
		{"a full disk has nothing to do with mirrors", Finding{Cause: "no-space-left", Host: "m.example"}, "", []string{none}, ""},
		{"a declared registry", Finding{Cause: "http-response-to-https-client", Host: "10.0.0.7:5000"}, "", []string{"24 spec.registries[0].transport: transport: http", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, ""},
		{"a declared registry, as it is declared", Finding{Cause: "x509-unknown-authority", Host: "10.0.0.7:5000"}, "", []string{"24 spec.registries[0].transport: "}, "already"},
		{"a registry of one's own", Finding{Cause: "http-response-to-https-client", Host: "10.0.0.9:5000", Image: "10.0.0.9:5000/a:1"}, "", []string{`24 spec.registries[1]: - {host: "10.0.0.9:5000", transport: http}`, "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, ""},
		{"an unknown certificate of one's own", Finding{Cause: "x509-unknown-authority", Host: "reg.corp.example"}, "", []string{"24 spec.registries[1]: - {host: reg.corp.example, transport: https-skip-verify}", "5 spec.serverless: serverless: [alibaba-eci, tencent-eks, huawei-cci]"}, "install the CA"},
		{"a public registry with an unknown certificate", Finding{Cause: "x509-unknown-authority", Host: "registry.k8s.io", Image: "registry.k8s.io/pause:3"}, "", []string{`6 spec.mirrors[5]: - {source: registry.k8s.io, mirror: "harbor.example:8443/registry.k8s.io"}`}, ""},
		{"an upstream that no mirror serves", Finding{Cause: "network-timeout", Host: "cdn.example", Image: "registry.k8s.io/pause:3"}, "", []string{`6 spec.mirrors[5]: - {source: registry.k8s.io, mirror: "harbor.example:8443/registry.k8s.io"}`}, "No mirror serves"},
		{"an upstream that a mirror serves", Finding{Cause: "rate-limited", Host: "registry-1.docker.io", Image: "nginx"}, "default", []string{"6 spec.mirrors[0]: "}, "older than the policy"},
		{"the same without an image", Finding{Cause: "rate-limited", Host: "registry-1.docker.io"}, "", []string{"6 spec.mirrors[0]: "}, "scope.podSelector"},
		{"its layers' host", Finding{Cause: "x509-unknown-authority", Host: "production.cloudflare.docker.com", Image: "bitnami/redis-cluster:latest"}, "", []string{"6 spec.mirrors[0]: "}, "was not rewritten"},
		{"in a namespace that is excluded", Finding{Cause: "rate-limited", Host: "registry-1.docker.io", Image: "nginx"}, "legacy", []string{"26 spec.scope.excludeNamespaces: excludeNamespaces: [other]"}, "is excluded"},
		{"in a system namespace", Finding{Cause: "rate-limited", Host: "registry-1.docker.io", Image: "nginx"}, "kube-system", []string{"26 spec.scope: "}, "gen nodes"},
		{"of a sandbox", Finding{Cause: "network-timeout", Host: "registry-1.docker.io", Image: "pause:3", Sandbox: true}, "", []string{"6 spec.mirrors[0]: "}, "Admission never sees"},
		{"what the mirror does not hold", Finding{Cause: "network-timeout", Host: "quay.io", Image: "quay.io/jetstack/x:1"}, "", []string{"10 spec.mirrors[1].only: only: [prometheus, coreos, jetstack/x]"}, ""},
		{"what is left alone", Finding{Cause: "network-timeout", Host: "quay.io", Image: "quay.io/coreos/etcd:1"}, "", []string{"11 spec.mirrors[1].except[0]: "}, ""},
		{"a layer store of the mirror's, out of reach", Finding{Cause: "network-timeout", Host: "minio.corp:9000", Image: "harbor.example:8443/hub/library/nginx:1"}, "", []string{none}, ""},
		{"a layer store of the mirror's, with a CA of its own", Finding{Cause: "x509-unknown-authority", Host: "minio.corp:9000", Image: "harbor.example:8443/hub/library/nginx:1"}, "", []string{"24 spec.registries[1]: - {host: \"minio.corp:9000\", caFile: certs/minio.corp_9000.crt}"}, "for layers"},
		{"an address that stands for the mirror", Finding{Cause: "network-timeout", Host: "10.2.3.4:8443", Image: "harbor.example:8443/hub/library/nginx:1"}, "", []string{none}, ""},
		{"a fallback's address", Finding{Cause: "connection-refused", Host: "10.2.3.5:443", Image: "f.example/ghcr.io/a/b:1"}, "", []string{none}, ""},
		{"no cause", Finding{Host: "m.example"}, "", []string{none}, ""},
		{"no detail", Finding{Cause: "generic-no-detail", Host: "m.example"}, "", []string{none}, ""},
		{"neither host nor image", Finding{Cause: "rate-limited"}, "", []string{none}, ""},
		{"a host that is none", Finding{Cause: "rate-limited", Host: "*.example"}, "", []string{none}, ""},
		{"an image that was not found upstream", Finding{Cause: "not-found", Host: "registry.k8s.io", Image: "registry.k8s.io/a:1"}, "", []string{none}, ""},
	} {
		got := Advise(row.f, row.namespace, sets, plans, English)
		var lines []string
		var why strings.Builder
		for _, c := range got {
			lines = append(lines, fmt.Sprintf("%d %s: %s", c.Line, c.Path, c.YAML))
			why.WriteString(c.Why + "\n")
			if c.File != "mirrors.yaml" || c.Why == "" {
				t.Errorf("%s: %+v", row.why, c)
			}
		}
		if len(lines) == 0 {
			lines = []string{none}
		}
		if strings.Join(lines, "\n") != strings.Join(row.want, "\n") || !strings.Contains(why.String(), row.says) {
			t.Errorf("%s:\n%s\nwant\n%s\n%s", row.why, strings.Join(lines, "\n"), strings.Join(row.want, "\n"), why.String())
		}
		for i, c := range Advise(row.f, row.namespace, sets, plans, Chinese) {
			if c.YAML != got[i].YAML || c.Why == got[i].Why {
				t.Errorf("%s: in Chinese %+v", row.why, c)
			}
		}
	}
}

// Each change, made in the file, gives a MirrorSet that is accepted.
func TestEachChangeGivesAValidMirrorSet(t *testing.T) {
	sets, plans := adviceSets(t, adviceSpec)
	changed := 0
	for _, f := range []Finding{
		{Cause: "x509-unknown-authority", Host: "ca2.example", Image: "ca2.example/a:1"},
		{Cause: "http-response-to-https-client", Host: "10.0.0.9:5000", Image: "10.0.0.9:5000/a:1"},
		{Cause: "network-timeout", Host: "registry.k8s.io", Image: "registry.k8s.io/pause:3"},
		{Cause: "network-timeout", Host: "10.0.0.8:5000", Image: "10.0.0.8:5000/pause:3"},
		{Cause: "x509-unknown-authority", Host: "ca.example"},
		{Cause: "http-request-to-https-port", Host: "m.example"},
		{Cause: "access-denied", Host: "ca.example", Image: "ca.example/gcr/a/b:1"},
		{Cause: "not-found", Host: "harbor.example:8443", Image: "harbor.example:8443/quay/prometheus/x:1"},
		{Cause: "network-timeout", Host: "quay.io", Image: "quay.io/jetstack/x:1"},
		{Cause: "rate-limited", Host: "docker.io", Image: "nginx"},
	} {
		for _, c := range Advise(f, "legacy", sets, plans, English) {
			if c.YAML == "" {
				continue
			}
			changed++
			text := apply(t, adviceSpec, c)
			if _, err := spec.Parse("changed", []byte(text)); err != nil {
				t.Errorf("%s: %s\n%v\n%s", f.Cause, c.YAML, err, text)
			}
		}
	}
	if changed < 10 {
		t.Errorf("%d changes: the test does not see them", changed)
	}
}

// apply writes a change into the text, as a reader of it would.
func apply(t *testing.T, text string, c Change) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	key, _, _ := strings.Cut(c.YAML, ":")
	switch parent := c.Path[:strings.LastIndexAny(c.Path, ".[")]; {
	case strings.HasPrefix(c.YAML, "- "):
		// An entry goes to the front of its list.
		for i, line := range lines {
			if strings.TrimSpace(line) == strings.TrimPrefix(parent, "spec.")+":" {
				return strings.Join(append(lines[:i+1:i+1], append([]string{"  " + c.YAML}, lines[i+1:]...)...), "\n")
			}
		}
	case strings.HasSuffix(parent, "]"):
		// A field of a mirror: in place of the one that is there, or behind its first line.
		first := 0
		for i, line := range lines[:c.Line] {
			if strings.HasPrefix(line, "  - ") {
				first = i
			}
		}
		rest := lines[first+1:]
		for i, line := range rest {
			if !strings.HasPrefix(line, "    ") {
				break
			}
			if strings.HasPrefix(strings.TrimSpace(line), key+":") {
				rest[i] = "    " + c.YAML
				return strings.Join(lines, "\n")
			}
		}
		return strings.Join(append(lines[:first+1:first+1], append([]string{"    " + c.YAML}, rest...)...), "\n")
	case parent == "spec":
		return strings.TrimSuffix(text, "\n") + "\n  " + c.YAML + "\n"
	case parent == "spec.scope":
		return strings.Replace(text, "    excludeNamespaces: [legacy, other]", "    "+c.YAML, 1)
	}
	t.Fatalf("no place for %+v", c)
	return ""
}

func TestWithoutMirrorSetsThereIsNoAdvice(t *testing.T) {
	if got := Advise(Finding{Cause: "rate-limited", Host: "docker.io", Image: "nginx"}, "", nil, nil, English); got != nil {
		t.Errorf("%+v", got)
	}
}
