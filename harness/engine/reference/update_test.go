package reference_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

func TestAnUpdateConcernsWhatChanged(t *testing.T) {
	const set = "metadata: {name: s}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, transport: http, pullSecret: {name: s, namespace: home, allNamespaces: true}}], serverless: [alibaba-eci]}"
	const lacks = ` needs pull secret "mirrorgen-s-docker-io", which a stored Pod cannot get; create the Pod anew`
	for _, row := range []struct {
		why, old, now string
		sub           string
		want          string // the spec that comes of it; empty: as submitted
		denied        string
		warned        string
	}{
		{"a changed image is rewritten, and given neither secret nor annotation", "containers: [{name: c, image: a}]", "containers: [{name: c, image: b}]", "",
			"containers: [{name: c, image: 'm.example/hub/library/b:latest'}]", "", `spec.containers[0] "c": image "m.example/hub/library/b:latest"` + lacks},
		{"an image that stays is left alone, and not judged", "containers: [{name: c, image: NGINX}]", "containers: [{name: c, image: NGINX}]", "", "", "", ""},
		{"an image that is new beyond the list", "containers: [{name: c, image: a}]", "containers: [{name: c, image: a}, {name: d, image: B}]", "", "", `spec.containers[1] "d": image "B" is not a valid reference`, ""},
		{"an image that moved has changed", "containers: [{name: c, image: m.example/hub/x}, {name: d, image: m.example/hub/y}]", "containers: [{name: d, image: m.example/hub/y}, {name: c, image: m.example/hub/x}]", "",
			"", "", `spec.containers[0] "d": image "m.example/hub/y"` + lacks + "\n" + `spec.containers[1] "c": image "m.example/hub/x"` + lacks},
		{"the Pod names the secret", "containers: [{name: c, image: a}], imagePullSecrets: [{name: mirrorgen-s-docker-io}]", "containers: [{name: c, image: b}], imagePullSecrets: [{name: mirrorgen-s-docker-io}]", "",
			"containers: [{name: c, image: 'm.example/hub/library/b:latest'}], imagePullSecrets: [{name: mirrorgen-s-docker-io}]", "", ""},
		{"an ephemeral container is new", "containers: [{name: c, image: a}]", "containers: [{name: c, image: a}], ephemeralContainers: [{name: e, image: m.example/hub/x}]", "ephemeralcontainers",
			"", "", `spec.ephemeralContainers[0] "e": image "m.example/hub/x"` + lacks},
		{"a volume cannot change", "containers: [{name: c, image: a}]", "containers: [{name: c, image: a}], volumes: [{name: v, image: {reference: NGINX}}]", "", "", "", ""},
		{"a list that is none", "containers: [{name: c, image: a}]", "containers: x", "", "", "", ""},
	} {
		request := engine.Request{Operation: engine.Update, SubResource: row.sub, Object: pod(t, "", row.now), OldObject: pod(t, "", row.old)}
		want := request.Object
		if row.want != "" {
			want = pod(t, "", row.want)
		}
		s := session(t, set)
		outcome := admit(t, s, request)
		if show(t, outcome.Object) != show(t, want) {
			t.Errorf("%s: became\n%swant\n%s", row.why, show(t, outcome.Object), show(t, want))
		}
		if got := strings.Join(outcome.Messages, "\n"); got != row.denied || outcome.Allowed != (row.denied == "") {
			t.Errorf("%s: denied %q, want %q", row.why, got, row.denied)
		}
		if got := strings.Join(outcome.Warnings, "\n"); got != row.warned {
			t.Errorf("%s: warned %q, want %q", row.why, got, row.warned)
		}
		request.Object = outcome.Object
		if again := admit(t, s, request); show(t, again.Object) != show(t, outcome.Object) {
			t.Errorf("%s: a second pass made of it\n%s", row.why, show(t, again.Object))
		}
	}
}

func TestAWorkloadIsJudgedOnItsTemplateAndLeftAsItIs(t *testing.T) {
	deployment := one(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: {metadata: {annotations: {cci.io/http-registries: '"+
		strings.Repeat("r,", 11)+"'}}, spec: {containers: [{name: c, image: nginx}, {name: d, image: NGINX}]}}}}")
	const set = "metadata: {name: s}\nspec: {mirrors: [{source: docker.io, mirror: m.example/hub, transport: http, pullSecret: {name: s, namespace: home, allNamespaces: true}}], serverless: [huawei-cci]}"
	outcome := admit(t, session(t, set), engine.Request{Object: deployment})
	if got := strings.Join(outcome.Messages, "\n"); got != `spec.containers[1] "d": image "NGINX" is not a valid reference` || show(t, outcome.Object) != show(t, deployment) {
		t.Errorf("said %q of\n%s", got, show(t, outcome.Object))
	}
	update := admit(t, session(t, set), engine.Request{Operation: engine.Update, Object: deployment, OldObject: deployment})
	if len(update.Messages) != 1 || len(update.Warnings) != 0 {
		t.Errorf("a template is judged whole, as changing it makes new Pods: %+v", update)
	}
}
