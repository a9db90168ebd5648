package reference_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

const cloningSet = `metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example/hub, pullSecret: {name: regcred, namespace: home, serviceAccounts: [default, builder]}}
  - {source: quay.io, mirror: m.example/quay, pullSecret: {name: robot, namespace: away, serviceAccounts: [default]}}
  - {source: gcr.io, mirror: m.example/gcr}
  scope: {excludeNamespaces: [build], namespaceSelector: {matchLabels: {mirror: 'yes'}}}`

// The objects that a cluster is put together from.
const (
	regcred = "---\n{apiVersion: v1, kind: Secret, metadata: {name: regcred, namespace: home, labels: {team: a}}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: e30=}}\n"
	robot   = "---\n{apiVersion: v1, kind: Secret, metadata: {name: robot, namespace: away}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: eyJhdXRocyI6e319}}\n"
	hubAt   = "---\n{apiVersion: v1, kind: Secret, metadata: {name: mirrorgen-s-docker-io, namespace: shop, labels: {team: a}}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: e30=}}\n"
	quayAt  = "---\n{apiVersion: v1, kind: Secret, metadata: {name: mirrorgen-s-quay-io, namespace: shop}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: eyJhdXRocyI6e319}}\n"
	stale   = "---\n{apiVersion: v1, kind: Secret, metadata: {name: mirrorgen-s-docker-io, namespace: shop}, type: Opaque, data: {old: e30=}}\n"
	own     = "---\n{apiVersion: v1, kind: Secret, metadata: {name: regcred, namespace: shop}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: b3du}}\n"
	deflt   = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}\n"
	builder = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder, namespace: shop}, imagePullSecrets: [{name: mine}]}\n"
	others  = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: other, namespace: shop}}\n---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: elsewhere}}\n"

	defltHas   = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}, imagePullSecrets: [{name: mirrorgen-s-docker-io}, {name: mirrorgen-s-quay-io}]}\n"
	builderHas = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder, namespace: shop}, imagePullSecrets: [{name: mine}, {name: mirrorgen-s-docker-io}]}\n"

	absentBuilder = "engine: s/service-accounts: error: ServiceAccount shop/builder is not there"
	absentDefault = "engine: s/service-accounts: error: ServiceAccount shop/default is not there"
	absentRegcred = "engine: s/pull-secrets: error: Secret home/regcred is not there"
	absentRobot   = "engine: s/pull-secrets: error: Secret away/robot is not there"
)

func TestANamespaceInScopeHasTheClones(t *testing.T) {
	in, out := "labels: {mirror: 'yes'}", "labels: {mirror: 'no'}"
	namespace := func(text string) map[string]any {
		if text == "" {
			return nil
		}
		name, metadata, _ := strings.Cut(text, " ")
		if metadata != "" {
			metadata = ", " + metadata
		}
		status := ""
		if rest, terminating := strings.CutSuffix(metadata, " terminating"); terminating {
			metadata, status = rest, ", status: {phase: Terminating}"
		}
		return one(t, "{apiVersion: v1, kind: Namespace, metadata: {name: "+name+metadata+"}"+status+"}")
	}
	for _, row := range []struct {
		why      string
		old, now string // an UPDATE where old is not empty
		existing bool
		cluster  string
		want     string
		warned   []string
		matched  string
		fired    string
	}{
		{"a new one gets them, behind what is there, and its accounts their entries", "", "shop " + in, false, regcred + robot + deflt + builder + others,
			regcred + robot + defltHas + builderHas + others + hubAt + quayAt, nil, "s/pull-secrets s/service-accounts", "s/pull-secrets s/service-accounts"},
		{"one that exists, too", "", "shop " + in, true, regcred + robot + deflt + builder + others,
			regcred + robot + defltHas + builderHas + others + hubAt + quayAt, nil, "s/pull-secrets s/service-accounts", "s/pull-secrets s/service-accounts"},
		{"one that enters the scope", "shop " + out, "shop " + in, false, regcred + robot + defltHas + builderHas, regcred + robot + defltHas + builderHas + hubAt + quayAt,
			nil, "s/pull-secrets s/service-accounts", "s/pull-secrets"},
		{"clones that are there are kept in step, in their places", "", "shop " + in, true, stale + regcred + robot + defltHas + builderHas, hubAt + regcred + robot + defltHas + builderHas + quayAt,
			nil, "s/pull-secrets s/service-accounts", "s/pull-secrets"},
		{"someone's own Secret of the source's name is not touched", "", "shop " + in, true, own + regcred + robot + defltHas + builderHas, own + regcred + robot + defltHas + builderHas + hubAt + quayAt,
			nil, "s/pull-secrets s/service-accounts", "s/pull-secrets"},
		{"a source that is missing is said, and the other cloned", "", "shop " + in, false, robot + defltHas + builderHas, robot + defltHas + builderHas + quayAt,
			[]string{absentRegcred}, "s/pull-secrets s/service-accounts", "s/pull-secrets"},
		{"both are missing", "", "shop " + in, false, defltHas + builderHas, defltHas + builderHas, []string{absentRegcred, absentRobot}, "s/pull-secrets s/service-accounts", "s/pull-secrets"},
		{"an account that is missing is said once for each secret", "", "shop " + in, false, regcred + robot + builder, regcred + robot + builderHas + hubAt + quayAt,
			[]string{absentDefault, absentDefault}, "s/pull-secrets s/service-accounts", "s/pull-secrets s/service-accounts"},
		{"of two that are missing the first is said", "", "shop " + in, false, regcred + robot, regcred + robot + hubAt + quayAt,
			[]string{absentBuilder, absentDefault}, "s/pull-secrets s/service-accounts", "s/pull-secrets s/service-accounts"},
		{"accounts come first, then Secrets", "", "shop " + in, false, regcred + deflt, regcred + defltHas + hubAt,
			[]string{absentBuilder, absentRobot}, "s/pull-secrets s/service-accounts", "s/pull-secrets s/service-accounts"},
		{"one that is not selected", "", "shop " + out, false, regcred + robot + deflt, regcred + robot + deflt, nil, "", ""},
		{"one without labels", "", "shop", false, regcred + robot + deflt, regcred + robot + deflt, nil, "", ""},
		{"one that is left out by name", "", "build " + in, false, regcred + robot, regcred + robot, nil, "", ""},
		{"a system namespace", "", "kube-system " + in, true, regcred + robot, regcred + robot, nil, "", ""},
		{"one that leaves the scope loses them, and what is its own stays", "shop " + in, "shop " + out, false, hubAt + own + quayAt + regcred + robot + defltHas, own + regcred + robot + defltHas, nil, "s/pull-secrets", "s/pull-secrets"},
		{"one that leaves it without any", "shop " + in, "shop " + out, false, regcred + robot, regcred + robot, nil, "s/pull-secrets", "s/pull-secrets"},
		{"one that stays outside keeps what is called so", "shop", "shop " + out, false, hubAt + regcred + robot, hubAt + regcred + robot, nil, "", ""},
		{"one that is being deleted takes nothing new", "", "shop " + in + " terminating", false, regcred + robot + deflt, regcred + robot + deflt, nil, "s/pull-secrets", ""},
		{"one that is being deleted keeps what it has", "shop " + in, "shop " + in + " terminating", false, hubAt + regcred + robot, hubAt + regcred + robot, nil, "s/pull-secrets", ""},
	} {
		request := engine.Request{Object: namespace(row.now), OldObject: namespace(row.old), Cluster: objects(t, row.cluster), Phases: []engine.Phase{engine.Background}}
		switch {
		case row.existing:
			request.Operation = engine.Existing
		case row.old != "":
			request.Operation = engine.Update
		}
		outcome := admit(t, session(t, cloningSet), request)
		if want := objects(t, row.want); show(t, outcome.Cluster...) != show(t, want...) || outcome.Cluster == nil {
			t.Errorf("%s: the cluster is\n%swant\n%s", row.why, show(t, outcome.Cluster...), show(t, want...))
		}
		if strings.Join(outcome.Warnings, "\n") != strings.Join(row.warned, "\n") || !outcome.Allowed {
			t.Errorf("%s: said %q, want %q", row.why, outcome.Warnings, row.warned)
		}
		if strings.Join(outcome.Matched, " ") != row.matched || strings.Join(outcome.Fired, " ") != row.fired {
			t.Errorf("%s: matched %v, fired %v, want %s and %s", row.why, outcome.Matched, outcome.Fired, row.matched, row.fired)
		}
		if show(t, outcome.Object) != show(t, request.Object) {
			t.Errorf("%s: the Namespace became\n%s", row.why, show(t, outcome.Object))
		}
		if row.old == "" && len(row.warned) == 0 {
			request.Cluster = outcome.Cluster
			if again := admit(t, session(t, cloningSet), request); show(t, again.Cluster...) != show(t, outcome.Cluster...) {
				t.Errorf("%s: a second time it is\n%s", row.why, show(t, again.Cluster...))
			}
		}
	}
}

func TestAClonedSecretIsNotOwnedByTheSourcesOwner(t *testing.T) {
	source := strings.Replace(regcred, "labels: {team: a}", "labels: {team: a}, annotations: {note: x}, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: o, uid: u}]", 1)
	request := engine.Request{Object: one(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {mirror: 'yes'}}}"), Cluster: objects(t, source+robot+defltHas+builderHas), Phases: []engine.Phase{engine.Background}}
	outcome := admit(t, session(t, cloningSet), request)
	metadata := outcome.Cluster[4]["metadata"].(map[string]any)
	if metadata["name"] != "mirrorgen-s-docker-io" || metadata["ownerReferences"] != nil || metadata["annotations"] == nil {
		t.Errorf("the clone's metadata is %v: an owner in another namespace would have it deleted", metadata)
	}
}

func TestTheBackgroundIsForNamespacesAndKnownClusters(t *testing.T) {
	cluster := objects(t, regcred+robot+deflt)
	shop := one(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {mirror: 'yes'}}}")
	for _, row := range []struct {
		why     string
		request engine.Request
		cluster bool // whether one comes back
	}{
		{"an unknown cluster is not made up", engine.Request{Object: shop}, false},
		{"a phase that is not asked for", engine.Request{Object: shop, Cluster: cluster, Phases: []engine.Phase{engine.Mutate}}, false},
		{"a Pod", engine.Request{Object: pod(t, "", "containers: []"), NamespaceLabels: map[string]string{}, Cluster: cluster}, true},
		{"a Namespace's finalizers", engine.Request{Operation: engine.Update, SubResource: "finalize", Object: shop, OldObject: shop, Cluster: cluster}, true},
		{"a DELETE", engine.Request{Operation: engine.Delete, OldObject: shop, Cluster: cluster}, true},
		{"a set without pull secrets", engine.Request{Object: shop, Cluster: cluster}, true},
	} {
		set := cloningSet
		if row.why == "a set without pull secrets" {
			set = openSet
		}
		outcome := admit(t, session(t, set), row.request)
		if (outcome.Cluster != nil) != row.cluster || row.cluster && show(t, outcome.Cluster...) != show(t, cluster...) {
			t.Errorf("%s: the cluster is\n%s", row.why, show(t, outcome.Cluster...))
		}
	}
	empty := admit(t, session(t, openSet), engine.Request{Object: shop, Cluster: objects(t, "")})
	if empty.Cluster == nil || len(empty.Cluster) != 0 {
		t.Errorf("an empty cluster comes back as %#v", empty.Cluster)
	}
}

func TestTwoSetsCloneTheirOwn(t *testing.T) {
	second := strings.NewReplacer("name: s}", "name: s-a}", "docker.io", "ghcr.io", "quay.io", "registry.k8s.io", "gcr.io", "mcr.microsoft.com", "m.example", "n.example", ", serviceAccounts: [default, builder]", "", ", serviceAccounts: [default]", "").Replace(cloningSet)
	request := engine.Request{Object: one(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {mirror: 'yes'}}}"), Cluster: objects(t, regcred+robot+defltHas+builderHas), Phases: []engine.Phase{engine.Background}}
	outcome := admit(t, session(t, cloningSet, second), request)
	var names []string
	for _, object := range outcome.Cluster[4:] {
		names = append(names, object["metadata"].(map[string]any)["name"].(string))
	}
	if got := strings.Join(names, " "); got != "mirrorgen-s-a-ghcr-io mirrorgen-s-a-registry-k8s-io mirrorgen-s-docker-io mirrorgen-s-quay-io" {
		t.Errorf("made %s: want them by name", got)
	}
}
