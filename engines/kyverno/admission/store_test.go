package admission

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/kyverno/kyverno/pkg/clients/dclient"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"mirrorgen.dev/gen/engines/protocol"
)

func storeOf(t *testing.T, objects ...string) *store {
	t.Helper()
	held, err := newStore(clusterOf(t, objects...))
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	for _, given := range []string{
		source,
		namespaceObject("shop"),
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"kubernetes.io/metadata.name":"shop"}}}`,
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{}}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"regcred","uid":"6f1b","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z","generation":2,"managedFields":[{"manager":"kubectl"}],"labels":{"generate.kyverno.io/clone-source":"","app.kubernetes.io/managed-by":"kyverno"}},"data":{}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"no-namespace","labels":{"app.kubernetes.io/managed-by":"Helm"}}}`,
		`{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"x","namespace":"y"},"spec":{"whole":9007199254740993,"half":0.5,"none":null,"list":[]}}`,
		`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"system:x"}}`,
	} {
		held := storeOf(t, given)
		if back := held.outcome(key{}); !reflect.DeepEqual(back, clusterOf(t, given)) {
			t.Errorf("got  %s\nwant %s", text(t, back[0]), given)
		}
		if held.list(held.order[0].resource, "", labels.Everything())[0].GetUID() == "" {
			t.Errorf("%s has no UID", given)
		}
	}
}

func TestBookkeepingIsNotPartOfTheOutcome(t *testing.T) {
	labelled := replaced(t, source, `"name":"regcred"`, `"name":"regcred","labels":{"team":"a","app.kubernetes.io/managed-by":"Helm"}`)
	exported := replaced(t, cloneIn("shop"), `"name":`, `"uid":"6f1b","resourceVersion":"7","labels":{"generate.kyverno.io/trigger-uid":"real","generate.kyverno.io/trigger-name":"shop","app.kubernetes.io/managed-by":"kyverno"},"name":`)
	foreign := replaced(t, cloneIn("shop"), `"name":`, `"uid":"6f1b","labels":{"mine":"yes"},"name":`)
	over := replaced(t, cloneIn("shop"), `"name":`, `"uid":"6f1b","name":`)
	for _, test := range []struct {
		reason        string
		cluster, want []string
	}{
		{"a clone has its source's labels, less who manages it", []string{labelled},
			[]string{labelled, replaced(t, cloneIn("shop"), `"name":`, `"labels":{"team":"a"},"name":`)}},
		{"an exported clone keeps its labels", []string{exported, source}, []string{exported, source}},
		{"an object that is overwritten keeps its UID, not its labels", []string{foreign, source}, []string{over, source}},
		{"an exported source is cloned without what the API server made", []string{replaced(t, source, `"name":"regcred"`,
			`"name":"regcred","uid":"6f1b","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z","generation":3,"ownerReferences":[{"name":"x","kind":"Y","apiVersion":"v1","uid":"z"}]`)},
			[]string{replaced(t, source, `"name":"regcred"`, `"name":"regcred","uid":"6f1b","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z","generation":3,"ownerReferences":[{"name":"x","kind":"Y","apiVersion":"v1","uid":"z"}]`),
				cloneIn("shop")}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome := afterwards(t, load(t, clonePolicy), &protocol.Admit{Object: object(t, namespaceObject("shop", on)), Cluster: clusterOf(t, test.cluster...)})
			if !reflect.DeepEqual(outcome.Cluster, clusterOf(t, test.want...)) || outcome.Warnings != nil {
				t.Errorf("got  %s\nwant %s\nwarnings %v", text(t, outcome.Cluster), text(t, clusterOf(t, test.want...)), outcome.Warnings)
			}
		})
	}
}

func TestTheStoreRefusesWhatAnAPIServerRefuses(t *testing.T) {
	immutable := replaced(t, source, `"type"`, `"immutable":true,"type"`)
	config := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"immutable":true,"data":{"a":"b"}}`
	for _, test := range []struct {
		reason, held, write string
		create              bool
		is                  func(error) bool
		says                string
	}{
		{"a change", source, replaced(t, source, "e30=", "e31="), false, nil, ""},
		{"another type", source, replaced(t, source, "kubernetes.io/dockerconfigjson", "Opaque"), false, apierrors.IsInvalid, "type"},
		{"a type that is written out", replaced(t, source, `"type":"kubernetes.io/dockerconfigjson",`, ""), replaced(t, source, "kubernetes.io/dockerconfigjson", "Opaque"), false, nil, ""},
		{"other data in an immutable Secret", immutable, replaced(t, immutable, "e30=", "e31="), false, apierrors.IsInvalid, "data: Forbidden"},
		{"an immutable Secret made mutable", immutable, source, false, apierrors.IsInvalid, "immutable: Forbidden"},
		{"labels of an immutable Secret", immutable, replaced(t, immutable, `"name":"regcred"`, `"name":"regcred","labels":{"a":"b"}`), false, nil, ""},
		{"other data in an immutable ConfigMap", config, replaced(t, config, `"b"`, `"c"`), false, apierrors.IsInvalid, "data: Forbidden"},
		{"a label that is none", source, replaced(t, source, `"name":"regcred"`, `"name":"regcred","labels":{"a":"no spaces"}`), false, apierrors.IsInvalid, "metadata.labels"},
		{"what is not there", source, account("shop", "default"), false, apierrors.IsNotFound, `serviceaccounts "default" not found`},
		{"something new", source, account("shop", "default"), true, nil, ""},
		{"what is there", source, source, true, apierrors.IsAlreadyExists, "already exists"},
		{"no name", source, replaced(t, account("shop", "x"), `"x"`, `""`), true, apierrors.IsInvalid, "name or generateName is required"},
		{"a name that is none", source, account("shop", "A_b"), true, apierrors.IsInvalid, "metadata.name"},
		{"a role's name may be any", source, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"system:x","namespace":"shop"}}`, true, nil, ""},
		{"no namespace", source, replaced(t, account("shop", "x"), `"shop"`, `""`), true, apierrors.IsBadRequest, "empty namespace"},
		{"an object of the whole cluster", source, namespaceObject("team"), true, nil, ""},
		{"a namespace that is none", source, account("a.b", "x"), true, apierrors.IsInvalid, "metadata.namespace"},
		{"a namespace that is being deleted", replaced(t, namespaceObject("shop"), `"name"`, `"deletionTimestamp":"2026-01-02T03:04:05Z","name"`), account("shop", "x"), true, apierrors.IsForbidden, "is being terminated"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			held := storeOf(t, test.held)
			written := object(t, test.write)
			u := unstructured.Unstructured{Object: written}
			var err error
			if test.create {
				_, err = held.client().CreateResource(context.Background(), u.GetAPIVersion(), u.GetKind(), u.GetNamespace(), written, false)
			} else {
				_, err = held.client().UpdateResource(context.Background(), u.GetAPIVersion(), u.GetKind(), u.GetNamespace(), written, false)
			}
			if test.is == nil {
				if err != nil || held.changes != 1 && test.held != test.write {
					t.Errorf("%v, %d changes", err, held.changes)
				}
				return
			}
			if err == nil || !test.is(err) || !strings.Contains(err.Error(), test.says) || held.changes != 0 {
				t.Errorf("got %v, %d changes", err, held.changes)
			}
			if strings.Contains(err.Error(), "e30=") || strings.Contains(err.Error(), "e31=") {
				t.Errorf("credentials are told: %v", err)
			}
		})
	}
}

func TestTheStoreIsReadAsAnAPIServerIs(t *testing.T) {
	ctx := context.Background()
	held := storeOf(t, account("b", "x"), account("a", "y"), account("a", "x"), source,
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},"spec":{},"status":{"replicas":1}}`)
	c := held.client()
	found, err := c.ListResource(ctx, "v1", "ServiceAccount", "", nil)
	if err != nil || len(found.Items) != 3 || found.Items[0].GetName() != "x" || found.Items[1].GetName() != "y" || found.Items[2].GetNamespace() != "b" {
		t.Errorf("%v %v", found, err)
	}
	for _, test := range []struct {
		apiVersion, kind, namespace string
		selector                    *metav1.LabelSelector
		count                       int
	}{
		{"v1", "ServiceAccount", "a", nil, 2},
		{"", "ServiceAccount", "", nil, 3},
		{"", "Deployment", "", nil, 1},
		{"apps/v1", "Deployment", "", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, 1},
		{"apps/v1", "Deployment", "", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}, 0},
		{"other.example/v1", "Deployment", "", nil, 0},
		{"", "Nothing", "", nil, 0},
	} {
		if found, err := c.ListResource(ctx, test.apiVersion, test.kind, test.namespace, test.selector); err != nil || len(found.Items) != test.count {
			t.Errorf("%+v: %v %v", test, found, err)
		}
	}
	if _, err := c.ListResource(ctx, "", "*", "", nil); !apierrors.IsNotFound(err) {
		t.Errorf("any kind is none: %v", err)
	}
	found.Items[0].SetLabels(map[string]string{"a": "b"})
	if again, _ := c.GetResource(ctx, "v1", "ServiceAccount", "a", "x"); again.GetLabels() != nil {
		t.Error("a reader changed the store")
	}

	// A status is all that an update of it takes.
	web, err := c.GetResource(ctx, "apps/v1", "Deployment", "shop", "web", "status")
	if err != nil {
		t.Fatal(err)
	}
	web.Object["spec"], web.Object["status"] = map[string]any{"replicas": int64(9)}, map[string]any{"replicas": int64(9)}
	if _, err := c.UpdateStatusResource(ctx, "apps/v1", "Deployment", "shop", web, false); err != nil {
		t.Fatal(err)
	}
	delete(web.Object, "uid")
	if now, _ := c.GetResource(ctx, "apps/v1", "Deployment", "shop", "web"); text(t, now.Object["spec"]) != "{}" || text(t, now.Object["status"]) != `{"replicas":9}` {
		t.Errorf("got %s", text(t, now))
	}
	delete(web.Object, "status")
	if _, err := c.UpdateResource(ctx, "apps/v1", "Deployment", "shop", web, false, "status"); err != nil {
		t.Fatal(err)
	}
	if now, _ := c.GetResource(ctx, "apps/v1", "Deployment", "shop", "web"); now.Object["status"] != nil || text(t, now.Object["spec"]) != "{}" {
		t.Errorf("got %s", text(t, now))
	}
	web.SetName("other")
	if _, err := c.UpdateStatusResource(ctx, "apps/v1", "Deployment", "shop", web, false); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if err := c.DeleteResource(ctx, "v1", "Secret", "shop", "regcred", false, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestWhatTheStoreDoesNotOfferIsAnError(t *testing.T) {
	ctx := context.Background()
	held := storeOf(t, source)
	raw := held.client().GetDynamicInterface().Resource(runtimeschema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace("registry-credentials")
	u := &unstructured.Unstructured{Object: object(t, source)}
	for name, call := range map[string]func() error{
		"a part":         func() error { _, err := raw.Get(ctx, "regcred", metav1.GetOptions{}, "scale"); return err },
		"a part made":    func() error { _, err := raw.Create(ctx, u, metav1.CreateOptions{}, "token"); return err },
		"a part changed": func() error { _, err := raw.Update(ctx, u, metav1.UpdateOptions{}, "scale"); return err },
		"a part deleted": func() error { return raw.Delete(ctx, "regcred", metav1.DeleteOptions{}, "scale") },
		"all deleted":    func() error { return raw.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}) },
		"a watch":        func() error { _, err := raw.Watch(ctx, metav1.ListOptions{}); return err },
		"a patch": func() error {
			_, err := raw.Patch(ctx, "regcred", types.JSONPatchType, nil, metav1.PatchOptions{})
			return err
		},
		"an apply":         func() error { _, err := raw.Apply(ctx, "regcred", u, metav1.ApplyOptions{}); return err },
		"a status applied": func() error { _, err := raw.ApplyStatus(ctx, "regcred", u, metav1.ApplyOptions{}); return err },
		"a schema":         func() error { _, err := held.client().Discovery().OpenAPISchema(); return err },
	} {
		if err := call(); !errors.Is(err, errNotOffered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if held.changes != 0 {
		t.Error("something was changed")
	}
}

func TestKindsAreKnownFromTheObjectsOrTakenAtTheirWord(t *testing.T) {
	d := storeOf(t, source, `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"x","namespace":"y"}}`, namespaceObject("shop")).client().Discovery()
	for _, test := range []struct {
		group, version, kind string
		want                 string
	}{
		{"*", "*", "NetworkPolicy", "networking.k8s.io/v1 networkpolicies true"},
		{"*", "v1", "Secret", "v1 secrets true"},
		{"", "v1", "Namespace", "v1 namespaces false"},
		{"*", "v1", "ServiceAccount", "v1 serviceaccounts true"},
		{"batch", "v1", "Job", "batch/v1 jobs true"},
		{"rbac.authorization.k8s.io", "v1", "ClusterRole", "rbac.authorization.k8s.io/v1 clusterroles false"},
		{"*", "*", "Nothing*", ""},
	} {
		found, err := d.FindResources(test.group, test.version, test.kind, "")
		got := ""
		for description, resource := range found {
			got += description.GroupVersion.String() + " " + description.Resource + " "
			if resource.Namespaced {
				got += "true"
			} else {
				got += "false"
			}
		}
		if got != test.want || errors.Is(err, dclient.ErrResourceNotFound) != (test.want == "") {
			t.Errorf("%+v: %q %v", test, got, err)
		}
	}
	if kind, err := d.GetGVKFromGVR(runtimeschema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}); err != nil || kind.Kind != "NetworkPolicy" {
		t.Errorf("%v %v", kind, err)
	}
	if kind, err := d.GetGVKFromGVR(runtimeschema.GroupVersionResource{Version: "v1", Resource: "nothings"}); err == nil {
		t.Errorf("%v", kind)
	}
}

// FuzzABackgroundTouchesNothingButItsOwn: whatever a namespace is called and labelled,
// the source comes back as it was, and all that can be new is its clone there.
func FuzzABackgroundTouchesNothingButItsOwn(f *testing.F) {
	for _, hostile := range []string{"shop", "kube-system", "registry-credentials", "", "..", "../registry-credentials", "a/b", "{{ request.object }}", "{{request.object.metadata.name}}",
		"$(date)", "*", "sh?p", "Shop", "\x00", "名前", strings.Repeat("x", 63), strings.Repeat("x", 300), `"`, "a\nb", "`[]`", "mirror"} {
		f.Add(hostile, "on")
		f.Add("shop", hostile)
	}
	session := load(f, clonePolicy, namespacePolicy)
	f.Fuzz(func(t *testing.T, name, value string) {
		trigger := func(value string) map[string]any {
			return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
				"name": name, "labels": map[string]any{"mirror": value}, "annotations": map[string]any{"text": value}}}
		}
		for _, operation := range []string{"CREATE", "EXISTING", "UPDATE", "DELETE"} {
			request := &protocol.Admit{Operation: operation, Phases: []string{"background"}, Cluster: clusterOf(t, source)}
			if operation != "DELETE" {
				request.Object = trigger(value)
			}
			if operation == "DELETE" || operation == "UPDATE" {
				request.OldObject = trigger("on")
			}
			outcome, err := session.Admit(context.Background(), request)
			if err != nil {
				t.Fatalf("%s of %q: %v", operation, name, err)
			}
			if !outcome.Allowed || outcome.Object != nil || len(outcome.Cluster) == 0 || len(outcome.Cluster) > 2 || !reflect.DeepEqual(outcome.Cluster[0], object(t, source)) {
				t.Fatalf("%s of %q: %s", operation, name, text(t, outcome))
			}
			if len(outcome.Cluster) == 2 {
				want := object(t, cloneIn("shop"))
				want["metadata"].(map[string]any)["namespace"] = name
				if value != "on" || operation == "DELETE" || !reflect.DeepEqual(outcome.Cluster[1], want) {
					t.Fatalf("%s of %q: %s", operation, name, text(t, outcome))
				}
			}
		}
	})
}
