package agreement

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

func advSet() *spec.MirrorSet {
	secret := func(n string) *spec.PullSecret {
		return &spec.PullSecret{Name: n, Namespace: "creds", AllNamespaces: true}
	}
	return &spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "images", Source: "docker.io", Mirror: "harbor.corp.example/hub", Except: []string{"acme"}, Transport: "https-skip-verify", PullSecret: secret("a")},
			{Name: "quay", Source: "quay.io", Mirror: "10.0.0.9:5000/quay", Transport: "http", PullSecret: secret("b")},
			{Name: "ghcr", Source: "ghcr.io", Mirror: "index.docker.io/acme", Transport: "http", PullSecret: secret("images")},
			{Name: "gcr", Source: "gcr.io", Mirror: "[2001:db8::1]:5000/images", Transport: "https-skip-verify"},
			{Name: "k8s", Source: "registry.k8s.io", Mirror: "harbor.corp.example/hub/k8s", Transport: "https-skip-verify", PullSecret: secret("k")},
			{Name: "ms", Source: "mcr.microsoft.com", Mirror: "images/x", Transport: "http"},
		},
		Registries: []spec.Registry{{Host: "[::1]:5000", Transport: "http"}, {Host: "images.example.com", Transport: "https-skip-verify"}, {Host: "localhost", Transport: "http"}, {Host: "my_host.local", Transport: "http"}, {Host: "quay.io:443", Transport: "http"}},
		Serverless: []string{"alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci"},
	}}
}

func TestAdv(t *testing.T) {
	if os.Getenv("ADV") == "" {
		t.Skip()
	}
	set := advSet()
	set.Spec.Mirrors = set.Spec.Mirrors[:5]
	all := columns(t)
	l := load(t, all, set)
	defer l.close(t)
	images := []string{"nginx", "NGINX", "index.docker.io/acme/x", "docker.io/acme/y:1", "acme/z", "registry-1.docker.io/acme/q", "INDEX.docker.io/acme/p", "ghcr.io/x", "ghcr.io/x/y:1", "quay.io/a/b", "QUAY.io/a/b", "gcr.io/x", "[::1]:5000/a", "[2001:DB8::1]:5000/images/x", "[2001:db8::1]:5000/images", "images.example.com/x", "IMAGES.example.com/images/images", "localhost/x", "Localhost/x", "LOCALHOST/x", "my_host.local/x", "my_host.local", "quay.io:443/x", "quay.io:0443/x",
		"registry.k8s.io/pause", "harbor.corp.example/hub/k8s", "harbor.corp.example/hub/k8s/x", "harbor.corp.example/hub", "harbor.corp.example/hubx/y", "harbor.corp.example/x", "harbor.corp.example", "10.0.0.9:5000/quay", "10.0.0.9:5000/quay2/a", "10.0.0.9:05000/quay/a", "10.0.0.9/quay/a",
		"harbor.corp.example/hub/x@sha256:" + strings.Repeat("a", 64), "harbor.corp.example/hub/x@sha512:" + strings.Repeat("a", 128), "harbor.corp.example/hub/x@sha512:" + strings.Repeat("a", 127), "harbor.corp.example/hub/" + strings.Repeat("x", 251), "harbor.corp.example/hub/" + strings.Repeat("x", 252), "harbor.corp.example/hub/x:" + strings.Repeat("t", 128), "harbor.corp.example/hub/x:" + strings.Repeat("t", 129),
		strings.Repeat("a", 64), "localhost:5000/x", "docker.io/library/nginx", "harbor.corp.example/hub/x:1@sha256:" + strings.Repeat("b", 64)}
	pod := func(annotations, secrets any, image ...string) map[string]any {
		var containers []any
		for i, text := range image {
			containers = append(containers, map[string]any{"name": fmt.Sprint("c", i), "image": text})
		}
		p := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "default"}, "spec": map[string]any{"containers": containers}}
		if annotations != "absent" {
			p["metadata"].(map[string]any)["annotations"] = annotations
		}
		if secrets != "absent" {
			p["spec"].(map[string]any)["imagePullSecrets"] = secrets
		}
		return p
	}
	create := func(p map[string]any) {
		t.Helper()
		l.agree(t, engine.Request{Object: p, Operation: engine.Create, NamespaceLabels: map[string]string{}}, true)
	}
	for _, im := range images {
		create(pod("absent", "absent", im))
		l.agree(t, engine.Request{Object: pod("absent", "absent", im, "x"), OldObject: pod("absent", "absent", "old", "x"), Operation: engine.Update, NamespaceLabels: map[string]string{}}, true)
	}
	create(pod("absent", "absent", images...))
	long := []string{}
	for i := range 5000 {
		long = append(long, fmt.Sprintf("r%d.example.com:5000", i))
	}
	texts := []string{"", " ", "\t\n", "\u00a0", "\u3000", "\u2028", "\v", "\f", "\ufeff", "\u0085", " all", "all,", ",all", "ALL", "all\u00a0", "a,all,b", "al l", "harbor.corp.example", " harbor.corp.example ", "Harbor.corp.example", "harbor.corp.example/", "https://harbor.corp.example", "harbor.corp.example:443", "\u00a0harbor.corp.example", "harbor.corp.example\v", "harbor.corp.example,", "harbor.corp.example, ", "harbor.corp.example ,,", ",", ",,", " , ", "x, \t\r\n", "x,\u00a0", "x,\v",
		"[::1]:5000", "docker.io", "index.docker.io", strings.Join(long, ","), strings.Join(long, " , ") + ", harbor.corp.example", strings.Repeat("é", 100000), strings.Repeat(",", 3000), "日本,中国", "\x00", "\u202e", "{\"a\":1}", "[1,2]", "null", "true", "1", "'x'", "\"x\"", "`x`", "\\", "\\,", "x\\", "\"", "x\r", "\r\n"}
	texts = append(texts, mirrortest.Hostile()...)
	use := []string{"nginx", "quay.io/a/b", "[::1]:5000/x", "ghcr.io/a/b"}
	for _, text := range texts {
		annotations := map[string]any{}
		for _, a := range mirror.Annotations() {
			annotations[a.Key] = text
		}
		create(pod(annotations, "absent", use...))
		annotations[mirror.RegistryConfigKey] = text
		create(pod(annotations, "absent", use...))
	}
	n := func(name any) map[string]any { return map[string]any{"name": name} }
	for _, s := range []any{"absent", nil, []any{}, "x", 1.0, true, map[string]any{}, map[string]any{"name": "mirrorgen-cn-images"}, []any{nil}, []any{"mirrorgen-cn-images"}, []any{n("mirrorgen-cn-images"), n("mirrorgen-cn-images")}, []any{n("x"), n("x"), n("mirrorgen-cn-quay"), n("mirrorgen-cn-quay")}, []any{n(nil), n(""), n(1.0), n([]any{}), n(map[string]any{})}, []any{n(" mirrorgen-cn-images")}, []any{n("null")}, []any{n("true")}, []any{[]any{n("mirrorgen-cn-images")}}, []any{map[string]any{"Name": "mirrorgen-cn-images"}}, []any{n("é\u00a0")}, []any{n("[]")}, []any{n("{}")}, []any{n("1")}} {
		create(pod("absent", s, use...))
		old := pod("absent", s, "x")
		l.agree(t, engine.Request{Object: pod("absent", s, use...), OldObject: old, Operation: engine.Update, NamespaceLabels: map[string]string{}}, true)
	}
	for _, a := range []any{nil, map[string]any{}, "x", []any{}, []any{"x"}, 1.0, map[string]any{"k8s.aliyun.com/insecure-registry": nil}, map[string]any{"k8s.aliyun.com/insecure-registry": 1.0}, map[string]any{"k8s.aliyun.com/insecure-registry": []any{"a"}}, map[string]any{mirror.RegistryConfigKey: nil}, map[string]any{mirror.RegistryConfigKey: 1.0}, map[string]any{mirror.RegistryConfigKey: ""}, map[string]any{mirror.RegistryConfigKey: false}} {
		create(pod(a, "absent", use...))
	}
}

func TestAdvExcess(t *testing.T) {
	if os.Getenv("ADV") == "" {
		t.Skip()
	}
	set := advSet()
	set.Spec.Mirrors = set.Spec.Mirrors[:5]
	set.Spec.Constraint.Enforcement = "warn"
	all := columns(t)
	l := load(t, all, set)
	defer l.close(t)
	var containers []any
	for i := range 400 {
		containers = append(containers, map[string]any{"name": fmt.Sprint("c", i), "image": "x" + strings.Repeat("y", 90)})
	}
	p := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "default"}, "spec": map[string]any{"containers": containers}}
	out := l.admit(t, t.Context(), l.reference, engine.Request{Object: p, Operation: engine.Create, NamespaceLabels: map[string]string{}}, engine.Mutate)
	t.Log(len(show(out.Object)), out.Object["spec"].(map[string]any)["imagePullSecrets"], out.Object["metadata"])
	for i := range l.columns {
		if !l.columns[i].mutates {
			continue
		}
		out := l.admit(t, t.Context(), l.sessions[i], engine.Request{Object: p, Operation: engine.Create, NamespaceLabels: map[string]string{}}, engine.Mutate)
		t.Log(len(show(out.Object)), out.Object["spec"].(map[string]any)["imagePullSecrets"], out.Object["metadata"], out.Warnings)
	}
}
