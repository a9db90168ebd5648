package agreement

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/harness/engine"
)

// needySet has nested addresses with secrets, a mirror on Docker Hub, IPv6, and
// the words that engines read something into.
func needySet(enforcement string) *spec.MirrorSet {
	secret := func(name string) *spec.PullSecret {
		return &spec.PullSecret{Name: name, Namespace: "home", AllNamespaces: true}
	}
	return &spec.MirrorSet{Name: "cn", Spec: spec.Spec{
		Mirrors: []spec.Mirror{
			{Name: "images", Source: "docker.io", Mirror: "harbor.example/hub", Except: []string{"acme"}, Transport: "https-skip-verify", PullSecret: secret("a")},
			{Name: "quay", Source: "quay.io", Mirror: "10.0.0.9:5000/quay", Transport: "http", PullSecret: secret("b")},
			{Name: "ghcr", Source: "ghcr.io", Mirror: "index.docker.io/acme", PullSecret: secret("images")},
			{Name: "gcr", Source: "gcr.io", Mirror: "[2001:db8::1]:5000/images", Transport: "https-skip-verify"},
			{Name: "k8s", Source: "registry.k8s.io", Mirror: "harbor.example/hub/k8s", Transport: "https-skip-verify", PullSecret: secret("k")},
		},
		Registries: []spec.Registry{{Host: "[::1]:5000", Transport: "http"}, {Host: "images.example", Transport: "https-skip-verify"}, {Host: "localhost", Transport: "http"},
			{Host: "my_host.local", Transport: "http"}, {Host: "quay.io:443", Transport: "http"}},
		Serverless: []string{"alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci"},
		Constraint: spec.Constraint{Enforcement: enforcement},
	}}
}

// podOf is a Pod with annotations and pull secrets, absent where they are so.
func podOf(annotations, secrets any, images ...string) map[string]any {
	var containers []any
	for i, image := range images {
		containers = append(containers, map[string]any{"name": fmt.Sprint("c", i), "image": image})
	}
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "default"}, "spec": map[string]any{"containers": containers}}
	if annotations != absent {
		pod["metadata"].(map[string]any)["annotations"] = annotations
	}
	if secrets != absent {
		pod["spec"].(map[string]any)["imagePullSecrets"] = secrets
	}
	return pod
}

const absent = "absent"

func create(pod map[string]any) engine.Request {
	return engine.Request{Object: pod, Operation: engine.Create, NamespaceLabels: map[string]string{}}
}

func update(old, pod map[string]any) engine.Request {
	return engine.Request{Object: pod, OldObject: old, Operation: engine.Update, NamespaceLabels: map[string]string{}}
}

// TestEnginesAgreeOnHostileNeeds goes through what may stand in the places that
// are read beside images.
func TestEnginesAgreeOnHostileNeeds(t *testing.T) {
	l := load(t, columns(t), needySet(""))
	defer l.close(t)
	images := []string{
		"nginx", "NGINX", "index.docker.io/acme/x", "docker.io/acme/y:1", "acme/z", "registry-1.docker.io/acme/q", "INDEX.docker.io/acme/p", "docker.io/library/nginx",
		"ghcr.io/x", "ghcr.io/x/y:1", "quay.io/a/b", "QUAY.io/a/b", "quay.io:443/x", "quay.io:0443/x", "gcr.io/x", "[::1]:5000/a", "[2001:DB8::1]:5000/images/x", "[2001:db8::1]:5000/images",
		"images.example/x", "IMAGES.example/images/images", "localhost/x", "Localhost/x", "LOCALHOST/x", "localhost:5000/x", "my_host.local/x", "my_host.local",
		"registry.k8s.io/pause", "harbor.example/hub/k8s", "harbor.example/hub/k8s/x", "harbor.example/hub/k8s2", "harbor.example/hub", "harbor.example/hubx/y", "harbor.example/x", "harbor.example",
		"10.0.0.9:5000/quay", "10.0.0.9:5000/quay2/a", "10.0.0.9:05000/quay/a", "10.0.0.9/quay/a",
		"harbor.example/hub/x@sha256:" + strings.Repeat("a", 64), "harbor.example/hub/x:1@sha512:" + strings.Repeat("a", 128), "harbor.example/hub/x@sha512:" + strings.Repeat("a", 127),
		"harbor.example/hub/" + strings.Repeat("x", 251), "harbor.example/hub/" + strings.Repeat("x", 252), "harbor.example/hub/x:" + strings.Repeat("t", 128), "harbor.example/hub/x:" + strings.Repeat("t", 129),
		strings.Repeat("a", 64),
	}
	for _, image := range images {
		l.agree(t, create(podOf(absent, absent, image)), true)
		// Beside one that is invalid: nothing may fail over it.
		l.agree(t, update(podOf(absent, absent, "old", "NGINX"), podOf(absent, absent, image, "NGINX")), true)
	}
	l.agree(t, create(podOf(absent, absent, images...)), true)

	var long []string
	for i := range 5000 {
		long = append(long, fmt.Sprintf("r%d.example:5000", i))
	}
	use := []string{"nginx", "quay.io/a/b", "[::1]:5000/x", "ghcr.io/a/b"}
	for _, text := range append(mirrortest.Hostile(),
		"\t\n", "\u00a0", "\u3000", "\u2028", "\v", "\f", "\ufeff", "\u0085", " all", "all,", ",all", "ALL", "all\u00a0", "a,all,b", "al l",
		"harbor.example", " harbor.example ", "Harbor.example", "harbor.example/", "https://harbor.example", "harbor.example:443", "\u00a0harbor.example", "harbor.example\v",
		"harbor.example,", "harbor.example, ", "harbor.example ,,", ",", ",,", " , ", "x, \t\r\n", "x,\u00a0", "x,\v", "[::1]:5000", "docker.io", "index.docker.io",
		strings.Join(long, ","), strings.Join(long, " , ")+", harbor.example", strings.Repeat("é", 100_000), strings.Repeat(",", 3000), "日本，中国", "[1,2]", "1", "x\\", "x\r", "\r\n",
	) {
		annotations := map[string]any{}
		for _, a := range mirror.Annotations() {
			annotations[a.Key] = text
		}
		l.agree(t, create(podOf(annotations, absent, use...)), true)
		annotations[mirror.RegistryConfigKey] = text
		l.agree(t, create(podOf(annotations, absent, use...)), true)
	}
	const key = "k8s.aliyun.com/insecure-registry"
	for _, annotations := range []any{
		nil, map[string]any{}, "x", []any{}, []any{"x"}, 1.0, map[string]any{key: nil}, map[string]any{key: 1.0}, map[string]any{key: []any{"a"}},
		map[string]any{mirror.RegistryConfigKey: nil}, map[string]any{mirror.RegistryConfigKey: 1.0}, map[string]any{mirror.RegistryConfigKey: false},
	} {
		l.agree(t, create(podOf(annotations, absent, use...)), true)
	}
	name := func(value any) map[string]any { return map[string]any{"name": value} }
	for _, secrets := range []any{
		nil, []any{}, "x", 1.0, true, map[string]any{}, name("mirrorgen-cn-images"), []any{nil}, []any{"mirrorgen-cn-images"}, []any{name("mirrorgen-cn-images"), name("mirrorgen-cn-images")},
		[]any{name("x"), name("x"), name("mirrorgen-cn-quay"), name("mirrorgen-cn-quay")}, []any{name(nil), name(""), name(1.0), name([]any{}), name(map[string]any{})},
		[]any{name(" mirrorgen-cn-images")}, []any{name("null")}, []any{name("true")}, []any{[]any{name("mirrorgen-cn-images")}}, []any{map[string]any{"Name": "mirrorgen-cn-images"}},
		[]any{name("é\u00a0")}, []any{name("[]")}, []any{name("{}")}, []any{name("1")},
	} {
		l.agree(t, create(podOf(absent, secrets, use...)), true)
		l.agree(t, update(podOf(absent, secrets, "x"), podOf(absent, secrets, use...)), true)
	}
}

// TestEnginesAgreeOnWhatIsTooMuch meets the limits before and after the rewrite.
// Nothing is denied, so that what was added shows.
func TestEnginesAgreeOnWhatIsTooMuch(t *testing.T) {
	l := load(t, columns(t), needySet("warn"))
	defer l.close(t)
	for _, row := range []struct {
		why           string
		prefix        string
		count, length int
	}{
		{"within the limits", "", 300, 90}, {"at the limit of references", "", 500, 20}, {"one reference too many", "", 501, 20}, {"too many characters", "", 400, 101},
		{"too many characters only once they are rewritten", "", 400, 90}, {"at the limit of characters, and beyond it afterwards", "", 400, 100},
		{"written at the mirror, at the limit of references", "harbor.example/hub/", 500, 30}, {"written at the mirror, one reference too many", "harbor.example/hub/", 501, 30},
		{"written at the mirror, at the limit of characters", "harbor.example/hub/", 400, 100}, {"written at the mirror, too many characters", "harbor.example/hub/", 400, 101},
	} {
		images := make([]string, row.count)
		for i := range images {
			images[i] = row.prefix + strings.Repeat("x", row.length-len(row.prefix))
		}
		l.agree(t, create(podOf(absent, absent, images...)), true)
		l.agree(t, update(podOf(absent, absent, "x"), podOf(absent, absent, images...)), true)
		if t.Failed() {
			t.Fatal(row.why)
		}
	}
}
