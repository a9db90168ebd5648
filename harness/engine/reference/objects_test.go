package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

func TestAServiceAccountIsGivenItsSecrets(t *testing.T) {
	const set = `metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example/hub, pullSecret: {name: a, namespace: home, serviceAccounts: [default, builder], allNamespaces: true}}
  - {name: a-quay, source: quay.io, mirror: m.example/quay, pullSecret: {name: b, namespace: home, serviceAccounts: [default], allNamespaces: true}}
  - {source: gcr.io, mirror: m.example/gcr, pullSecret: {name: c, namespace: home, allNamespaces: true}}`
	account := func(name, namespace, rest string) map[string]any {
		if rest != "" {
			rest = ", " + rest
		}
		return one(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: "+name+", namespace: "+namespace+"}"+rest+"}")
	}
	const both = "{name: mirrorgen-s-a-quay}, {name: mirrorgen-s-docker-io}"
	for _, row := range []struct {
		why             string
		name, namespace string
		rest, want      string
		matched         bool
	}{
		{"one that is named twice gets both, sorted", "default", "shop", "", "imagePullSecrets: [" + both + "]", true},
		{"one that is named once", "builder", "shop", "", "imagePullSecrets: [{name: mirrorgen-s-docker-io}]", true},
		{"one that is not named", "other", "shop", "", "", false},
		{"what it has stays in front", "default", "shop", "imagePullSecrets: [{name: z}], secrets: [{name: t}]", "imagePullSecrets: [{name: z}, " + both + "], secrets: [{name: t}]", true},
		{"what it has of ours is not repeated", "default", "shop", "imagePullSecrets: [{name: mirrorgen-s-docker-io}]", "imagePullSecrets: [{name: mirrorgen-s-docker-io}, {name: mirrorgen-s-a-quay}]", true},
		{"what has all is left alone", "default", "shop", "imagePullSecrets: [" + both + "]", "imagePullSecrets: [" + both + "]", true},
		{"a system namespace is out of scope", "default", "kube-system", "", "", false},
	} {
		for _, operation := range []engine.Operation{engine.Create, engine.Update} {
			s := session(t, set)
			request := engine.Request{Operation: operation, Object: account(row.name, row.namespace, row.rest)}
			if operation == engine.Update {
				request.OldObject = account(row.name, row.namespace, "")
			}
			outcome := admit(t, s, request)
			if want := account(row.name, row.namespace, row.want); show(t, outcome.Object) != show(t, want) || !outcome.Allowed {
				t.Errorf("%s: became\n%swant\n%s", row.why, show(t, outcome.Object), show(t, want))
			}
			if got := strings.Join(outcome.Matched, " "); (got == "s/service-accounts") != row.matched || !row.matched && got != "" {
				t.Errorf("%s: matched %q", row.why, got)
			}
			if changed := show(t, outcome.Object) != show(t, request.Object); changed != (len(outcome.Fired) == 1) {
				t.Errorf("%s: changed %v, fired %v", row.why, changed, outcome.Fired)
			}
			request.Object = outcome.Object
			if again := admit(t, s, request); show(t, again.Object) != show(t, outcome.Object) || len(again.Fired) > 0 {
				t.Errorf("%s: a second pass made of it\n%s", row.why, show(t, again.Object))
			}
		}
	}
	token := account("default", "shop", "")
	if outcome := admit(t, session(t, set), engine.Request{SubResource: "token", Object: token}); len(outcome.Matched) > 0 {
		t.Errorf("a request for a token: %v", outcome.Matched)
	}
	judged := engine.Request{Object: token, Phases: []engine.Phase{engine.Validate}}
	if outcome := admit(t, session(t, set), judged); len(outcome.Matched) > 0 || show(t, outcome.Object) != show(t, token) {
		t.Errorf("nothing is judged of a ServiceAccount: %+v", outcome)
	}
}

func TestAServiceAccountOutsideTheSelectedNamespacesIsLeftAlone(t *testing.T) {
	const set = "metadata: {name: s}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, pullSecret: {name: a, namespace: home, serviceAccounts: [default]}}], scope: {namespaceSelector: {matchLabels: {mirror: 'yes'}}}}"
	account := one(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}")
	for label, want := range map[string]bool{"yes": true, "no": false} {
		outcome := admit(t, session(t, set), engine.Request{Object: account, NamespaceLabels: map[string]string{"mirror": label}})
		if got := outcome.Object["imagePullSecrets"] != nil; got != want {
			t.Errorf("mirror=%s: given a secret %v", label, got)
		}
	}
}

func TestANewImageCacheIsRewrittenAndEquipped(t *testing.T) {
	cache := func(metadata, cacheSpec string) map[string]any {
		if metadata != "" {
			metadata = ", " + metadata
		}
		return one(t, "{apiVersion: eci.alibabacloud.com/v1, kind: ImageCache, metadata: {name: c"+metadata+"}, spec: "+cacheSpec+"}")
	}
	const plain = "annotations: {k8s.aliyun.com/plain-http-registry: m.example}"
	for _, row := range []struct {
		why                     string
		metadata, spec          string
		wantMetadata, wantCache string // wantCache empty: unchanged
	}{
		{"images are rewritten, and the secret is that of its home", "", "{images: [nginx]}", plain, "{images: ['m.example/hub/library/nginx:latest'], imagePullSecrets: ['home:regcred']}"},
		{"images at the mirror need it, too", "", "{images: [m.example/gcr/x, m.example/hub/x]}", plain, "{images: [m.example/gcr/x, m.example/hub/x], imagePullSecrets: ['away:other', 'home:regcred']}"},
		{"no ServiceAccount carries a secret for it", "", "{images: [q.example/quay/x]}", "", "{images: [q.example/quay/x], imagePullSecrets: ['home:robot']}"},
		{"what it names stays in front, and is not repeated", "", "{images: [m.example/gcr/x, m.example/hub/x], imagePullSecrets: ['z:z', 'home:regcred']}", plain, "{images: [m.example/gcr/x, m.example/hub/x], imagePullSecrets: ['z:z', 'home:regcred', 'away:other']}"},
		{"entries of other types name nothing", "", "{images: [q.example/quay/x], imagePullSecrets: [null, 1, {name: 'home:robot'}]}", "", "{images: [q.example/quay/x], imagePullSecrets: [null, 1, {name: 'home:robot'}, 'home:robot']}"},
		{"only what Alibaba ECI reads is annotated", "", "{images: ['r.example:5000/x']}", "annotations: {k8s.aliyun.com/insecure-registry: 'r.example:5000'}", "{images: ['r.example:5000/x']}"},
		{"annotations that are there stay", "annotations: {a: b, k8s.aliyun.com/plain-http-registry: x}", "{images: [m.example/other]}", "annotations: {a: b, k8s.aliyun.com/plain-http-registry: 'x,m.example'}", "{images: [m.example/other]}"},
		{"what is no text is left alone", "", "{images: [1, null, {image: nginx}, [nginx], NGINX, nginx]}", plain, "{images: [1, null, {image: nginx}, [nginx], NGINX, 'm.example/hub/library/nginx:latest'], imagePullSecrets: ['home:regcred']}"},
		{"the labels of a Pod that opted out mean nothing here", "labels: {opt-out: x}", "{images: [nginx]}", "labels: {opt-out: x}, " + plain, "{images: ['m.example/hub/library/nginx:latest'], imagePullSecrets: ['home:regcred']}"},
		{"nothing to do", "", "{images: [elsewhere.example/x]}", "", ""},
		{"everything done", plain, "{images: [m.example/hub/x], imagePullSecrets: ['home:regcred']}", "", ""},
		{"no images", "", "{imageCacheSize: 20}", "", ""},
		{"images that are no list", "", "{images: nginx}", "", ""},
		{"a spec that is none", "", "x", "", ""},
		{"too many images", "", "{images: [" + strings.TrimSuffix(strings.Repeat("nginx, ", 501), ", ") + "]}", "", ""},
	} {
		s := session(t, needySet)
		request := engine.Request{Object: cache(row.metadata, row.spec)}
		want := request.Object
		if row.wantCache != "" {
			want = cache(row.wantMetadata, row.wantCache)
		}
		outcome := admit(t, s, request)
		if show(t, outcome.Object) != show(t, want) || !outcome.Allowed || len(outcome.Messages)+len(outcome.Warnings) > 0 {
			t.Errorf("%s: became\n%swant\n%s", row.why, show(t, outcome.Object), show(t, want))
		}
		if strings.Join(outcome.Matched, " ") != "s/image-caches" || (len(outcome.Fired) == 1) != (row.wantCache != "") {
			t.Errorf("%s: matched %v, fired %v", row.why, outcome.Matched, outcome.Fired)
		}
		request.Object = outcome.Object
		if again := admit(t, s, request); show(t, again.Object) != show(t, outcome.Object) || len(again.Fired) > 0 {
			t.Errorf("%s: a second pass made of it\n%s", row.why, show(t, again.Object))
		}
	}
	for why, request := range map[string]engine.Request{
		"an UPDATE: its annotations are read once": {Operation: engine.Update, Object: cache("", "{images: [nginx]}"), OldObject: cache("", "{images: [x]}")},
		"another version is another kind":          {Object: one(t, "{apiVersion: eci.alibabacloud.com/v2, kind: ImageCache, metadata: {name: c}, spec: {images: [nginx]}}")},
		"judging alone":                            {Object: cache("", "{images: [NGINX]}"), Phases: []engine.Phase{engine.Validate}},
	} {
		if outcome := admit(t, session(t, needySet), request); show(t, outcome.Object) != show(t, request.Object) || !outcome.Allowed {
			t.Errorf("%s: became\n%s", why, show(t, outcome.Object))
		}
	}
}

func TestAnImageCacheThatIsTooMuchOnceRewrittenGetsNothingElse(t *testing.T) {
	var images strings.Builder
	for range 400 {
		fmt.Fprintf(&images, "%s, ", strings.Repeat("x", 90))
	}
	object := one(t, "{apiVersion: eci.alibabacloud.com/v1, kind: ImageCache, metadata: {name: c}, spec: {images: ["+strings.TrimSuffix(images.String(), ", ")+"]}}")
	outcome := admit(t, session(t, needySet), engine.Request{Object: object})
	cacheSpec := outcome.Object["spec"].(map[string]any)
	if first := cacheSpec["images"].([]any)[0].(string); !strings.HasPrefix(first, "m.example/hub/library/") || cacheSpec["imagePullSecrets"] != nil || outcome.Object["metadata"].(map[string]any)["annotations"] != nil {
		t.Errorf("became %s with %v and %v", first, cacheSpec["imagePullSecrets"], outcome.Object["metadata"])
	}
}
