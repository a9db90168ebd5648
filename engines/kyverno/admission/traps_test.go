package admission

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/kyverno/kyverno/api/kyverno"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/background/common"
	"github.com/kyverno/kyverno/pkg/background/generate"
	"github.com/kyverno/kyverno/pkg/event"
	policyvalidate "github.com/kyverno/kyverno/pkg/validation/policy"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mirrorgen.dev/gen/engines/protocol"
)

// What is proven here is why generated policies look as they do.

func parsed(t *testing.T, policy string) kyvernov1.PolicyInterface {
	t.Helper()
	made, err := shared().decode([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	return made.(kyvernov1.PolicyInterface)
}

// TestThePolicyOfOneNameCannotChangeWhatItCovers is why a policy's name holds a hash
// of its rules: a changed scope is another policy, and the old one is removed.
func TestThePolicyOfOneNameCannotChangeWhatItCovers(t *testing.T) {
	const refused = "changes of immutable fields of a rule spec in a generate rule is disallowed"
	scope := []string{`mirror: "on"`, `mirror: "yes"`}
	cases := []struct {
		reason         string
		change         []string
		warns, refused string
	}{
		{"nothing", nil, "", ""},
		{"what it matches", scope, "", refused},
		{"what it excludes", []string{"[kube-system, registry-credentials]", "[kube-system]"}, "", refused},
		{"the rule's name", []string{"name: docker-io", "name: docker-hub"}, "", refused},
		{"what it clones is let in, but the old clones stay", []string{"name: regcred", "name: regcred2"}, "could result in stale targets", ""},
		{"what it clones, and unseen what it matches", append([]string{"name: regcred", "name: regcred2"}, scope...), "could result in stale targets", ""},
		{"that what exists is covered", []string{"generateExisting: true", "generateExisting: false"}, "", ""},
		{"the scope together with the name", append([]string{"1a2b3c4d", "5e6f7a8b"}, scope...), "", ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			changed := clonePolicy
			for i := 0; i < len(test.change); i += 2 {
				changed = replaced(t, changed, test.change[i], test.change[i+1])
			}
			old, made := parsed(t, clonePolicy), parsed(t, changed)
			if made.GetName() != old.GetName() {
				old = nil // what has another name is not an update
			}
			warnings, err := policyvalidate.Validate(made, old, nil, true, "", "")
			if (err != nil) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("refused: %v", err)
			}
			if said := strings.Join(warnings, "\n"); !strings.Contains(said, test.warns) || test.warns == "" && test.refused == "" && said != "" {
				t.Errorf("warnings %v", warnings)
			}
		})
	}
}

// generated is a cluster in which a policy has cloned into two namespaces.
func generated(t *testing.T, policy string) *background {
	t.Helper()
	session := load(t, policy)
	held, err := newStore(clusterOf(t, source, namespaceObject("shop", on), namespaceObject("team", on)))
	if err != nil {
		t.Fatal(err)
	}
	var last *background
	for _, name := range []string{"shop", "team"} {
		last = onStore(t, session, held, "CREATE", namespaceObject(name, on))
		if err := last.admitted(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func onStore(t *testing.T, session *Session, held *store, operation, submitted string) *background {
	t.Helper()
	r, err := newRequest(&protocol.Admit{Operation: operation, Object: object(t, submitted)})
	if err != nil {
		t.Fatal(err)
	}
	b := session.newBackground(context.Background(), r, held, r.object, &findings{})
	held.hide(&b.object)
	return b
}

// clones are those that Kyverno would find for a policy and rule (pkg/policy,
// buildURForGenerateRuleChanges).
func clones(t *testing.T, b *background, policy, rule string) []unstructured.Unstructured {
	t.Helper()
	found, err := downstream(b.client, "v1", "Secret", map[string]string{
		common.GeneratePolicyLabel:          policy,
		common.GeneratePolicyNamespaceLabel: "",
		common.GenerateRuleLabel:            rule,
		kyverno.LabelAppManagedBy:           kyverno.ValueKyvernoApp,
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Items
}

func TestAPolicyRemovedTakesItsClonesAlong(t *testing.T) {
	b := generated(t, clonePolicy)
	rule := parsed(t, clonePolicy).GetSpec().Rules[0]
	if synchronized, orphaned := rule.GetSyncAndOrphanDownstream(); !synchronized || orphaned {
		t.Fatal("Kyverno would leave them")
	}
	// As createURForDownstreamDeletion of pkg/policy makes it when the policy is gone.
	name, ruleName, _ := strings.Cut(cloneRule, "/")
	ur := &kyvernov2.UpdateRequest{Spec: kyvernov2.UpdateRequestSpec{Type: kyvernov2.Generate, Policy: name}}
	for _, clone := range clones(t, b, name, ruleName) {
		ur.Spec.RuleContext = append(ur.Spec.RuleContext, kyvernov2.RuleContext{Rule: ruleName, Trigger: generate.TriggerFromLabels(clone.GetLabels()), DeleteDownstream: true})
		ur.Status.GeneratedResources = append(ur.Status.GeneratedResources, resourceSpec(&clone))
	}
	if len(ur.Spec.RuleContext) != 2 {
		t.Fatalf("%d clones", len(ur.Spec.RuleContext))
	}
	none, noneNamespaced := listers()
	result := &status{}
	err := generate.NewGenerateController(b.client, nil, result, b.kyverno, none, noneNamespaced, nil, namespaces{store: b.store},
		b.session.engine.configuration, event.NewFake(), logr.Discard(), b.session.engine.jmespath).ProcessUR(ur)
	if err != nil || result.messages != nil {
		t.Errorf("%v %v", err, result.messages)
	}
	want := clusterOf(t, source, namespaceObject("shop", on), namespaceObject("team", on))
	if left := b.store.outcome(key{}); !reflect.DeepEqual(left, want) {
		t.Errorf("left %s", text(t, left))
	}
}

// TestAPolicyOfAnotherNameTakesClonesOver: once it has, the removal of the old one
// finds nothing to delete. Kyverno notes what to delete before it deletes, so the
// new policy has to be applied, and worked off, before the old one is removed.
func TestAPolicyOfAnotherNameTakesClonesOver(t *testing.T) {
	b := generated(t, clonePolicy)
	name, rule, _ := strings.Cut(cloneRule, "/")
	renamed := strings.ReplaceAll(name, "1a2b3c4d", "5e6f7a8b")
	next := load(t, replaced(t, clonePolicy, name, renamed))
	onStore(t, next, b.store, "EXISTING", namespaceObject("shop", on)).applied(context.Background())
	if was, is := clones(t, b, name, rule), clones(t, b, renamed, rule); len(was) != 1 || was[0].GetNamespace() != "team" || len(is) != 1 || is[0].GetNamespace() != "shop" {
		t.Errorf("the old policy has %d, the new one %d", len(was), len(is))
	}
}

// TestOneRuleThatNoLongerCoversTakesAllClonesOfItsPolicyAlong is why rules of
// different scopes are policies of their own: Kyverno looks clones up by policy and
// trigger only (generate.handleNonPolicyChanges), after the other rules were run.
func TestOneRuleThatNoLongerCoversTakesAllClonesOfItsPolicyAlong(t *testing.T) {
	second := clonePolicy[strings.Index(clonePolicy, "  - name"):]
	second = strings.NewReplacer("name: docker-io", "name: quay-io", secret, "mirrorgen-cn-quay-io", `mirror: "on"`, `quay: "on"`).Replace(second)
	quay := strings.ReplaceAll(cloneIn("shop"), secret, "mirrorgen-cn-quay-io")
	both, left := namespaceObject("shop", on, `"quay":"on"`), namespaceObject("shop", `"quay":"on"`)
	request := func() *protocol.Admit {
		return &protocol.Admit{Operation: "UPDATE", OldObject: object(t, both), Object: object(t, left), Cluster: clusterOf(t, source, cloneIn("shop"), quay)}
	}
	if outcome := afterwards(t, load(t, clonePolicy+second), request()); !reflect.DeepEqual(outcome.Cluster, clusterOf(t, source)) {
		t.Errorf("Kyverno tells the rules of one policy apart by now: %s", text(t, outcome.Cluster))
	}
	apart := replaced(t, clonePolicy[:strings.Index(clonePolicy, "  - name")], "1a2b3c4d", "5e6f7a8b") + second
	if outcome := afterwards(t, load(t, clonePolicy, apart), request()); !reflect.DeepEqual(outcome.Cluster, clusterOf(t, source, quay)) {
		t.Errorf("two policies: %s", text(t, outcome.Cluster))
	}
}

// TestANameTooLongForALabelGeneratesNothing: Kyverno writes the names of the policy
// and of the rule on each clone as labels.
func TestANameTooLongForALabelGeneratesNothing(t *testing.T) {
	long := strings.Repeat("x", 64)
	for _, policy := range []string{
		replaced(t, clonePolicy, "name: cn-pull-secrets-1a2b3c4d", "name: "+long),
		replaced(t, clonePolicy, "name: docker-io", "name: "+long),
	} {
		session, err := shared().Load(context.Background(), []protocol.File{{Path: "p.yaml", Data: policy}})
		if err != nil {
			if !strings.Contains(err.Error(), "63") {
				t.Error(err)
			}
			continue
		}
		outcome := afterwards(t, session, &protocol.Admit{Object: object(t, namespaceObject("shop", on)), Cluster: clusterOf(t, source)})
		if len(outcome.Cluster) != 1 || len(outcome.Warnings) != 1 || !strings.Contains(outcome.Warnings[0], "must be no more than 63 bytes") {
			t.Errorf("got %s", text(t, outcome))
		}
	}
}
