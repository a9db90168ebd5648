package admission

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

// The clones that the generated policies name; the account default carries both.
const (
	hubClone  = "mirrorgen-cn-beijing-docker-io"
	ghcrClone = "mirrorgen-cn-beijing-images"
)

func TestAGeneratedPolicyAppendsToServiceAccounts(t *testing.T) {
	for _, test := range []struct {
		reason, object, old string
		namespace           map[string]string
		want                string
		matched             bool
	}{
		{reason: "its secrets, in the order of the mirrors", object: account("shop", "default"), want: account("shop", "default", hubClone, ghcrClone), matched: true},
		{reason: "another account has its own", object: account("shop", "builder"), want: account("shop", "builder", hubClone), matched: true},
		{reason: "behind what is there", object: account("shop", "builder", "mine"), want: account("shop", "builder", "mine", hubClone), matched: true},
		{reason: "only what is lacking", object: account("shop", "default", ghcrClone, "mine"), want: account("shop", "default", ghcrClone, "mine", hubClone), matched: true},
		{reason: "once", object: account("shop", "default", hubClone, "mine", ghcrClone), matched: true},
		{reason: "also to a list of null", object: strings.Replace(account("shop", "builder"), `"metadata"`, `"imagePullSecrets":null,"metadata"`, 1), want: account("shop", "builder", hubClone), matched: true},
		{reason: "and to one with an entry without a name", object: strings.Replace(account("shop", "builder"), `"metadata"`, `"imagePullSecrets":[{}],"metadata"`, 1),
			want: strings.Replace(account("shop", "builder"), `"metadata"`, `"imagePullSecrets":[{},{"name":"`+hubClone+`"}],"metadata"`, 1), matched: true},
		{reason: "on an update too", old: account("shop", "builder", hubClone), object: account("shop", "builder"), want: account("shop", "builder", hubClone), matched: true},
		{reason: "to no other account", object: account("shop", "deployer")},
		{reason: "to none out of scope", object: account("shop", "default"), namespace: map[string]string{"mirror": "off"}},
		{reason: "to none in an excluded namespace", object: account("kube-system", "default")},
		{reason: "to none whose name the API server is yet to make up", object: strings.Replace(account("shop", "default"), `"name":"default"`, `"generateName":"default"`, 1), matched: true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			session := load(t, golden(t, "service-accounts"))
			request := &protocol.Admit{Object: object(t, test.object), NamespaceLabels: map[string]string{"mirror": "enabled"}}
			if test.namespace != nil {
				request.NamespaceLabels = test.namespace
			}
			if test.old != "" {
				request.Operation, request.OldObject = "UPDATE", object(t, test.old)
			}
			var want map[string]any
			if test.want != "" {
				want = object(t, test.want)
			}
			outcome := admit(t, session, request)
			if !outcome.Allowed || !reflect.DeepEqual(outcome.Object, want) || outcome.Warnings != nil {
				t.Errorf("got  %s\nwant %s", text(t, outcome), test.want)
			}
			if (len(outcome.Matched) > 0) != test.matched || (len(outcome.Fired) > 0) != (want != nil) {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if want != nil {
				request.Object = want
				if again := admit(t, session, request); again.Object != nil {
					t.Errorf("the second time: %s", text(t, again))
				}
			}
		})
	}
}

func TestAGeneratedPolicyAppendsToAccountsThatExist(t *testing.T) {
	const policy = "cn-beijing-existing-accounts"
	terminating := replaced(t, namespaceObject("shop", enabled), `"metadata"`, `"status":{"phase":"Terminating"},"metadata"`)
	there := []string{account("shop", "default", "mine"), account("shop", "deployer"), account("other", "default"), account("shop", "builder")}
	equipped := []string{account("shop", "default", "mine", hubClone, ghcrClone), account("shop", "deployer"), account("other", "default"), account("shop", "builder", hubClone)}
	for _, test := range []struct {
		reason, operation, object, old string
		cluster, want                  []string
		matched, fired                 bool
	}{
		{reason: "when the policy comes", operation: "EXISTING", object: namespaceObject("shop", enabled), cluster: there, want: equipped, matched: true, fired: true},
		{reason: "when the namespace comes into scope", operation: "UPDATE", old: namespaceObject("shop"), object: namespaceObject("shop", enabled), cluster: there, want: equipped, matched: true, fired: true},
		{reason: "the namespace is new and has some", operation: "CREATE", object: namespaceObject("shop", enabled), cluster: there, want: equipped, matched: true, fired: true},
		{reason: "once", operation: "EXISTING", object: namespaceObject("shop", enabled), cluster: equipped, want: equipped, matched: true},
		{reason: "where there are none nothing is amiss", operation: "CREATE", object: namespaceObject("shop", enabled), matched: true},
		{reason: "out of scope", operation: "EXISTING", object: namespaceObject("shop"), cluster: there, want: there},
		{reason: "excluded", operation: "EXISTING", object: namespaceObject("kube-system", enabled), cluster: there, want: there},
		{reason: "being deleted", operation: "EXISTING", object: terminating, cluster: there, want: there},
		{reason: "what leaves the scope keeps its entries", operation: "UPDATE", old: namespaceObject("shop", enabled), object: namespaceObject("shop"), cluster: equipped, want: equipped},
		{reason: "a namespace that goes", operation: "DELETE", old: namespaceObject("shop", enabled), cluster: there, want: there},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Operation: test.operation, Cluster: clusterOf(t, test.cluster...)}
			if test.object != "" {
				request.Object = object(t, test.object)
			}
			if test.old != "" {
				request.OldObject = object(t, test.old)
			}
			outcome := afterwards(t, load(t, golden(t, "existing-accounts")), request)
			if want := clusterOf(t, test.want...); !reflect.DeepEqual(outcome.Cluster, want) {
				t.Errorf("got  %s\nwant %s", text(t, outcome.Cluster), text(t, want))
			}
			if outcome.Object != nil || outcome.Warnings != nil {
				t.Errorf("got %s", text(t, outcome))
			}
			var names []string
			if test.matched {
				names = []string{policy}
			}
			if !slices.Equal(outcome.Matched, names) || (len(outcome.Fired) > 0) != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
		})
	}
}

// At admission the policies of the background have no say.
func TestGeneratedPoliciesOfTheBackgroundDoNothingAtAdmission(t *testing.T) {
	session := load(t, golden(t, "pull-secrets"), golden(t, "existing-accounts"))
	for _, submitted := range []string{namespaceObject("shop", enabled), account("shop", "default")} {
		outcome := admit(t, session, &protocol.Admit{Object: object(t, submitted), NamespaceLabels: map[string]string{"mirror": "enabled"}, Cluster: clusterOf(t, source)})
		if !outcome.Allowed || outcome.Object != nil || outcome.Matched != nil || outcome.Cluster != nil || outcome.Warnings != nil {
			t.Errorf("got %s", text(t, outcome))
		}
	}
}
