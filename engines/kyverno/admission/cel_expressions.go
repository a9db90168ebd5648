package admission

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	celast "github.com/google/cel-go/common/ast"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// An expression is one of a policy, with its place in it.
type expression struct{ at, text string }

func mutatingExpressions(spec *policiesv1beta1.MutatingPolicySpec) []expression {
	all := commonExpressions(spec.Variables, spec.MatchConditions, mutatingAnnotations(spec))
	for i, mutation := range spec.Mutations {
		if mutation.ApplyConfiguration != nil {
			all = append(all, expression{fmt.Sprintf("spec.mutations[%d].applyConfiguration.expression", i), mutation.ApplyConfiguration.Expression})
		}
		if mutation.JSONPatch != nil {
			all = append(all, expression{fmt.Sprintf("spec.mutations[%d].jsonPatch.expression", i), mutation.JSONPatch.Expression})
		}
	}
	return all
}

func validatingExpressions(spec *policiesv1beta1.ValidatingPolicySpec) []expression {
	all := commonExpressions(spec.Variables, spec.MatchConditions, spec.AuditAnnotations)
	for i, validation := range spec.Validations {
		all = append(all,
			expression{fmt.Sprintf("spec.validations[%d].expression", i), validation.Expression},
			expression{fmt.Sprintf("spec.validations[%d].messageExpression", i), validation.MessageExpression})
	}
	return all
}

func commonExpressions(variables []admissionregistrationv1.Variable, conditions []admissionregistrationv1.MatchCondition, annotations []admissionregistrationv1.AuditAnnotation) []expression {
	var all []expression
	for i, variable := range variables {
		all = append(all, expression{fmt.Sprintf("spec.variables[%d].expression", i), variable.Expression})
	}
	for i, condition := range conditions {
		all = append(all, expression{fmt.Sprintf("spec.matchConditions[%d].expression", i), condition.Expression})
	}
	for i, annotation := range annotations {
		all = append(all, expression{fmt.Sprintf("spec.auditAnnotations[%d].valueExpression", i), annotation.ValueExpression})
	}
	return all
}

// parsed is the expression's tree. It was compiled before, so that it parses; the
// macros that are Kyverno's only stay calls in it.
func (e expression) parsed() (celast.Expr, error) {
	env, err := parser()
	if err != nil {
		return nil, err
	}
	tree, issues := env.Parse(e.text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%s: %w", e.at, issues.Err())
	}
	return tree.NativeRep().Expr(), nil
}

var parser = sync.OnceValues(func() (*cel.Env, error) { return cel.NewEnv(cel.OptionalTypes()) })

// reads tells the expressions that name a variable. What cannot be told counts.
func reads(name string) func(expression) bool {
	return func(e expression) bool {
		if !strings.Contains(e.text, name) {
			return false
		}
		tree, err := e.parsed()
		if err != nil {
			return true
		}
		found := false
		celast.PreOrderVisit(tree, celast.NewExprVisitor(func(node celast.Expr) {
			found = found || node.Kind() == celast.IdentKind && node.AsIdent() == name
		}))
		return found
	}
}

// outside are the functions of Kyverno's CEL libraries that ask a cluster, a registry
// or a server, in the older and the newer spelling.
var outside = []string{"Get", "List", "Post", "ToGVR", "Client", "GetMetadata", "get", "list", "post", "toGVR", "client", "getMetadata"}

// asksOutside is an error where the expression calls one of them, other than of the
// libraries that are answered.
func (e expression) asksOutside(answered []string) error {
	if e.text == "" {
		return nil
	}
	tree, err := e.parsed()
	if err != nil {
		return err
	}
	celast.PreOrderVisit(tree, celast.NewExprVisitor(func(node celast.Expr) {
		if err != nil || node.Kind() != celast.CallKind || !node.AsCall().IsMemberFunction() || !slices.Contains(outside, node.AsCall().FunctionName()) {
			return
		}
		library := "(...)"
		if target := node.AsCall().Target(); target.Kind() == celast.IdentKind {
			library = target.AsIdent()
		}
		if slices.Contains(answered, library) {
			return
		}
		err = fmt.Errorf("%s: %s.%s asks a cluster, a registry or a server, which an offline engine does not have", e.at, library, node.AsCall().FunctionName())
	}))
	return err
}
