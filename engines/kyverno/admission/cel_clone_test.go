package admission

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// goldens are generated for a set of three mirrors with a pull secret each, whose scope
// is mirror=enabled, tier not lab, and no namespace build.
const goldens = "../../../generator/target/testdata/kyverno-cel-credentials/kyverno-cel"

// golden is a generated file.
func golden(t testing.TB, kind string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(goldens, "cn-beijing-"+kind+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// celClone is the generated policy of the mirror docker-io alone.
func celClone(t testing.TB) string {
	t.Helper()
	all, err := documents(golden(t, "pull-secrets"))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(document []byte) bool { return strings.Contains(string(document), `"`+celCloneName+`"`) })
	if at < 0 {
		t.Fatal("the golden file has no such policy")
	}
	return string(all[at])
}

const (
	celCloneName = "cn-beijing-pull-secrets-docker-io"
	enabled      = `"mirror":"enabled"`
)

func celCloneIn(namespace string) string {
	return strings.Replace(cloneIn(namespace), "mirrorgen-cn-", "mirrorgen-cn-beijing-", 1)
}

func TestAGeneratedPolicyClonesWhereItsScopeIs(t *testing.T) {
	stale := replaced(t, celCloneIn("shop"), "e30=", "eyJhdXRocyI6e319")
	opaque := replaced(t, source, "kubernetes.io/dockerconfigjson", "Opaque")
	theirs := replaced(t, stale, `"name"`, `"labels":{"app.kubernetes.io/managed-by":"Helm"},"name"`)
	terminating := replaced(t, namespaceObject("shop", enabled), `"metadata"`, `"status":{"phase":"Terminating"},"metadata"`)
	dressed := replaced(t, source, `"name"`, `"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u"}],"finalizers":["a.example/b"],"name"`)
	for _, test := range []struct {
		reason, operation, object, old string
		cluster, want                  []string
		matched, fired                 bool
		warns                          string
	}{
		{reason: "a new namespace in scope", operation: "CREATE", object: namespaceObject("shop", enabled),
			cluster: []string{source}, want: []string{source, celCloneIn("shop")}, matched: true, fired: true},
		{reason: "one that exists", operation: "EXISTING", object: namespaceObject("shop", enabled),
			cluster: []string{source}, want: []string{source, celCloneIn("shop")}, matched: true, fired: true},
		{reason: "one that comes into scope", operation: "UPDATE", old: namespaceObject("shop"), object: namespaceObject("shop", enabled),
			cluster: []string{source}, want: []string{source, celCloneIn("shop")}, matched: true, fired: true},
		{reason: "one that leaves it", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop"),
			cluster: []string{source, celCloneIn("shop")}, want: []string{source}, matched: true, fired: true},
		{reason: "one that leaves it by another label", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop", enabled, `"tier":"lab"`),
			cluster: []string{source, celCloneIn("shop")}, want: []string{source}, matched: true, fired: true},
		{reason: "one that stays in it", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop", enabled, `"a":"b"`),
			cluster: []string{source, celCloneIn("shop")}, want: []string{source, celCloneIn("shop")}, matched: true},
		{reason: "one without the label", operation: "CREATE", object: namespaceObject("shop"), cluster: []string{source}, want: []string{source}},
		{reason: "one with another value", operation: "EXISTING", object: namespaceObject("shop", `"mirror":"off"`), cluster: []string{source}, want: []string{source}},
		{reason: "one that is excluded", operation: "CREATE", object: namespaceObject("kube-system", enabled), cluster: []string{source}, want: []string{source}},
		{reason: "one that is excluded and exists", operation: "EXISTING", object: namespaceObject("build", enabled), cluster: []string{source}, want: []string{source}},
		{reason: "the home, if it is in scope, gets a clone under the clone's name", operation: "CREATE", object: namespaceObject("registry-credentials", enabled),
			cluster: []string{source}, want: []string{source, celCloneIn("registry-credentials")}, matched: true, fired: true},
		{reason: "one that is being deleted gets nothing", operation: "CREATE", object: terminating, cluster: []string{source}, want: []string{source}, matched: true},
		{reason: "one that begins to be deleted loses its clone", operation: "UPDATE", old: namespaceObject("shop", enabled), object: terminating,
			cluster: []string{source, celCloneIn("shop")}, want: []string{source}, matched: true, fired: true},
		{reason: "one that is gone takes its clone along", operation: "DELETE", old: namespaceObject("shop", enabled),
			cluster: []string{source, celCloneIn("shop")}, want: []string{source}, matched: true, fired: true},
		{reason: "without a source nothing is made, and that is said", operation: "CREATE", object: namespaceObject("shop", enabled),
			matched: true, fired: true, warns: "no such key: Secret registry-credentials/regcred is not there"},
		{reason: "a source of another type is not cloned, and that is said", operation: "CREATE", object: namespaceObject("shop", enabled),
			cluster: []string{opaque}, want: []string{opaque}, matched: true, fired: true,
			warns: "no such key: Secret registry-credentials/regcred is not of type kubernetes.io/dockerconfigjson"},
		{reason: "a Secret without a type is Opaque", operation: "CREATE", object: namespaceObject("shop", enabled),
			cluster: []string{strings.Replace(source, `"type":"kubernetes.io/dockerconfigjson",`, "", 1)},
			want:    []string{strings.Replace(source, `"type":"kubernetes.io/dockerconfigjson",`, "", 1)}, matched: true, fired: true, warns: "is not of type"},
		{reason: "of the source's metadata nothing comes along", operation: "CREATE", object: namespaceObject("shop", enabled),
			cluster: []string{dressed}, want: []string{dressed, celCloneIn("shop")}, matched: true, fired: true},
		{reason: "a Secret of that name that Kyverno did not make stays as it is", operation: "CREATE", object: namespaceObject("shop", enabled),
			cluster: []string{source, stale}, want: []string{source, stale}, matched: true},
		{reason: "a stale clone is brought up to date", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop", enabled, `"a":"b"`),
			cluster: []string{source, stale}, want: []string{source, celCloneIn("shop")}, matched: true},
		{reason: "what another tool made is no clone of what was", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop"),
			cluster: []string{source, theirs}, want: []string{source, theirs}},
		{reason: "other objects are no triggers", operation: "CREATE", object: account("shop", "default"), cluster: []string{source}, want: []string{source}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, celClone(t))
			request := &protocol.Admit{Operation: test.operation, Cluster: clusterOf(t, test.cluster...), NamespaceLabels: map[string]string{}}
			if test.object != "" {
				request.Object = object(t, test.object)
			}
			if test.old != "" {
				request.OldObject = object(t, test.old)
			}
			outcome := afterwards(t, session, request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			if outcome.Object != nil {
				t.Errorf("the trigger became %s", text(t, outcome.Object))
			}
			var names []string
			if test.matched {
				names = []string{celCloneName}
			}
			if !slices.Equal(outcome.Matched, names) || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if warnings := strings.Join(outcome.Warnings, "\n"); !strings.Contains(warnings, test.warns) || (warnings == "") != (test.warns == "") ||
				test.warns != "" && !strings.HasPrefix(warnings, "engine: "+celCloneName+": error: ") {
				t.Errorf("warnings %v", outcome.Warnings)
			}
		})
	}
}

func TestAnEditedSourceIsCopiedAgain(t *testing.T) {
	edited := replaced(t, source, "e30=", "eyJhdXRocyI6e319")
	noted := replaced(t, edited, `"name"`, `"annotations":{"a":"b"},"name"`)
	owned := replaced(t, source, `"name"`, `"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u"}],"name"`)
	clone := func(namespace, of string) string {
		return strings.NewReplacer(`"regcred"`, `"mirrorgen-cn-beijing-docker-io"`, `"registry-credentials"`, `"`+namespace+`"`).Replace(of)
	}
	shop, lab, out := namespaceObject("shop", enabled), namespaceObject("lab", enabled), namespaceObject("out")
	for _, test := range []struct {
		reason, old, object string
		cluster, want       []string
		after               string
		matched             bool
	}{
		{reason: "its clones follow", old: source, object: edited,
			cluster: []string{shop, lab, out, celCloneIn("shop"), celCloneIn("lab")}, want: []string{shop, lab, out, clone("shop", edited), clone("lab", edited)}, matched: true},
		{reason: "Kyverno then copies annotations, too", old: source, object: noted,
			cluster: []string{shop, celCloneIn("shop")}, want: []string{shop, clone("shop", noted)}, matched: true},
		{reason: "it is deleted, and so are its clones", old: source,
			cluster: []string{shop, lab, celCloneIn("shop"), celCloneIn("lab")}, want: []string{shop, lab}, matched: true},
		{reason: "an owner's must not stand elsewhere: the clones of an owned one wait for the next scan", old: owned, object: replaced(t, owned, "e30=", "eyJhdXRocyI6e319"),
			cluster: []string{shop, celCloneIn("shop")}, want: []string{shop, celCloneIn("shop")}},
		{reason: "another Secret of its namespace is none", old: replaced(t, source, "regcred", "db"), object: replaced(t, edited, "regcred", "db"),
			cluster: []string{source, shop, celCloneIn("shop")}, want: []string{source, shop, celCloneIn("shop")}},
		{reason: "a clone that is edited is set right", old: celCloneIn("shop"), object: clone("shop", edited),
			cluster: []string{source, shop}, want: []string{source, shop}, after: celCloneIn("shop"), matched: true},
		{reason: "a clone that is deleted is made anew", old: celCloneIn("shop"),
			cluster: []string{source, shop}, want: []string{source, shop, celCloneIn("shop")}, matched: true},
		{reason: "what no policy made may be deleted", old: cloneIn("shop"), cluster: []string{source, shop}, want: []string{source, shop}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Operation: "DELETE", OldObject: object(t, test.old), Cluster: clusterOf(t, test.cluster...), NamespaceLabels: map[string]string{}}
			if test.object != "" {
				request.Operation, request.Object = "UPDATE", object(t, test.object)
			}
			outcome := afterwards(t, load(t, celClone(t)), request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			var after map[string]any
			if test.after != "" {
				after = object(t, test.after)
			}
			if !reflect.DeepEqual(outcome.Object, after) {
				t.Errorf("the object became %s", text(t, outcome.Object))
			}
			if (len(outcome.Matched) > 0) != test.matched || !slices.Equal(outcome.Fired, outcome.Matched) || outcome.Warnings != nil {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

// Kyverno's schema, its validator and its compiler take what is generated, and an API
// server takes the conditions into a webhook: else it would call Kyverno for nothing.
func TestGeneratedCredentialPoliciesAreAccepted(t *testing.T) {
	folders := []string{goldens, strings.Replace(goldens, "credentials/", "credentials-everywhere/", 1)}
	files := 0
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "-rbac.yaml") {
				continue
			}
			files++
			policies, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			session := load(t, string(policies))
			if session.Warnings() != nil || len(session.Rules()) == 0 {
				t.Errorf("%s: warnings %v, rules %v", path, session.Warnings(), session.Rules())
			}
			for _, p := range session.generating {
				if conditions := p.source.GetMatchConditions(); len(apiConditions(conditions)) != len(conditions) {
					t.Errorf("%s: an API server does not take the conditions of %s", path, p.name)
				}
			}
			for _, p := range session.mutatingExisting {
				if conditions := p.source.GetMatchConditions(); len(apiConditions(conditions)) != len(conditions) {
					t.Errorf("%s: an API server does not take the conditions of %s", path, p.name)
				}
			}
		}
	}
	if files != 6 {
		t.Errorf("%d files of policies, want 3 of each set", files)
	}
}
