package admission

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiservercel "k8s.io/apiserver/pkg/apis/cel"

	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"

	"mirrorgen.dev/gen/engines/protocol"
)

// ExpressionLimit is what one expression may cost, a variable being one of its own.
// Costs are CEL's runtime costs as the API server counts them.
const ExpressionLimit int64 = apiservercel.PerCallLimit

// A Bill is what one request costs one policy, as far as it is paid from one budget.
type Bill struct {
	Policy string
	// For is what is evaluated: spec.matchConditions, spec.mutations[0],
	// spec.validations or spec.auditAnnotations.
	For string
	// Budget is what all of it may cost.
	Budget int64
	// Costs are those of the expressions that were evaluated, in that order. A
	// variable is evaluated once where it is first used, and again for message
	// expressions.
	Costs []Cost
}

// A Cost is that of one expression, without the variables that it uses.
type Cost struct {
	// Path is the expression's, a variable's name behind it: spec.variables[3] refs.
	Path string
	Cost int64
	// Err: the evaluation failed, perhaps as it cost more than ExpressionLimit.
	Err error
}

// Total is the sum of the costs.
func (b Bill) Total() (sum int64) {
	for _, cost := range b.Costs {
		sum += cost.Cost
	}
	return sum
}

// Costs is what a request costs each policy, whether the policy is for it or not.
// Conditions and validations that an earlier one has settled are counted, too, as
// the API server evaluates them all.
func (e *Engine) Costs(ctx context.Context, files []protocol.File, admit *protocol.Admit) (bills []Bill, err error) {
	defer recovered(&err)
	session, err := e.Load(ctx, files)
	if err != nil {
		return nil, err
	}
	r, err := newRequest(admit)
	if err != nil {
		return nil, err
	}
	for _, hook := range session.mutating {
		p, err := newPriced(ctx, session, r, hook.Policy.Name, hook.Policy.Spec.Variables)
		if err != nil {
			return nil, err
		}
		p.conditions(hook.Policy.Spec.MatchConditions)
		p.declared.HasPatchTypes = true
		for i, mutation := range hook.Policy.Spec.Mutations {
			path := fmt.Sprintf("spec.mutations[%d]", i)
			p.begin(path, apiservercel.RuntimeCELCostBudget)
			if mutation.JSONPatch != nil {
				p.price(path, &patch.JSONPatchCondition{Expression: mutation.JSONPatch.Expression})
			}
			if mutation.ApplyConfiguration != nil {
				p.price(path, &patch.ApplyConfigurationCondition{Expression: mutation.ApplyConfiguration.Expression})
			}
		}
		bills = append(bills, p.bills...)
	}
	last := ""
	for _, hook := range session.validating {
		if hook.Policy.Name == last {
			continue // another binding of the same policy, which costs the same
		}
		last = hook.Policy.Name
		p, err := newPriced(ctx, session, r, hook.Policy.Name, hook.Policy.Spec.Variables)
		if err != nil {
			return nil, err
		}
		p.conditions(hook.Policy.Spec.MatchConditions)
		p.validations(hook.Policy.Spec.Validations)
		if annotations := hook.Policy.Spec.AuditAnnotations; len(annotations) > 0 {
			p.begin("spec.auditAnnotations", apiservercel.RuntimeCELCostBudget)
			for i, annotation := range annotations {
				p.price(fmt.Sprintf("spec.auditAnnotations[%d]", i), &validating.AuditAnnotationCondition{ValueExpression: annotation.ValueExpression})
			}
		}
		bills = append(bills, p.bills...)
	}
	return bills, nil
}

func (p *priced) conditions(conditions []admissionregistrationv1.MatchCondition) {
	if len(conditions) == 0 {
		return
	}
	p.begin("spec.matchConditions", apiservercel.RuntimeCELCostBudgetMatchConditions)
	for i := range conditions {
		p.price(fmt.Sprintf("spec.matchConditions[%d]", i), (*matchconditions.MatchCondition)(&conditions[i]))
	}
}

// validations are paid from the same budget as their messages, for which every
// variable is evaluated once more, also where nothing is denied.
func (p *priced) validations(validations []admissionregistrationv1.Validation) {
	p.begin("spec.validations", apiservercel.RuntimeCELCostBudget)
	for i, validation := range validations {
		p.price(fmt.Sprintf("spec.validations[%d]", i), &validating.ValidationCondition{Expression: validation.Expression})
	}
	p.anew()
	p.declared = cel.OptionalVariableDeclarations{}
	for i, validation := range validations {
		if validation.MessageExpression != "" {
			p.price(fmt.Sprintf("spec.validations[%d].messageExpression", i), &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression})
		}
	}
	p.declared = cel.OptionalVariableDeclarations{HasAuthorizer: true}
}

// price evaluates an expression and adds it, and each variable that it is the
// first to use, to the bill.
func (p *priced) price(path string, expression cel.ExpressionAccessor) {
	compiled := p.compiler.CompileCELExpression(expression, p.declared, environment.StoredExpressions)
	p.evaluate(path, compiled)
}
