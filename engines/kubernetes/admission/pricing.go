package admission

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/lazy"
	"k8s.io/apiserver/pkg/cel/library"
)

// priced evaluates the expressions of one policy by themselves, as the API server's
// evaluators tell only what is left of the budget in the end. What this adds up to
// is tested to be what they take.
type priced struct {
	context  context.Context
	policy   string
	compiler *cel.CompositedCompiler
	declared cel.OptionalVariableDeclarations
	// variables are the policy's, compiled.
	variables []variable
	activation
	bills []Bill
}

type variable struct {
	name, path string
	compiled   cel.CompilationResult
}

// activation are the values that expressions see; variables are lazy.
type activation map[string]any

var _ interpreter.Activation = activation{}

// ResolveName implements interpreter.Activation.
func (a activation) ResolveName(name string) (any, bool) {
	value, ok := a[name]
	return value, ok
}

// Parent implements interpreter.Activation.
func (a activation) Parent() interpreter.Activation { return nil }

func newPriced(ctx context.Context, s *Session, r *request, policy string, variables []admissionregistrationv1.Variable) (*priced, error) {
	c, err := newCompilation(policy, nil, unread{})
	if err != nil {
		return nil, err
	}
	p := &priced{context: ctx, policy: policy, compiler: c.compiler, declared: cel.OptionalVariableDeclarations{HasAuthorizer: true}}
	for i, v := range variables {
		p.variables = append(p.variables, variable{
			name:     v.Name,
			path:     fmt.Sprintf("spec.variables[%d] %s", i, v.Name),
			compiled: c.compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, p.declared, environment.StoredExpressions),
		})
	}
	attributes, err := admission.NewVersionedAttributes(r.attributes(r.object), r.gvk, s.objects)
	if err != nil {
		return nil, err
	}
	request, err := runtime.DefaultUnstructuredConverter.ToUnstructured(cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(r.gvr), metav1.GroupVersionKind(r.gvk)))
	if err != nil {
		return nil, err
	}
	var namespace any
	if in := cel.CreateNamespaceObject(r.in); in != nil {
		if namespace, err = runtime.DefaultUnstructuredConverter.ToUnstructured(in); err != nil {
			return nil, err
		}
	}
	p.activation = activation{
		cel.ObjectVarName:                    orNull(r.object),
		cel.OldObjectVarName:                 orNull(r.old),
		cel.RequestVarName:                   request,
		cel.NamespaceVarName:                 namespace,
		cel.AuthorizerVarName:                library.NewAuthorizerVal(plainUser, noAuthorizer{&observation{}}),
		cel.RequestResourceAuthorizerVarName: library.NewResourceAuthorizerVal(plainUser, noAuthorizer{&observation{}}, attributes),
	}
	return p, nil
}

func orNull(object map[string]any) any {
	if object == nil {
		return nil
	}
	return object
}

// begin opens a bill.
func (p *priced) begin(what string, budget int64) {
	p.bills = append(p.bills, Bill{Policy: p.policy, For: what, Budget: budget})
	p.anew()
}

// anew forgets the values of variables.
func (p *priced) anew() {
	values := lazy.NewMapValue(apiservercel.NewObjectType("kubernetes.variables", nil))
	for _, v := range p.variables {
		values.Append(v.name, func(*lazy.MapValue) ref.Val {
			value, err := p.evaluate(v.path, v.compiled)
			if err != nil {
				return types.NewErr("composited variable %q fails to evaluate: %v", v.name, err)
			}
			return value
		})
	}
	p.activation[cel.VariableVarName] = values
}

// evaluate adds what an evaluation costs to the bill; variables that it needs have
// been added before it.
func (p *priced) evaluate(path string, compiled cel.CompilationResult) (ref.Val, error) {
	bill := &p.bills[len(p.bills)-1]
	if compiled.Error != nil {
		bill.Costs = append(bill.Costs, Cost{Path: path, Err: compiled.Error})
		return nil, compiled.Error
	}
	value, details, err := compiled.Program.ContextEval(p.context, p.activation)
	if details == nil || details.ActualCost() == nil {
		err = errors.Join(err, errors.New("the cost is not known"))
		bill.Costs = append(bill.Costs, Cost{Path: path, Err: err})
		return nil, err
	}
	bill.Costs = append(bill.Costs, Cost{Path: path, Cost: int64(*details.ActualCost()), Err: err})
	return value, err
}
