package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

// needySet has a mirror by plain HTTP with a pull secret, one whose secret
// ServiceAccounts carry, and a registry without a verified certificate.
const needySet = `metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example/hub, transport: http, pullSecret: {name: regcred, namespace: home, allNamespaces: true}}
  - {source: quay.io, mirror: q.example/quay, pullSecret: {name: robot, namespace: home, serviceAccounts: [default, builder], allNamespaces: true}}
  - {source: gcr.io, mirror: m.example/gcr, transport: http, pullSecret: {name: other, namespace: away, allNamespaces: true}}
  registries: [{host: 'r.example:5000', transport: https-skip-verify}]
  serverless: [alibaba-eci, volcengine-vci]
  scope: {podSelector: {matchExpressions: [{key: opt-out, operator: DoesNotExist}]}}`

func TestANewPodGetsWhatItsImagesNeed(t *testing.T) {
	const (
		plain  = "k8s.aliyun.com/plain-http-registry: m.example"
		config = `vci.volcengine.com/registry-mirror-config: '{"configs":{"r.example:5000":{"tls":{"insecure_skip_verify":true}}}}'`
		skip   = "k8s.aliyun.com/insecure-registry: r.example:5000"
		hub    = "containers: [{name: c, image: 'm.example/hub/library/nginx:latest'}]"
	)
	for _, row := range []struct {
		why                   string
		metadata, spec        string
		wantMetadata, wantPod string // both empty: unchanged
	}{
		{"an image that is rewritten", "", "containers: [{name: c, image: nginx}]", "annotations: {" + plain + "}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]"},
		{"an image that is written at the mirror", "", hub, "annotations: {" + plain + "}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]"},
		{"two secrets, sorted", "", "containers: [{name: c, image: m.example/hub/x}, {name: d, image: m.example/gcr/x}]",
			"annotations: {" + plain + "}", "containers: [{name: c, image: m.example/hub/x}, {name: d, image: m.example/gcr/x}], imagePullSecrets: [{name: mirrorgen-s-docker-io}, {name: mirrorgen-s-gcr-io}]"},
		{"behind what the Pod names, what it has not again", "", "containers: [{name: c, image: m.example/hub/x}, {name: d, image: m.example/gcr/x}], imagePullSecrets: [{name: z}, {name: mirrorgen-s-gcr-io}]",
			"annotations: {" + plain + "}", "containers: [{name: c, image: m.example/hub/x}, {name: d, image: m.example/gcr/x}], imagePullSecrets: [{name: z}, {name: mirrorgen-s-gcr-io}, {name: mirrorgen-s-docker-io}]"},
		{"an empty list is one to append to", "", hub + ", imagePullSecrets: []", "annotations: {" + plain + "}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]"},
		{"what is no list gives way to one", "", hub + ", imagePullSecrets: x", "annotations: {" + plain + "}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]"},
		{"entries of other types name nothing", "", hub + ", imagePullSecrets: [null, mirrorgen-s-docker-io, {name: 1}]", "annotations: {" + plain + "}",
			hub + ", imagePullSecrets: [null, mirrorgen-s-docker-io, {name: 1}, {name: mirrorgen-s-docker-io}]"},
		{"the secret of ServiceAccounts is left to them", "", "containers: [{name: c, image: q.example/quay/x}]", "", ""},
		{"init and ephemeral containers and volumes count", "", "initContainers: [{name: c, image: m.example/hub/x}], ephemeralContainers: [{name: e, image: m.example/gcr/x}], volumes: [{name: v, image: {reference: 'r.example:5000/x'}}]",
			"annotations: {" + plain + ", " + skip + ", " + config + "}",
			"initContainers: [{name: c, image: m.example/hub/x}], ephemeralContainers: [{name: e, image: m.example/gcr/x}], volumes: [{name: v, image: {reference: 'r.example:5000/x'}}], imagePullSecrets: [{name: mirrorgen-s-docker-io}, {name: mirrorgen-s-gcr-io}]"},
		{"annotations that are there stay", "annotations: {a: b, k8s.aliyun.com/plain-http-registry: 'x, '}", hub, "annotations: {a: b, k8s.aliyun.com/plain-http-registry: 'x, m.example'}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]"},
		{"annotations that are none give way", "annotations: x", "containers: [{name: c, image: m.example/other}]", "annotations: {" + plain + "}", "containers: [{name: c, image: m.example/other}]"},
		{"an annotation of another type stays", "annotations: {k8s.aliyun.com/plain-http-registry: 1}", "containers: [{name: c, image: m.example/other}]", "", ""},
		{"a Pod that has everything", "annotations: {" + plain + "}", hub + ", imagePullSecrets: [{name: mirrorgen-s-docker-io}]", "", ""},
		{"a Pod that needs nothing", "annotations: {a: b}", "containers: [{name: c, image: elsewhere.example/x}]", "", ""},
		{"a Pod that opted out", "labels: {opt-out: x}", "containers: [{name: c, image: m.example/hub/x}]", "", ""},
		{"an image that is absent needs nothing", "", "containers: [{name: c}, {name: d, image: 1}]", "", ""},
	} {
		want := pod(t, row.metadata, row.spec)
		if row.wantPod != "" {
			want = pod(t, row.wantMetadata, row.wantPod)
		}
		s := session(t, needySet)
		request := engine.Request{Object: pod(t, row.metadata, row.spec), Phases: []engine.Phase{engine.Mutate}}
		outcome := admit(t, s, request)
		if show(t, outcome.Object) != show(t, want) {
			t.Errorf("%s: became\n%swant\n%s", row.why, show(t, outcome.Object), show(t, want))
		}
		if fired := len(outcome.Fired) > 0; fired != (row.wantPod != "") {
			t.Errorf("%s: fired %v", row.why, outcome.Fired)
		}
		request.Object = outcome.Object
		if again := admit(t, s, request); show(t, again.Object) != show(t, outcome.Object) || len(again.Fired) > 0 {
			t.Errorf("%s: a second pass made of it\n%s", row.why, show(t, again.Object))
		}
	}
}

func TestAPodWithoutMetadataGetsIts(t *testing.T) {
	object := one(t, "{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, image: m.example/other}]}}")
	outcome := admit(t, session(t, needySet), engine.Request{Object: object, Phases: []engine.Phase{engine.Mutate}})
	want := one(t, "{apiVersion: v1, kind: Pod, metadata: {annotations: {k8s.aliyun.com/plain-http-registry: m.example}}, spec: {containers: [{name: c, image: m.example/other}]}}")
	if show(t, outcome.Object) != show(t, want) {
		t.Errorf("became\n%s", show(t, outcome.Object))
	}
}

// A Pod may become too much by being rewritten; what it is then is what counts.
func TestAPodThatIsTooMuchGetsNothing(t *testing.T) {
	containers := func(n, length int, prefix string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "{name: c%d, image: '%s%s'}, ", i, prefix, strings.Repeat("x", length-len(prefix)))
		}
		return "containers: [" + strings.TrimSuffix(text.String(), ", ") + "]"
	}
	for _, row := range []struct {
		why, spec           string
		rewritten, equipped bool
	}{
		{"within the limits before and after", containers(300, 90, ""), true, true},
		{"at the limit of references", containers(500, 20, ""), true, true},
		{"one reference too many", containers(501, 20, ""), false, false},
		{"characters at the limit", containers(400, 100, "m.example/hub/"), false, true},
		{"one character too many", strings.Replace(containers(400, 100, "m.example/hub/"), "xx", "xxx", 1), false, false},
		{"too many only once they are rewritten", containers(400, 90, ""), true, false},
	} {
		outcome := admit(t, session(t, needySet), engine.Request{Object: pod(t, "", row.spec), Phases: []engine.Phase{engine.Mutate}})
		podSpec := outcome.Object["spec"].(map[string]any)
		image := podSpec["containers"].([]any)[0].(map[string]any)["image"].(string)
		if got := strings.HasPrefix(image, "m.example/hub/library/"); got != row.rewritten {
			t.Errorf("%s: rewritten %v: %s", row.why, got, image)
		}
		if got := podSpec["imagePullSecrets"] != nil; got != row.equipped {
			t.Errorf("%s: a pull secret %v", row.why, got)
		}
		if got := outcome.Object["metadata"].(map[string]any)["annotations"] != nil; got != row.equipped {
			t.Errorf("%s: an annotation %v", row.why, got)
		}
	}
}

func TestNeedsAreJudgedInTheOrderOfThePlaces(t *testing.T) {
	const set = "metadata: {name: s}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, only: [library], pullSecret: {name: s, namespace: home, allNamespaces: true}}], serverless: [huawei-cci], constraint: {enforcement: warn}}"
	lacks := func(place, image string) string {
		return `spec.` + place + `: image "` + image + `" needs pull secret "mirrorgen-s-docker-io", which a stored Pod cannot get; create the Pod anew`
	}
	updated := admit(t, session(t, set), engine.Request{Operation: engine.Update,
		Object: pod(t, "annotations: {cci.io/http-registries: '"+strings.Repeat(",", 10)+"'}",
			"containers: [{name: b, image: m.example/hub/b}, {image: 'm.example/hub/a:1'}, {name: d, image: other/d}], initContainers: [{name: i, image: m.example/hub/i}]"),
		OldObject: pod(t, "", "containers: [{name: b, image: x}]"), Phases: []engine.Phase{engine.Validate}})
	want := []string{`spec.containers[2] "d": image "other/d" is not served by mirror docker-io (it holds library)`,
		lacks(`containers[0] "b"`, "m.example/hub/b"), lacks(`containers[1]`, "m.example/hub/a:1"), lacks(`initContainers[0] "i"`, "m.example/hub/i")}
	if got := strings.Join(updated.Warnings, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("of a stored Pod said\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	created := admit(t, session(t, set), engine.Request{Phases: []engine.Phase{engine.Validate},
		Object: pod(t, "annotations: {cci.io/insecure-registries: '"+strings.Repeat(",", 11)+"', cci.io/http-registries: '"+strings.Repeat(",", 10)+"'}", "containers: [{name: b, image: m.example/hub/b}]")})
	want = []string{`metadata.annotations["cci.io/http-registries"]: lists 11 registries; huawei-cci takes at most 10`,
		`metadata.annotations["cci.io/insecure-registries"]: lists 12 registries; huawei-cci takes at most 10`}
	if got := strings.Join(created.Warnings, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("of a new Pod said\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	excess := "containers: [" + strings.TrimSuffix(strings.Repeat("{image: m.example/hub/b}, ", 501), ", ") + "]"
	much := admit(t, session(t, set), engine.Request{Operation: engine.Update, Object: pod(t, "", excess), OldObject: pod(t, "", "containers: []"), Phases: []engine.Phase{engine.Validate}})
	if len(much.Warnings) != 1 || !strings.HasPrefix(much.Warnings[0], "the object has 501 image references") {
		t.Errorf("of too much said %q", much.Warnings)
	}
}
