package mirror_test

import (
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// needing gives a mirror a transport and, where secret is not empty, a pull secret.
func needing(m spec.Mirror, transport, secret string, accounts ...string) spec.Mirror {
	m.Transport = transport
	if secret != "" {
		m.PullSecret = &spec.PullSecret{Name: secret, Namespace: "home", ServiceAccounts: accounts, AllNamespaces: true}
	}
	return m
}

// needyPlan compiles a set "cn" with platforms and declared registries.
func needyPlan(serverless []string, registries []spec.Registry, mirrors ...spec.Mirror) *mirror.Plan {
	return mirror.Compile(needySet("cn", serverless, registries, mirrors...))
}

func needySet(name string, serverless []string, registries []spec.Registry, mirrors ...spec.Mirror) *spec.MirrorSet {
	set := &spec.MirrorSet{Name: name, Spec: spec.Spec{Mirrors: mirrors, Registries: registries, Serverless: serverless}}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		if m.Name == "" {
			m.Name = strings.NewReplacer(".", "-", "/", "-", ":", "-").Replace(m.Source)
		}
	}
	return set
}

// richNeeds has every kind of need.
func richNeeds(serverless ...string) *mirror.Plan {
	return needyPlan(serverless,
		[]spec.Registry{{Host: "10.0.0.9:5000", Transport: "http"}, {Host: "[::1]:5000", Transport: "https-skip-verify"}, {Host: "plain.example"}, {Host: "good.example", Transport: "https"}},
		needing(to("docker.io", "cr.example.com/hub"), "https-skip-verify", "regcred"),
		needing(to("quay.io", "cr.example.com/hub/quay"), "https-skip-verify", "quaycred"),
		needing(to("gcr.io", "docker.io/acme"), "", "hubcred"),
		needing(to("ghcr.io", "sa.example.com:8443/ghcr"), "http", "robot", "default"),
		to("registry.k8s.io", "open.example.com"))
}

func TestNeedsAreThoseOfTheImagesAlone(t *testing.T) {
	const hub, quay, acme = "mirrorgen-cn-docker-io", "mirrorgen-cn-quay-io", "mirrorgen-cn-gcr-io"
	skip := func(hosts ...string) map[string][]string { return map[string][]string{mirror.SkipVerify: hosts} }
	for _, row := range []struct {
		why     string
		images  []string
		secrets []string
		hosts   map[string][]string
	}{
		{"no image needs nothing", nil, nil, nil},
		{"an image elsewhere needs nothing", []string{"elsewhere.example/x"}, nil, nil},
		{"a mirror without needs gives none", []string{"open.example.com/pause:3"}, nil, nil},
		{"a registry whose transport is https needs no listing", []string{"plain.example/x", "good.example/x"}, nil, nil},
		{"an image that is not rewritten is no mirror's: rewriting comes first", []string{"quay.io/x"}, nil, nil},
		{"below the address", []string{"cr.example.com/hub/library/nginx:1"}, []string{hub}, skip("cr.example.com")},
		{"at the address", []string{"cr.example.com/hub"}, []string{hub}, skip("cr.example.com")},
		{"with a digest", []string{"cr.example.com/hub/x@sha256:" + hex[:64]}, []string{hub}, skip("cr.example.com")},
		{"the longest address decides", []string{"cr.example.com/hub/quay/x"}, []string{quay}, skip("cr.example.com")},
		{"a look-alike of the longest falls to the shorter", []string{"cr.example.com/hub/quay2/x"}, []string{hub}, skip("cr.example.com")},
		{"a neighbour on the same host has its transport and not its secret", []string{"cr.example.com/other/x"}, nil, skip("cr.example.com")},
		{"a look-alike of the address is a neighbour", []string{"cr.example.com/hub2/x"}, nil, skip("cr.example.com")},
		{"another port is another registry", []string{"cr.example.com:5000/hub/x"}, nil, nil},
		{"a longer host is another registry", []string{"cr.example.com.evil/hub/x"}, nil, nil},
		{"hosts compare without regard to case", []string{"CR.Example.COM/hub/x"}, []string{hub}, skip("cr.example.com")},
		{"a declared registry", []string{"10.0.0.9:5000/x"}, nil, map[string][]string{mirror.HTTP: {"10.0.0.9:5000"}}},
		{"without its port it is not declared", []string{"10.0.0.9/x"}, nil, nil},
		{"an IPv6 address", []string{"[::1]:5000/x"}, nil, skip("[::1]:5000")},
		{"Docker Hub's short names", []string{"acme/x"}, []string{acme}, nil},
		{"Docker Hub written out", []string{"docker.io/acme/x"}, []string{acme}, nil},
		{"Docker Hub's legacy host", []string{"index.docker.io/acme/x"}, []string{acme}, nil},
		{"the host that serves Docker Hub", []string{"registry-1.docker.io/acme/x"}, []string{acme}, nil},
		{"Docker Hub in capitals", []string{"DOCKER.IO/acme/x"}, []string{acme}, nil},
		{"Docker Hub's library is not acme", []string{"nginx", "library/nginx"}, nil, nil},
		{"what ServiceAccounts carry is not the Pod's; the transport is", []string{"sa.example.com:8443/ghcr/x"}, nil, map[string][]string{mirror.HTTP: {"sa.example.com:8443"}}},
		{"an invalid image pulls from nowhere", []string{"cr.example.com/hub/NGINX", "cr.example.com/hub/", "cr.example.com", "", " cr.example.com/hub/x"}, nil, nil},
		{"an invalid image does not keep the others from their needs", []string{"NGINX", "cr.example.com/hub/x"}, []string{hub}, skip("cr.example.com")},
		{"a repository that is too long is none", []string{"cr.example.com/hub/" + strings.Repeat("x", 252)}, nil, nil},
		{"several are sorted, and named once", []string{"[::1]:5000/x", "cr.example.com/hub/quay/x", "cr.example.com/hub/y", "acme/x", "10.0.0.9:5000/x", "cr.example.com/hub/z"},
			[]string{hub, acme, quay}, map[string][]string{mirror.HTTP: {"10.0.0.9:5000"}, mirror.SkipVerify: {"[::1]:5000", "cr.example.com"}}},
	} {
		got := richNeeds("alibaba-eci").Needs(row.images)
		if len(got.Hosts) != len(row.hosts) || len(row.hosts) > 0 && !reflect.DeepEqual(got.Hosts, row.hosts) {
			t.Errorf("%s: hosts %v, want %v", row.why, got.Hosts, row.hosts)
		}
		if strings.Join(got.Secrets, " ") != strings.Join(row.secrets, " ") {
			t.Errorf("%s: secrets %v, want %v", row.why, got.Secrets, row.secrets)
		}
		if got.Empty() != (len(row.hosts)+len(row.secrets) == 0) {
			t.Errorf("%s: Empty is %v", row.why, got.Empty())
		}
	}
}

func TestWithoutAPlatformNoRegistryIsListed(t *testing.T) {
	needs := richNeeds().Needs([]string{"10.0.0.9:5000/x", "cr.example.com/hub/x"})
	if len(needs.Hosts) != 0 || len(needs.Secrets) != 1 {
		t.Errorf("got %+v: nodes read their own configuration", needs)
	}
	if changes := richNeeds().Annotate(nil, needs); changes != nil {
		t.Errorf("annotated %v", changes)
	}
}

func TestAnnotateListsWhatAPlatformReads(t *testing.T) {
	both := []string{"10.0.0.9:5000/x", "[::1]:5000/x"}
	config := mirror.RegistryConfig([]string{"[::1]:5000"})
	for _, row := range []struct {
		why         string
		serverless  []string
		annotations map[string]any
		images      []string
		want        map[string]string
	}{
		{"one platform, both transports", []string{"alibaba-eci"}, nil, both, map[string]string{eciHTTP: "10.0.0.9:5000", eciSkip: "[::1]:5000"}},
		{"a transport that no image uses", []string{"alibaba-eci"}, nil, both[:1], map[string]string{eciHTTP: "10.0.0.9:5000"}},
		{"two platforms", []string{"tencent-eks", "huawei-cci"}, nil, both[1:], map[string]string{tkeSkip: "[::1]:5000", cciSkip: "[::1]:5000"}},
		{"no need", []string{"alibaba-eci", "tencent-eks", "huawei-cci", "volcengine-vci"}, map[string]any{eciHTTP: "x"}, []string{"plain.example/x"}, nil},
		{"what is there stays in front", []string{"alibaba-eci"}, map[string]any{eciHTTP: " x ", "other": "y"}, both[:1], map[string]string{eciHTTP: " x ,10.0.0.9:5000"}},
		{"what is listed is not listed again", []string{"alibaba-eci"}, map[string]any{eciHTTP: "x, 10.0.0.9:5000"}, both[:1], nil},
		{"the annotation of another platform is left alone", []string{"alibaba-eci"}, map[string]any{tkeHTTP: "x"}, both[:1], map[string]string{eciHTTP: "10.0.0.9:5000"}},
		{"a number is left alone", []string{"alibaba-eci"}, map[string]any{eciHTTP: int64(1)}, both, map[string]string{eciSkip: "[::1]:5000"}},
		{"a boolean is left alone", []string{"alibaba-eci"}, map[string]any{eciHTTP: false}, both[:1], nil},
		{"a list is left alone", []string{"alibaba-eci"}, map[string]any{eciHTTP: []any{"x"}}, both[:1], nil},
		{"a mapping is left alone", []string{"alibaba-eci"}, map[string]any{eciHTTP: map[string]any{}}, both[:1], nil},
		{"null is nothing", []string{"alibaba-eci"}, map[string]any{eciHTTP: nil}, both[:1], map[string]string{eciHTTP: "10.0.0.9:5000"}},
		{"Volcengine gets its document", []string{"volcengine-vci"}, nil, both, map[string]string{mirror.RegistryConfigKey: config}},
		{"Volcengine has nothing for plain HTTP", []string{"volcengine-vci"}, nil, both[:1], nil},
		{"Volcengine's document that is there is left alone", []string{"volcengine-vci"}, map[string]any{mirror.RegistryConfigKey: "{}"}, both, nil},
		{"an empty document is one that is there", []string{"volcengine-vci"}, map[string]any{mirror.RegistryConfigKey: ""}, both, nil},
		{"one that is no text is there, too", []string{"volcengine-vci"}, map[string]any{mirror.RegistryConfigKey: int64(1)}, both, nil},
		{"null is no document", []string{"volcengine-vci"}, map[string]any{mirror.RegistryConfigKey: nil}, both, map[string]string{mirror.RegistryConfigKey: config}},
		{"Volcengine's document without Volcengine is not written", []string{"alibaba-eci"}, nil, both[1:], map[string]string{eciSkip: "[::1]:5000"}},
		{"every platform at once", []string{"alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci"}, nil, both[1:],
			map[string]string{eciSkip: "[::1]:5000", cciSkip: "[::1]:5000", tkeSkip: "[::1]:5000", mirror.RegistryConfigKey: config}},
	} {
		plan := richNeeds(row.serverless...)
		if got := plan.Annotate(row.annotations, plan.Needs(row.images)); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.why, got, row.want)
		}
	}
}

func TestAnImageCacheNeedsTheSecretOfItsHome(t *testing.T) {
	plan := richNeeds("alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci")
	for _, row := range []struct {
		why     string
		images  []string
		secrets string
	}{
		{"by namespace and name", []string{"cr.example.com/hub/x"}, "home:regcred"},
		{"the longest address decides", []string{"cr.example.com/hub/quay/x"}, "home:quaycred"},
		{"no ServiceAccount carries it for a cache", []string{"sa.example.com:8443/ghcr/x"}, "home:robot"},
		{"sorted, once each, past what is invalid", []string{"cr.example.com/hub/x", "NGINX", "acme/y", "cr.example.com/hub/z"}, "home:hubcred home:regcred"},
		{"none elsewhere", []string{"10.0.0.9:5000/x"}, ""},
	} {
		needs := plan.CacheNeeds(row.images)
		if got := strings.Join(needs.Secrets, " "); got != row.secrets {
			t.Errorf("%s: %s, want %s", row.why, got, row.secrets)
		}
	}
	needs := plan.CacheNeeds([]string{"10.0.0.9:5000/x", "[::1]:5000/x"})
	if got, want := plan.AnnotateCache(nil, needs), (map[string]string{eciHTTP: "10.0.0.9:5000", eciSkip: "[::1]:5000"}); !reflect.DeepEqual(got, want) {
		t.Errorf("only Alibaba ECI reads an ImageCache: got %v, want %v", got, want)
	}
	if len(plan.Serverless) != 4 {
		t.Errorf("the plan lost its platforms: %v", plan.Serverless)
	}
}

func TestTransportsAreThoseThatAreNotVerifiedHTTPS(t *testing.T) {
	plan := needyPlan([]string{"tencent-eks", "alibaba-eci", "tencent-eks"},
		[]spec.Registry{{Host: "a.example:80", Transport: "http"}, {Host: "b.example", Transport: "https"}, {Host: "c.example"}},
		needing(to("docker.io", "cr.example.com/hub"), "https-skip-verify", ""),
		needing(to("quay.io", "d.example/quay"), "https", ""), to("gcr.io", "e.example/gcr"))
	want := map[string]string{"a.example:80": "http", "cr.example.com": "https-skip-verify"}
	if !reflect.DeepEqual(plan.Transports, want) {
		t.Errorf("got %v, want %v", plan.Transports, want)
	}
	if got := strings.Join(plan.Serverless, " "); got != "alibaba-eci tencent-eks" {
		t.Errorf("platforms %s: want them sorted, once each", got)
	}
	if plan := planOf(to("docker.io", "cr.example.com/hub")); plan.Transports != nil || plan.PullSecrets != nil || plan.Serverless != nil {
		t.Errorf("a plan without needs says %v %v %v: its file would change", plan.Transports, plan.PullSecrets, plan.Serverless)
	}
}

func TestPullSecretsAreNamedAfterSetAndMirror(t *testing.T) {
	plan := needyPlan(nil, nil,
		needing(to("docker.io", "cr.example.com/hub"), "", "regcred"),
		needing(to("quay.io", "cr.example.com/quay"), "", "robot", "z", "a", "z"),
		to("gcr.io", "cr.example.com/gcr"))
	if want := map[string]string{"cr.example.com/hub": "mirrorgen-cn-docker-io", "cr.example.com/quay": "mirrorgen-cn-quay-io"}; !reflect.DeepEqual(plan.PullSecrets, want) {
		t.Errorf("got %v, want %v", plan.PullSecrets, want)
	}
	if want := map[string]string{"cr.example.com/hub": "mirrorgen-cn-docker-io"}; !reflect.DeepEqual(plan.InjectedSecrets(), want) {
		t.Errorf("Pods get %v, want %v", plan.InjectedSecrets(), want)
	}
	if want := map[string]string{"cr.example.com/hub": "home:regcred", "cr.example.com/quay": "home:robot"}; !reflect.DeepEqual(plan.CacheSecrets(), want) {
		t.Errorf("ImageCaches get %v, want %v", plan.CacheSecrets(), want)
	}
	want := &mirror.PullSecret{Clone: "mirrorgen-cn-quay-io", Name: "robot", Namespace: "home", ServiceAccounts: []string{"a", "z"}}
	if got := plan.Mirrors["quay-io"].PullSecret; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v: accounts sorted, once each", got, want)
	}
}
