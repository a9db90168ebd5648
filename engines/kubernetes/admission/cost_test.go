package admission

import (
	"context"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"mirrorgen.dev/gen/engines/protocol"
)

// TestABillIsWhatTheAPIServerTakesFromABudget compares with what the API server's
// own evaluators leave of it.
func TestABillIsWhatTheAPIServerTakesFromABudget(t *testing.T) {
	for _, test := range []struct {
		reason  string
		request protocol.Admit
	}{
		{"a new Pod", protocol.Admit{Operation: "CREATE", Object: object(t, three)}},
		{"a Pod with nothing to rewrite", protocol.Admit{Operation: "CREATE", Object: object(t, pod(mirrored))}},
		{"an update", protocol.Admit{Operation: "UPDATE", Object: object(t, pod("nginx", "busybox")), OldObject: object(t, stored)}},
		{"many images", protocol.Admit{Operation: "CREATE", Object: object(t, pod(strings.Split(strings.Repeat("quay.io/prometheus/x:1 ", 50), " ")...))}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			policies := files(file(t, "rewrite.yaml"), file(t, "constraint.yaml"))
			bills, err := New().Costs(context.Background(), policies, &test.request)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int64{}
			for i, bill := range bills {
				if len(bill.Costs) == 0 || bill.Policy != "mirrors" {
					t.Errorf("bill %+v", bill)
				}
				for _, cost := range bill.Costs {
					if cost.Err != nil {
						t.Errorf("%s: %v", cost.Path, cost.Err)
					}
				}
				kind := "mutating "
				if i > 1 {
					kind = "validating "
				}
				got[kind+bill.For] = bill.Total()
			}
			for what, want := range taken(t, &test.request) {
				if got[what] != want || want == 0 {
					t.Errorf("%s: %d, the API server takes %d", what, got[what], want)
				}
			}
			if len(got) != 4 {
				t.Errorf("bills for %v", got)
			}
		})
	}
}

// taken is what the API server's evaluators take.
func taken(t *testing.T, request *protocol.Admit) map[string]int64 {
	t.Helper()
	session := load(t, file(t, "rewrite.yaml"), file(t, "constraint.yaml"))
	r, err := newRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := admission.NewVersionedAttributes(r.attributes(r.object), r.gvk, session.objects)
	if err != nil {
		t.Fatal(err)
	}
	review := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(r.gvr), metav1.GroupVersionKind(r.gvk))
	declared := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	bound := cel.OptionalVariableBindings{Authorizer: noAuthorizer{&observation{}}}
	compile := func(variables []admissionregistrationv1.Variable) *compilation {
		c, err := newCompilation("p", nil, unread{})
		if err != nil {
			t.Fatal(err)
		}
		c.variables(variables, declared)
		return c
	}
	spent := map[string]int64{}
	conditions := func(what string, c *compilation, expressions []cel.ExpressionAccessor, declared cel.OptionalVariableDeclarations, budget int64) int64 {
		_, left, err := c.conditions("", expressions, declared).ForInput(context.Background(), attributes, review, bound, r.in, budget)
		if err != nil {
			t.Fatal(err)
		}
		spent[what] += budget - left
		return left
	}
	matches := func(what string, c *compilation, all []admissionregistrationv1.MatchCondition) {
		var expressions []cel.ExpressionAccessor
		for i := range all {
			expressions = append(expressions, (*matchconditions.MatchCondition)(&all[i]))
		}
		conditions(what, c, expressions, declared, celconfig.RuntimeCELCostBudgetMatchConditions)
	}

	rewrite := session.mutating[0].Policy.Spec
	c := compile(rewrite.Variables)
	matches("mutating spec.matchConditions", c, rewrite.MatchConditions)
	evaluator := c.compiler.CompileMutatingEvaluator(&patch.JSONPatchCondition{Expression: rewrite.Mutations[0].JSONPatch.Expression},
		cel.OptionalVariableDeclarations{HasAuthorizer: true, HasPatchTypes: true}, environment.StoredExpressions)
	_, left, err := evaluator.ForInput(c.compiler.CreateContext(context.Background()), attributes, review, bound, r.in, celconfig.RuntimeCELCostBudget)
	if err != nil {
		t.Fatal(err)
	}
	spent["mutating spec.mutations[0]"] = celconfig.RuntimeCELCostBudget - left

	constraint := session.validating[0].Policy.Spec
	c = compile(constraint.Variables)
	matches("validating spec.matchConditions", c, constraint.MatchConditions)
	var expressions, messages []cel.ExpressionAccessor
	for _, validation := range constraint.Validations {
		expressions = append(expressions, &validating.ValidationCondition{Expression: validation.Expression})
		var message cel.ExpressionAccessor
		if validation.MessageExpression != "" {
			message = &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression}
		}
		messages = append(messages, message)
	}
	left = conditions("validating spec.validations", c, expressions, declared, celconfig.RuntimeCELCostBudget)
	conditions("validating spec.validations", c, messages, cel.OptionalVariableDeclarations{}, left)
	return spent
}

func TestABillTellsOfWhatGoesWrong(t *testing.T) {
	for _, test := range []struct {
		reason, policy, object string
		path, says             string
	}{
		{"over the limit of an expression", rule{expression: dear, matches: arguments}.validation(), long(), "spec.validations[0]", "actual cost limit exceeded"},
		{"a failure", rule{expression: failing}.mutation(), pod("nginx"), "spec.mutations[0]", "no such key: nope"},
		{"a variable's failure", rule{expression: "variables.v == 1", matches: "  variables: [{name: v, expression: object.spec.nope}]\n"}.validation(), pod("nginx"), "spec.variables[0] v", "no such key: nope"},
		{"an annotation's", strings.Replace(rule{expression: "true"}.validation(), "  validations:\n", "  auditAnnotations: [{key: a, valueExpression: string(object.spec.nope)}]\n  validations:\n", 1), pod("nginx"), "spec.auditAnnotations[0]", "no such key: nope"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			bills, err := New().Costs(context.Background(), files(test.policy), &protocol.Admit{Operation: "CREATE", Object: object(t, test.object)})
			if err != nil {
				t.Fatal(err)
			}
			for _, bill := range bills {
				for _, cost := range bill.Costs {
					if cost.Path == test.path && cost.Err != nil && strings.Contains(cost.Err.Error(), test.says) {
						return
					}
				}
			}
			t.Errorf("got %+v", bills)
		})
	}
	if _, err := New().Costs(context.Background(), files("{"), &protocol.Admit{Object: object(t, pod("nginx"))}); err == nil {
		t.Error("a policy that cannot be read has a price")
	}
	if _, err := New().Costs(context.Background(), files(rule{expression: puts}.mutation()), &protocol.Admit{}); err == nil {
		t.Error("no object has a price")
	}
}
